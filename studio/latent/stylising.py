"""A clip as a model sees it: every frame read, and all of them moving steadily.

Read one by one, frames that differ in a few pixels land at places that differ by more:
the picture trembles. So w is averaged over time, over what lies near in time and looks
alike (a bilateral filter, Tomasi and Manduchi, ICCV 1998), which stops at cuts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, repeat

import numpy as np
import torch
from torch import Tensor

from studio.latent.inversion import encode, reading_at, to_recipe
from studio.latent.reading import Reader
from studio.model import Model
from studio.recipe import Recipe

REACH = 8  # frames before and after
NEAR = 4.0  # frames, the deviation of the weight in time
ALIKE = 0.5  # of the latents' deviation, the deviation of the weight in looks

Seen = tuple[Tensor, Tensor]  # a frame's latents [C,h,w], and the w [D] read of them


def stylise(
    model: Model, reader: Reader, frames: Iterable[np.ndarray], faithful: float = 0.5
) -> Iterator[Recipe]:
    """Yield a recipe for each frame, uint8 [H,W,3] at the model's resolution.

    `faithful` is from 0 (dreamt) to 1 (as it was), as for pictures.
    """
    for seen in steadied(look(model, reader, frame) for frame in frames):
        yield repaint(model, seen, faithful)


def look(model: Model, reader: Reader, frame: np.ndarray) -> Seen:
    """Read one frame, uint8 [H,W,3] at the model's resolution."""
    latents = encode(model, frame)
    return latents, reader.read(latents)


def steadied(seen: Iterable[Seen]) -> Iterator[Seen]:
    """Yield frames again, in their order, each w averaged over those around it.

    It takes a few frames more than it has given; no model is needed.
    """
    for around, at in _windows(iter(seen)):
        yield around[at][0], _steady(around, at)


def repaint(model: Model, seen: Seen, faithful: float) -> Recipe:
    """Give the recipe of a frame that was looked at."""
    latents, w = seen
    reading = reading_at(model, w.expand(model.layers, -1), latents)
    return to_recipe(model, reading, faithful)


def _windows(seen: Iterator[Seen]) -> Iterator[tuple[list[Seen], int]]:
    """Yield for each frame those around it, and where it stands among them."""
    held: deque[Seen | None] = deque([None] * (REACH + 1), 2 * REACH + 1)
    for count, one in enumerate(chain(seen, repeat(None, REACH))):
        held.append(one)
        if count < REACH or held[-REACH - 1] is None:
            continue
        around = [each for each in held if each is not None]
        before = list(held)[: len(held) - REACH - 1]
        yield around, sum(each is not None for each in before)


def _steady(around: list[Seen], at: int) -> Tensor:
    """Give the mean w [D] of frames that are near the one at `at` and look like it."""
    latents = torch.stack([each for each, _ in around])
    own = latents[at]
    apart = (latents - own).square().mean(dim=(1, 2, 3)) / own.var().clamp_min(1e-6)
    steps = torch.arange(len(around)) - at
    weight = torch.exp(-apart / (2 * ALIKE**2) - (steps / NEAR).square() / 2)
    styles = torch.stack([w for _, w in around])
    return (weight / weight.sum()) @ styles
