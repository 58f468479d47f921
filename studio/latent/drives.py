"""What is heard moves a film: loudness, brightness and beats drive directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.recipe import AMOUNT_MAX, Recipe

# What a sound drives where nobody chose: the first that a model has of each.
USUAL = (
    ("loudness", ("saturation", "contrast", "warmth"), 1.4),
    ("brightness", ("brightness", "bright", "openness"), 1.0),
    ("beats", ("contrast", "busyness", "brightness"), 0.9),
)
MOST = 8
LARGEST = 4.0  # standard deviations


@dataclass(frozen=True)
class Drive:
    """``amount`` of the direction ``word``, in standard deviations, at full ``hears``.

    ``hears`` is "loudness", "brightness" or "beats".
    """

    hears: str
    word: str
    amount: float


def usual_drives(card: Mapping[str, Any]) -> tuple[Drive, ...]:
    """Give drives where nobody chose any, each of a direction of its own."""
    listed = [*card.get("words", ()), *card["directions"]]
    names = [item["name"] for item in listed]
    chosen: list[Drive] = []
    for hears, wanted, amount in USUAL:
        free = [name for name in (*wanted, *names) if name in names]
        free = [name for name in free if name not in {drive.word for drive in chosen}]
        if free:
            chosen.append(Drive(hears, free[0], amount))
    return tuple(chosen)


def driven(
    recipe: Recipe, drives: Sequence[Drive], heard: Mapping[str, float]
) -> Recipe:
    """Give a recipe moved by what is heard at its moment, values from 0 to 1."""
    for drive in drives:
        if amount := drive.amount * heard.get(drive.hears, 0.0):
            whole = recipe.amounts.get(drive.word, 0.0) + amount
            whole = max(-AMOUNT_MAX, min(AMOUNT_MAX, whole))
            recipe = recipe.with_direction(drive.word, whole)
    return recipe
