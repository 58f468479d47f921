"""Directions in w, found for a model by looking at nothing but its own samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from studio.direction import Direction
from studio.evaluation.properties import measure_properties
from studio.model import Model

PROBE = 1.5  # standard deviations to each side, when a direction's change is measured


def discover(
    model: Model,
    count: int,
    samples: int = 4096,
    probes: int = 32,
    tell: Callable[[float], object] = lambda share: None,
) -> tuple[Direction, ...]:
    """Find `count` directions, those that change the picture most first.

    Principal components of w (arXiv:2004.02546) over `samples` seeds; each moves
    all layers and is measured on `probes` seeds at +-1.5 standard deviations. `tell`
    hears which share of them is done.
    """
    w = model.map_seeds(range(samples))  # [samples, w_dim]
    vectors, sigmas = candidates(w, 2 * count, model.generator.config.layout)
    base = model.truncated(w[:probes], model.card["default_variety"])
    spread = _spread_of_properties(model, base)
    found = []
    for vector, sigma in zip(vectors, sigmas, strict=True):
        rows = np.repeat(vector[None], model.layers, axis=0).astype(np.float32)
        direction = Direction("", float(sigma), 0.0, {}, rows)
        found.append(_measure(model, direction, base, spread))
        tell(len(found) / len(vectors))
    found.sort(key=lambda direction: -direction.change)
    names = (f"pca-{i:02d}" for i in range(1, count + 1))
    return tuple(
        replace(direction, name=name)
        for direction, name in zip(found, names, strict=False)
    )


def candidates(
    w: np.ndarray, count: int, layout: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Give up to `count` unit vectors and their deviations, of w [N, D].

    Where w begins with `layout` numbers that each name a principal component of the
    pictures already, half are those, the strongest first: components of w would mix
    them, since all vary alike. The other half is found in the rest of w.
    """
    if not layout:
        return principal_components(w, count)
    axes = np.eye(w.shape[1], dtype=w.dtype)[: min(layout, count // 2)]
    rest = w.copy()
    rest[:, :layout] = 0
    vectors, sigmas = principal_components(rest, count // 2)
    known = w[:, : len(axes)].std(axis=0)
    return np.concatenate([axes, vectors]), np.concatenate([known, sigmas])


def principal_components(w: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Give unit vectors [count, D] and standard deviations [count] of w [N, D]."""
    centred = w - w.mean(axis=0)
    _, scales, vectors = np.linalg.svd(centred, full_matrices=False)
    # The sign of a singular vector is arbitrary; fix it, so that a direction found
    # twice points the same way.
    vectors = vectors[:count]
    largest = np.abs(vectors).argmax(axis=1)
    signs = np.sign(vectors[np.arange(len(vectors)), largest])
    return vectors * signs[:, None], scales[:count] / np.sqrt(max(1, len(w) - 1))


def _spread_of_properties(model: Model, base: np.ndarray) -> dict[str, float]:
    measured = measure_properties(_render(model, base))
    return {name: float(values.std()) + 1e-6 for name, values in measured.items()}


def _measure(
    model: Model, direction: Direction, base: np.ndarray, spread: dict[str, float]
) -> Direction:
    """Render both ends; note the mean change of pixels and of each property.

    Effects are in standard deviations of the property over the model's own samples,
    for one standard deviation along the direction.
    """
    step = PROBE * direction.sigma * direction.rows  # [layers, w_dim]
    more, less = _render(model, base + step), _render(model, base - step)
    change = np.abs(more.astype(np.float32) - less).mean() / 255
    up, down = measure_properties(more), measure_properties(less)
    effects = {
        name: round(
            float((up[name] - down[name]).mean()) / (2 * PROBE * spread[name]), 3
        )
        for name in up
    }
    return replace(direction, change=round(float(change), 4), effects=effects)


def _render(model: Model, w: np.ndarray) -> np.ndarray:
    """Render styles w [N, layers, w_dim], few at a time."""
    parts = [model.render_styles(w[i : i + 16]) for i in range(0, len(w), 16)]
    return np.concatenate(parts)
