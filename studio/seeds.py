"""From a seed to z, the same for ever and everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np


def seeds_to_z(seeds: Iterable[int], z_dim: int) -> np.ndarray:
    """Give z float32 [N, z_dim], standard normal, for seeds 0 .. 2^32 - 1.

    NumPy has frozen the stream of RandomState (NEP 19), so a seed means the same
    work on any machine and in any later version.
    """
    chance = np.random.RandomState(0)
    draws = []
    for seed in seeds:
        # the stream of a new RandomState(seed), at a thirtieth of its price
        chance.seed(int(seed))
        draws.append(chance.standard_normal(z_dim))
    return np.stack(draws).astype(np.float32)


def seeds_to_kinds(seeds: Iterable[int], shares: Sequence[float]) -> np.ndarray:
    """Give of what kind each seed is, float32 [N, kinds]: a 1 in one place, or none.

    `shares` tell how often each kind comes. The draw is a stream of its own, so that
    z stays what it is.
    """
    if not shares:  # most models know none, and live pictures pass here
        return np.zeros((len(list(seeds)), 0), np.float32)
    chance = np.random.RandomState(0)
    ends = np.cumsum(shares)
    marks = []
    for seed in seeds:
        chance.seed([int(seed), 1])
        place = np.searchsorted(ends, chance.random_sample(), side="right")
        marks.append(np.arange(len(ends)) == place)
    return np.stack(marks).astype(np.float32)


def blend_kinds(
    pairs: Iterable[tuple[int, float]], shares: Sequence[float]
) -> np.ndarray:
    """Blend the kinds of seeds by their weights: float32 [kinds]."""
    seeds, weights = zip(*pairs, strict=True)
    amounts = np.asarray(weights, dtype=np.float32)
    return amounts / amounts.sum() @ seeds_to_kinds(seeds, shares)


def blend_z(pairs: Iterable[tuple[int, float]], z_dim: int) -> np.ndarray:
    """Blend seeds to one z float32 [z_dim]: sum a_i z_i / sqrt(sum a_i^2).

    The division keeps z standard normal: halfway between two seeds is as rich as
    either, where a plain mean would drift to the average picture.
    """
    seeds, weights = zip(*pairs, strict=True)
    amounts = np.asarray(weights, dtype=np.float64)
    z = amounts @ seeds_to_z(seeds, z_dim).astype(np.float64)
    return (z / np.sqrt(np.square(amounts).sum())).astype(np.float32)
