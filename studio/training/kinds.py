"""Kinds of pictures: which labels a generator can be asked for, and how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from studio.training.dataset import Pictures
from studio.training.labels import FEWEST, MOST, labels_to_learn
from studio.training.settings import TrainSettings

BALANCE = 0.5  # a kind is drawn by its number to this power: 1 as in life, 0 alike


@dataclass(frozen=True)
class Kinds:
    """The kinds of a run's pictures; `of` is one number a picture, -1 for none."""

    names: tuple[str, ...]
    counts: tuple[int, ...]
    of: Tensor  # int64 [P]

    @property
    def shares(self) -> list[float]:
        """Give how often each kind is drawn; what is left to 1 is drawn of none."""
        drawn = [count**BALANCE for count in self.counts]
        none = int((self.of < 0).sum()) ** BALANCE
        return [round(share / (sum(drawn) + none), 6) for share in drawn]

    @property
    def card(self) -> list[dict[str, Any]]:
        """Give names and shares as a model's card tells them."""
        pairs = zip(self.names, self.shares, strict=True)
        return [{"name": name, "share": share} for name, share in pairs]

    @cached_property
    def chances(self) -> Tensor:
        """Give how often each picture is drawn, as weights [P]; every step asks."""
        none = int((self.of < 0).sum())
        # one more at the end, where -1 finds it
        counts = torch.tensor([*self.counts, none], dtype=torch.float64)
        return (counts.clamp_min(1) ** (BALANCE - 1))[self.of]

    def mark(self, pictures: Tensor) -> Tensor:
        """Give of what kind pictures [N] are, as shares [N,kinds]: a 1, or none."""
        marks = torch.zeros(len(pictures), len(self.names))
        of = self.of[pictures]
        rows = torch.nonzero(of >= 0).squeeze(1)
        marks[rows, of[rows]] = 1
        return marks

    def repeat(self, times: int) -> Kinds:
        """Give the kinds where each picture stands `times` in a row."""
        counts = tuple(times * count for count in self.counts)
        return Kinds(self.names, counts, self.of.repeat_interleave(times))


def sort_pictures(settings: TrainSettings, pictures: Pictures) -> Kinds | None:
    """Sort the pictures that a run learns from, where it is to learn their labels.

    Raises InputError where their labels make fewer than two kinds.
    """
    if not settings.labels:
        return None
    files = [pictures.files[i] for i in pictures.train]
    return sort_kinds(labels_to_learn(settings, files))


def sort_kinds(labels: Sequence[str | None]) -> Kinds | None:
    """Sort pictures by their labels, the commonest kind first.

    Labels of fewer than `FEWEST` pictures, and those beyond the `MOST` commonest, are
    taken as none. Gives None where fewer than two kinds are left.
    """
    counted = Counter(label for label in labels if label)
    ordered = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    kept = [(name, count) for name, count in ordered if count >= FEWEST][:MOST]
    if len(kept) < 2:
        return None
    names, counts = zip(*kept, strict=True)
    place = {name: i for i, name in enumerate(names)}
    of = torch.tensor([place.get(label or "", -1) for label in labels])
    return Kinds(names, counts, of)
