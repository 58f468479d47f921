"""Directions in w as plain values: numbered ones, and those that a word names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from studio.errors import ModelError

KINDS = ("property", "word")
CERTAINTIES = ("known", "uncertain")
# Measured in the pixels of a model's own works, in this order; words for everybody.
PROPERTIES = (
    "brightness",
    "contrast",
    "warmth",
    "saturation",
    "red",
    "orange",
    "yellow",
    "green",
    "blue",
    "purple",
    "softness",
    "busyness",
    "symmetry",
    "horizon",
    "openness",
)
MOST_AMOUNT = 1e6  # of anything measured
MOST_TEXT = 200  # characters of a name
MOST_WORDS = 512  # named directions


@dataclass(frozen=True)
class Direction:
    """A direction in w. `rows` [layers, w_dim] is of unit length in each layer used.

    `sigma` is one standard deviation in w, `change` the mean change of a pixel (0..1)
    from -1.5 to +1.5 of them, `effects` the measured change of each property.
    """

    name: str
    sigma: float
    change: float
    effects: dict[str, float]
    rows: np.ndarray = field(repr=False)

    def describe(self) -> dict[str, Any]:
        """Give its entry in a card: all but the rows."""
        return {
            key: getattr(self, key) for key in ("name", "sigma", "change", "effects")
        }


@dataclass(frozen=True)
class Named(Direction):
    """A direction that a word names, for what it was measured to do.

    `kind` is "property" (measured in pixels) or "word" (learnt from labels). `sigma`
    is calibrated: +1 changes a property by one standard deviation of the model's
    works, and makes what a word means appear. `rows` are of unit length over all
    layers together. `change` is that of +1. `effects` are of +1, in standard
    deviations; `leftover` is the root of the mean square of those on everything but
    itself. `measured` are the facts by which it is "known" or "uncertain".
    """

    kind: str
    certainty: str
    leftover: float
    measured: Mapping[str, float]

    def describe(self) -> dict[str, Any]:
        """Give its entry in a card: all but the rows."""
        keys = ("kind", "certainty", "leftover")
        told = {key: getattr(self, key) for key in keys}
        return {**super().describe(), **told, "measured": dict(self.measured)}


def read_directions(
    name: str, card: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> tuple[Direction, ...]:
    """Read the numbered directions of the model `name`. Raises ModelError."""
    shape = (card["layers"], card["w_dim"])
    try:
        found = tuple(
            Direction(**_common(entry), rows=arrays[entry["name"]])
            for entry in card["directions"]
        )
    except (KeyError, TypeError, ValueError):
        raise ModelError("model_card_key", name=name, key="directions") from None
    if any(d.rows.shape != shape or not np.isfinite(d.sigma) for d in found):
        raise ModelError("model_card_key", name=name, key="directions")
    return found


def read_named(
    name: str, card: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> tuple[Named, ...]:
    """Read the named directions of the model `name`; none where it has none.

    Raises ModelError where card and arrays do not fit each other.
    """
    entries = card.get("words", [])
    if not entries:
        return ()
    shape = (len(entries), card["layers"], card["w_dim"])
    rows = arrays.get("rows")
    if rows is None or rows.shape != shape:
        raise ModelError("model_card_key", name=name, key="words")
    return tuple(
        Named(
            **_common(entry),
            rows=rows[i],
            kind=entry["kind"],
            certainty=entry["certainty"],
            leftover=float(entry["leftover"]),
            measured=entry["measured"],
        )
        for i, entry in enumerate(entries)
    )


def step_of(data: bytes) -> np.ndarray:
    """Give the step of a taught word, float32 [w_dim]: what +1 adds to rows of w."""
    return np.frombuffer(data, dtype="<f2").astype(np.float32)


def pack_step(change: np.ndarray) -> bytes:
    """Give a step [w_dim] as a recipe carries it."""
    return np.asarray(change, dtype="<f2").tobytes()


def _common(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": entry["name"],
        "sigma": float(entry["sigma"]),
        "change": float(entry["change"]),
        "effects": entry["effects"],
    }


def is_direction(data: Any) -> bool:
    """Tell whether a card's entry has a name and sane numbers."""
    if not isinstance(data, dict) or not isinstance(data.get("effects"), dict):
        return False
    numbers = [data.get("sigma"), data.get("change"), *data["effects"].values()]
    name = data.get("name")
    return (
        isinstance(name, str)
        and 1 <= len(name) <= MOST_TEXT
        and all(type(n) in (int, float) and abs(n) <= MOST_AMOUNT for n in numbers)
    )


def are_words(data: Any) -> bool:
    """Tell whether these are directions that words name, each name once."""
    if not isinstance(data, list) or len(data) > MOST_WORDS:
        return False
    if not all(is_direction(word) and _is_word(word) for word in data):
        return False
    return len({word["name"] for word in data}) == len(data)


def are_measures(data: Any) -> bool:
    """Tell whether these are names with the mean and deviation of what they measure."""
    if not isinstance(data, list) or len(data) > MOST_WORDS:
        return False
    return all(
        isinstance(entry, dict)
        and isinstance(entry.get("name"), str)
        and {"mean", "deviation"} <= entry.keys()
        and all(
            type(entry.get(key, 0)) in (int, float)
            and abs(entry.get(key, 0)) <= MOST_AMOUNT
            for key in ("mean", "deviation", "found")
        )
        for entry in data
    )


def _is_word(data: dict[str, Any]) -> bool:
    facts = data.get("measured")
    if not isinstance(facts, dict):
        return False
    numbers = [data.get("leftover")]
    return (
        data.get("kind") in KINDS
        and data.get("certainty") in CERTAINTIES
        and all(
            type(n) in (int, float) and abs(n) <= MOST_AMOUNT
            for n in (*numbers, *facts.values())
        )
    )
