"""Directions of one picture: small steps in w that change this very work the most.

The Jacobian of the latents is taken by finite differences along the widest components
of w; its strongest right singular vectors are the steps (Chiu et al., SIGGRAPH 2020,
section 4). They hold around this work only, unlike the directions of a model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from studio.evaluation.properties import measure_properties
from studio.latent.space import Space
from studio.model import Model

COMPONENTS = 24  # widest components of w that are tried
STEP = 0.1  # standard deviations of each try: small enough to be nearly straight
PROBE = 1.0  # to each side, when a direction's effect is measured
SAMPLES = 12  # works by chance whose properties say what a large effect is


@dataclass(frozen=True)
class Local:
    """A step of one standard deviation: ``change`` [D] of w in every layer.

    ``share`` (0..1) is how much of what the tries changed lies along it.
    """

    change: np.ndarray
    share: float


def local_directions(
    model: Model, space: Space, style: np.ndarray, count: int
) -> list[Local]:
    """Find the ``count`` steps from ``style`` [layers, D] that change most."""
    size = min(COMPONENTS, len(space.centre))
    tries = STEP * np.eye(size, len(space.centre))
    changes = np.stack([space.step(row) for row in tries])  # [size, D]
    latents = _latents(model, np.concatenate([style[None], style + changes[:, None]]))
    slopes = (latents[1:] - latents[0]) / STEP  # [size, numbers of latents]
    strengths, vectors = np.linalg.eigh(slopes @ slopes.T)
    whole = max(float(strengths.sum()), 1e-12)
    found = []
    for index in range(size - 1, max(-1, size - 1 - count), -1):
        vector = vectors[:, index]
        # The sign is arbitrary; a picture measured twice must get the same one.
        vector = vector * np.sign(vector[np.abs(vector).argmax()])
        place = np.pad(vector, (0, len(space.centre) - size))
        found.append(Local(space.step(place), float(strengths[index]) / whole))
    return found


def effects_of(
    model: Model, style: np.ndarray, change: np.ndarray, usual: dict[str, float]
) -> dict[str, float]:
    """Measure what a step ``change`` [D] does, in the ``usual`` spreads."""
    ends = np.stack([style + PROBE * change, style - PROBE * change])
    measured = measure_properties(model.render_styles(ends.astype(np.float32)))
    return {
        name: round(float(up - down) / (2 * PROBE * usual[name]), 3)
        for name, (up, down) in measured.items()
    }


def usual_spreads(model: Model) -> dict[str, float]:
    """Give the deviations of properties over a few works by chance."""
    w = model.truncated(model.map_seeds(range(SAMPLES)), model.card["default_variety"])
    measured = measure_properties(model.render_styles(w))
    return {name: float(values.std()) + 1e-6 for name, values in measured.items()}


def _latents(model: Model, styles: np.ndarray) -> np.ndarray:
    """The latents of styles [N, layers, D], flat: [N, numbers]."""
    with torch.inference_mode():
        made = model.generator.synthesise(torch.from_numpy(styles.astype(np.float32)))
    return made.flatten(1).numpy().astype(np.float64)
