"""Presets: phrases worth starting from, in what one model understands of them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from studio.latent.words import Understanding, understand

FILE = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class Preset:
    """A phrase under a name; a `mood` is a declared sum, learnt from no picture."""

    key: str
    phrase: str
    mood: bool = False


@cache
def presets() -> tuple[Preset, ...]:
    """Return all presets, in the order in which they are offered."""
    data = json.loads(FILE.read_text(encoding="utf-8"))
    return tuple(Preset(**entry) for entry in data)


def presets_for(vocabulary: Collection[str]) -> list[tuple[Preset, Understanding]]:
    """Return the presets of which a model with these words understands something."""
    heard = [(preset, understand(preset.phrase, vocabulary)) for preset in presets()]
    return [(preset, found) for preset, found in heard if found.amounts]
