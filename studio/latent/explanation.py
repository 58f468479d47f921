"""Why a work looks as it does, in plain sentences of both languages.

`explain` gathers what is known (where the work came from, where it was led, how it
compares with the model's other works, what changed since its parent); `tell` puts
that in words. Nothing is claimed that was not asked for or measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.recipe import Recipe

APART = 0.8  # share of works beyond which a work is said to differ from them
TRAITS = 3
# one of these says enough
HUES = ("red", "orange", "yellow", "green", "blue", "purple", "warmth")
SEEN, CLEARLY, MOST_SEEN = 0.8, 1.5, 4  # deviations of what a recogniser reads
SHIFT = 0.15  # of all works, that a change must pass by to be told
STEP = 0.05  # amounts and varieties nearer than this are the same


@dataclass(frozen=True)
class Led:
    """An amount along a direction; `kind` is property, word, taught or numbered.

    `effects` are what a numbered one does, in deviations.
    """

    name: str
    amount: float
    kind: str
    effects: Mapping[str, float]


@dataclass(frozen=True)
class Trait:
    """Of what is measured, the share (0..1) of the model's works that have less."""

    name: str
    share: float


@dataclass(frozen=True)
class Seen:
    """A word that is recognised in the picture, in deviations of the model's works."""

    name: str
    amount: float


@dataclass(frozen=True)
class Change:
    """What differs from the parent. `before` and `after` are recipes' values."""

    what: str  # model, source, direction, kinds, variety, parts
    name: str = ""
    before: Any = None
    after: Any = None


@dataclass(frozen=True)
class Look:
    """What was measured of a picture: shares of properties, words in deviations."""

    shares: Mapping[str, float]
    words: Mapping[str, float]


@dataclass(frozen=True)
class Explanation:
    """All that is told of a work. `moved` are shares before and after, by property.

    `changes` is None for a work whose parent nobody knows.
    """

    recipe: Recipe
    titles: Mapping[str, str]
    images: int | None
    usual_variety: float
    led: tuple[Led, ...]
    traits: tuple[Trait, ...]
    seen: tuple[Seen, ...]
    changes: tuple[Change, ...] | None = None
    moved: tuple[tuple[str, float, float], ...] = ()


def shares_of(
    measured: Mapping[str, float], usual: Mapping[str, np.ndarray]
) -> dict[str, float]:
    """Give for each measure the share of works [N] that have less, ties half."""
    return {
        name: float(((usual[name] < value).mean() + (usual[name] <= value).mean()) / 2)
        for name, value in measured.items()
        if name in usual
    }


def explain(
    card: Mapping[str, Any],
    recipe: Recipe,
    look: Look,
    parent: tuple[Recipe, Look] | None = None,
) -> Explanation:
    """Gather what can be said of a work of the model of `card`, by its own look.

    `parent` is the work that it was made from, with its look.
    """
    told = card["data"].get("translations")
    found = told.items() if isinstance(told, dict) else ()
    titles = {code: str(said.get("title") or "") for code, said in found}
    images = card["data"].get("images")
    return Explanation(
        recipe,
        {**titles, "": str(card["title"])},
        images if isinstance(images, int) else None,
        float(card["default_variety"]),
        _led(card, recipe),
        _traits(look.shares),
        _seen(card, look.words),
        None if parent is None else _changes(parent[0], recipe),
        () if parent is None else _moved(parent[1].shares, look.shares),
    )


def _led(card: Mapping[str, Any], recipe: Recipe) -> tuple[Led, ...]:
    kinds = {word["name"]: word["kind"] for word in card.get("words", ())}
    effects = {entry["name"]: entry["effects"] for entry in card["directions"]}
    taught = dict(recipe.taught)
    led = [
        Led(
            name,
            amount,
            "taught" if name in taught else kinds.get(name, "numbered"),
            effects.get(name, {}),
        )
        for name, amount in recipe.directions
        if abs(amount) >= STEP
    ]
    return tuple(sorted(led, key=lambda one: -abs(one.amount)))


def _traits(shares: Mapping[str, float]) -> tuple[Trait, ...]:
    order = sorted(shares.items(), key=lambda pair: -abs(pair[1] - 0.5))
    found: list[Trait] = []
    for name, share in order:
        if max(share, 1 - share) < APART or len(found) == TRAITS:
            break
        if name in HUES and any(one.name in HUES for one in found):
            continue
        found.append(Trait(name, round(share, 3)))
    return tuple(found)


def _seen(card: Mapping[str, Any], words: Mapping[str, float]) -> tuple[Seen, ...]:
    """Give the model's words that stand out; what was dropped is none of them."""
    learnt = {one["name"] for one in card.get("words", ()) if one["kind"] == "word"}
    found = [
        Seen(name, round(amount, 2))
        for name, amount in words.items()
        if name in learnt and amount >= SEEN
    ]
    return tuple(sorted(found, key=lambda one: -one.amount)[:MOST_SEEN])


def _changes(before: Recipe, after: Recipe) -> tuple[Change, ...]:
    if before.model != after.model:
        return (Change("model", before=before.model, after=after.model),)
    found = []
    if before.source != after.source:
        found.append(Change("source", before=before.source, after=after.source))
    if before.kinds != after.kinds:
        found.append(Change("kinds", before=before.kinds, after=after.kinds))
    for name in sorted(before.amounts.keys() | after.amounts.keys()):
        amounts = before.amounts.get(name, 0.0), after.amounts.get(name, 0.0)
        if abs(amounts[1] - amounts[0]) >= STEP:
            found.append(Change("direction", name, *amounts))
    if abs(before.variety - after.variety) >= STEP / 2:
        found.append(Change("variety", before=before.variety, after=after.variety))
    if _parts(before) != _parts(after):
        found.append(Change("parts"))
    return tuple(found)


def _parts(recipe: Recipe) -> tuple[Any, ...]:
    return recipe.mix, recipe.patches, recipe.residual


def _moved(
    before: Mapping[str, float], after: Mapping[str, float]
) -> tuple[tuple[str, float, float], ...]:
    both = [(name, before[name], after[name]) for name in after if name in before]
    far = [one for one in both if abs(one[2] - one[1]) >= SHIFT]
    far.sort(key=lambda one: -abs(one[2] - one[1]))
    kept: list[tuple[str, float, float]] = []
    for one in far:
        if one[0] not in HUES or not any(other[0] in HUES for other in kept):
            kept.append(one)
    return tuple(kept[:TRAITS])
