"""What is usual among a model's works: its properties, measured on its own samples."""

from __future__ import annotations

import numpy as np

from studio.direction import PROPERTIES
from studio.latent.explanation import Look, shares_of
from studio.latent.measuring import measure
from studio.latent.properties import measure_pictures
from studio.model import Model
from studio.recipe import Recipe

WORKS = 128  # a share of them is known to within 4 % or so
TOGETHER = 16
FIRST = 1000  # their seeds, the same ones every time


def measure_usual(model: Model, start: int, count: int = TOGETHER) -> np.ndarray:
    """Measure some of the works by which a work is judged: [count, properties].

    They are those of the seeds from 1,000 on, at the model's default variety; `start`
    counts from there.
    """
    seeds = range(FIRST + start, FIRST + start + count)
    w = model.truncated(model.map_seeds(seeds), float(model.card["default_variety"]))
    return measure_pictures(model.render_styles(w))


def usual_of(model: Model, works: int = WORKS) -> dict[str, np.ndarray]:
    """Measure all of them: [works] for each property. About 20 ms a work."""
    starts = range(0, works, TOGETHER)
    return by_name([measure_usual(model, start) for start in starts])


def by_name(parts: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Put parts [count, properties] together: [N] for each property."""
    whole = np.concatenate(parts)
    return {name: whole[:, k] for k, name in enumerate(PROPERTIES)}


def look_at(model: Model, recipe: Recipe, usual: dict[str, np.ndarray]) -> Look:
    """Measure a work. Raises RecipeError where it is none of this model."""
    pictures = model.render([recipe])
    numbers = map(float, measure_pictures(pictures)[0])
    values = dict(zip(PROPERTIES, numbers, strict=True))
    reads = any(one["kind"] == "word" for one in model.card.get("words", ()))
    words = measure(model, pictures) if reads else {}
    return Look(
        shares_of(values, usual),
        {name: float(amount[0]) for name, amount in words.items()},
    )
