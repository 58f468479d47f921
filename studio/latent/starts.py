"""The start of a phrase: of a thousand seeds the one that suits it best."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np

from studio.latent.words import SOUGHT, Part, Understanding
from studio.recipe import SEED_MAX, Recipe, Seed

if TYPE_CHECKING:
    from studio.model import Model

PLENTY = 3.0  # standard units of a word that is looked for, for each unit wished for
SOFT = 0.1  # of the mean variance of w, added to it
STARTS = 1024  # seeds of which the one that suits a sentence best is the start

Foretell = Callable[[np.ndarray], dict[str, np.ndarray]]


def choose_start(
    found: Understanding,
    recipe: Recipe,
    first: int | None,
    model: Model,
    more: Foretell | None = None,
) -> Seed:
    """Choose the seed that suits a sentence best, from `first` on or from anywhere.

    `more` foretells further words from styles [N, layers, D].
    """
    from studio.latent.measuring import foretell

    if first is None:
        first = secrets.randbelow(SEED_MAX - STARTS)
    seeds = range(first, first + STARTS)
    plain = model.map_seeds(seeds, recipe.kinds)
    w = model.truncated(plain, recipe.variety)
    values = foretell(model, w)
    if more:
        values |= more(w)
    kinds = [name for name, _ in recipe.kinds]
    if kinds:
        values |= dict.fromkeys(kinds, _likeness(plain, model.map_seeds(seeds)))
    return Seed(seeds[int(suit(found, values, kinds).argmax())])


def _likeness(as_kind: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Tell how much seeds look like what they are asked to be: [N], in deviations.

    By Fisher's discriminant between w [N, D] of that kind and of all kinds: a kind
    changes some seeds much, and others hardly.
    """
    spread = np.cov(own.T.astype(np.float64))
    soft = SOFT * np.trace(spread) / len(spread)
    apart = (as_kind - own).mean(axis=0)
    found = as_kind @ np.linalg.solve(spread + soft * np.eye(len(spread)), apart)
    return np.asarray((found - found.mean()) / (found.std() + 1e-9))


def suit(
    understanding: Understanding,
    measured: Mapping[str, float | np.ndarray],
    plenty: Collection[str] = (),
) -> np.ndarray:
    """Return how well a work, or each of many, suits a phrase, from 0 to 1.

    ``measured`` has its numbers by word, in standard units. Each word is wanted to
    its amount and no further, and what falls short weighs by its square: a work
    with a little of everything suits better than one with much of a single word. Of
    what is looked for, and of the words ``plenty``, more than the amount is wanted.
    """
    weights, misses = 0.0, np.zeros(())
    sure = _certainty(understanding.understood)
    still = {part.word for part in understanding.understood if part.source == SOUGHT}
    still |= set(plenty)
    for word, wished in understanding.amounts.items():
        value = np.asarray(measured.get(word, math.nan))
        if not np.isfinite(value).all():
            continue
        amount = PLENTY * wished if word in still else wished
        short = np.maximum(0.0, abs(amount) - math.copysign(1.0, amount) * value)
        weight = sure[word] * min(1.0, abs(wished))
        weights += weight
        misses = misses + weight * short**2
    return 1 / (1 + np.sqrt(misses / weights)) if weights else misses


def _certainty(parts: tuple[Part, ...]) -> dict[str, float]:
    sure: dict[str, float] = {}
    for part in parts:
        sure[part.word] = max(part.confidence, sure.get(part.word, 0.0))
    return sure
