"""Phrases, synonyms and strangers by which understanding is judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from studio.direction import PROPERTIES
from studio.latent.words import Understanding, understand

FOLDER = Path(__file__).resolve().parent / "data"

# What may be learnt from two folders, as their labels are spelled.
LANDSCAPES = (
    *("trees", "clouds", "figures", "city", "river", "warm", "village", "field"),
    *("road", "bright", "clear", "boat", "hill", "cool", "sea", "dark", "garden"),
    *("autumn", "church", "bridge", "sunset", "forest", "snow", "cliff", "fog"),
    *("blossom", "mountain", "beach", "ruins", "pond", "haystack"),
    *PROPERTIES,
)
ORCHARD = (
    *("apples", "peaches", "pears", "plums", "grapes", "strawberries", "oranges"),
    *("cherries", "grapefruits", "persimmons", "avocados", "lemons", "mangoes"),
    *("crab apple", "blackberries", "Japanese apricot", "limes", "figs"),
    *("pomegranates", "pawpaws (Eastern USA)"),
    *PROPERTIES,
)
VOCABULARIES = {"landscapes": LANDSCAPES, "orchard": ORCHARD}


def read(name: str) -> list[Any]:
    """Read one of the tables."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def signed(found: Understanding) -> set[str]:
    """The words that were understood, those that shall be absent with a minus."""
    return {("-" if part.amount < 0 else "") + part.word for part in found.understood}


def lands(row: dict[str, Any]) -> bool:
    """Tell whether for each thing that is meant one of its words is understood."""
    words = signed(understand(row["phrase"], VOCABULARIES[row["model"]]))
    return all(words & set(any_of) for any_of in row["words"])


def taken_for_known(stranger: str, model: str) -> bool:
    """Tell whether any part of what means nothing here is understood."""
    return bool(understand(stranger, VOCABULARIES[model]).understood)


def meant(row: dict[str, Any]) -> bool:
    """Tell whether a synonym that no table has is understood as what it means."""
    return bool(signed(understand(row["word"], LANDSCAPES)) & set(row["words"]))
