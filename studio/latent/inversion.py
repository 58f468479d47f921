"""A picture as a point of a model: read at once, then polished.

A *reading* is in closed form (`reading.py`). *Polishing* then moves the w of each
layer by gradients until the latents agree, and what a network sees in the pictures
that are painted of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.errors import RecipeError
from studio.evaluation.features import FeatureMaps
from studio.evaluation.metrics import perceptual
from studio.latent.reading import Reader
from studio.model import Model, to_bytes, to_pixels
from studio.networks.blocks import place
from studio.recipe import Recipe, Residual, Style

STEPS = 80
RATE = 0.08  # deviations of w a step
PULL = 0.02  # towards what was read, which is the likeliest
APART = 0.05  # against layers that go separate ways
# Of each field's energy beside its values. Without it the nearest point is a flat one,
# in streaks: what cannot be matched is best left out, says the mean square alone.
LIVELINESS = 3.0
LIKENESS = 5.0  # of what a network sees, beside latents
FIELD, STRIDE = 4, 2  # cells
COARSE = (2, 7)  # cells whose means are compared beside each cell
DIGITS = 3  # decimals of w in a recipe, which travels with every frame


@dataclass(frozen=True)
class Reading:
    """A picture in a model: `w` [layers,D], and what latents [C,h,w] it leaves out."""

    w: np.ndarray
    missing: np.ndarray


@torch.no_grad()
def encode(model: Model, picture: np.ndarray) -> Tensor:
    """Give the latents [C,h,w] of a picture uint8 [H,W,3] at the model's resolution."""
    return model.autoencoder.encode(to_pixels([picture]))[0]


@torch.no_grad()
def rebuild(model: Model, latents: Tensor) -> np.ndarray:
    """Give what the autoencoder makes of latents [C,h,w]: uint8 [H,W,3]."""
    return to_bytes(model.autoencoder.decode(latents[None]))[0]


def read(
    model: Model,
    reader: Reader,
    latents: Tensor,
    seen: Tensor | None = None,
    chance: int | None = None,
) -> Reading:
    """Read latents [C,h,w] at once; `seen` [h,w] says where they count.

    With `chance`, a seed, another reading that is as likely.
    """
    w = reader.read(latents, seen, chance).expand(model.layers, -1)
    return reading_at(model, w, latents)


def polish(
    model: Model,
    reader: Reader,
    latents: Tensor,
    start: Reading,
    seen: Tensor | None = None,
    steps: int = STEPS,
    picture: np.ndarray | None = None,
    every: int = STEPS,
) -> Iterator[Reading]:
    """Move the w of each layer until latents [C,h,w] agree; yield after each step.

    What is yielded is as of the last of `every` so many steps, or the end: a reading
    takes a tenth of a step. `picture` uint8 [H,W,3] is what they are of; without it,
    what the autoencoder makes of them has to do. Whoever stops asking has cancelled.
    Steps are taken in deviations of w, the rate falls over the second half, and all is
    drawn to where it started.
    """
    aim = _Aim(model, latents, seen, picture)
    scale = reader.basis.square().sum(dim=1)
    first = torch.from_numpy(start.w) - reader.centre
    likely = first @ reader.basis.T / scale  # [layers,K]
    c = likely.clone().requires_grad_()
    optimiser = torch.optim.Adam([c], lr=RATE, betas=(0.9, 0.99))
    reading = start
    for step in range(1, steps + 1):
        optimiser.param_groups[0]["lr"] = RATE * min(1.0, 2 - 2 * (step - 1) / steps)
        with torch.enable_grad():
            made = model.generator.synthesise((reader.centre + c @ reader.basis)[None])
            apart = (c - c.mean(dim=0)).square().mean()
            loss = aim.miss(made) + PULL * (c - likely).square().mean() + APART * apart
        (c.grad,) = torch.autograd.grad(loss, [c])
        optimiser.step()
        if step % every == 0 or step == steps:
            w = reader.centre + c.detach() @ reader.basis
            reading = reading_at(model, w, latents)
        yield reading


class _Aim:
    """What is polished for: latents [C,h,w] where they are seen, and their picture."""

    @torch.no_grad()
    def __init__(
        self,
        model: Model,
        latents: Tensor,
        seen: Tensor | None,
        picture: np.ndarray | None,
    ) -> None:
        self._decode = model.autoencoder.decode
        self._latents = latents[None].clone()
        whole = torch.ones(latents.shape[1:])
        self._seen = (whole if seen is None else seen.clone())[None, None]
        if picture is None:
            pixels = self._decode(self._latents)
        else:
            pixels = to_pixels([picture])
        self._size = pixels.shape[2:]
        self._maps = open_maps()(pixels * self._shown())

    def miss(self, made: Tensor) -> Tensor:
        """Tell how far latents [1,C,h,w] are from it, gradients and all."""
        painted = self._decode(made) * self._shown()
        loss = _difference(made, self._latents, self._seen)
        return loss + LIKENESS * perceptual(open_maps()(painted), self._maps)

    def _shown(self) -> Tensor:
        return F.interpolate(self._seen, size=self._size, mode="bilinear")


@lru_cache(maxsize=1)
def open_maps() -> FeatureMaps:
    """Open the network that polishing looks with: half a second, once a process."""
    return place(FeatureMaps(), torch.device("cpu"))


def to_recipe(
    model: Model, reading: Reading, faithful: float = 0.5, seen: Tensor | None = None
) -> Recipe:
    """Give the recipe of a reading, `faithful` from 0 (dreamt) to 1 (as it was).

    Where `seen` [h,w] is 0 nothing is kept of the picture.
    """
    plain = Recipe(model.name, model.fingerprint, Style(((0.0,),)), variety=1.0)
    return _put(plain, reading, faithful, seen)


def revive(model: Model, recipe: Recipe) -> tuple[Tensor, Reading]:
    """Give latents [C,h,w] of the picture in a recipe with a residual, and its reading.

    What has been done to the work since, sliders for one, is left out of it. Raises
    RecipeError where the recipe does not fit, or has no picture.
    """
    residual = recipe.residual
    if residual is None:
        raise RecipeError("recipe_no_picture")
    bare = replace(recipe, directions=(), mix=(), patches=(), residual=None)
    w = model.style(bare)
    model.check(recipe)
    missing = np.frombuffer(residual.data, "<f2").astype(np.float32)
    missing = missing.reshape(residual.shape)
    with torch.no_grad():
        made = model.generator.synthesise(torch.from_numpy(w)[None])[0]
    return made + torch.from_numpy(missing), Reading(w, missing)


def renew(recipe: Recipe, reading: Reading) -> Recipe:
    """Give a recipe with another reading of its picture; all else stays."""
    assert recipe.residual is not None
    return _put(replace(recipe, variety=1.0), reading, recipe.residual.amount)


def _put(
    recipe: Recipe, reading: Reading, faithful: float, seen: Tensor | None = None
) -> Recipe:
    rows = [tuple(round(float(x), DIGITS) for x in row) for row in reading.w]
    missing = reading.missing if seen is None else reading.missing * seen.numpy()
    shape = missing.shape
    data = missing.astype("<f2").tobytes()
    residual = Residual((shape[0], shape[1], shape[2]), data, faithful, yields=True)
    source = Style(tuple(rows[:1] if len(set(rows)) == 1 else rows))
    return replace(recipe, source=source, residual=residual)


def reading_at(model: Model, w: Tensor, latents: Tensor) -> Reading:
    """Give w [layers,D], as a recipe keeps it, as a reading of latents [C,h,w]."""
    with torch.no_grad():
        rounded = torch.round(w, decimals=DIGITS)
        made = model.generator.synthesise(rounded[None])[0]
        return Reading(rounded.numpy().copy(), (latents - made).numpy())


def _difference(made: Tensor, wanted: Tensor, seen: Tensor) -> Tensor:
    """Compare latents [1,C,h,w] by cells, by the means and the energy of fields."""
    off = (made - wanted) * seen
    field = [min(FIELD, side) for side in off.shape[2:]]
    energy = F.avg_pool2d((made.square() - wanted.square()) * seen, field, STRIDE)
    loss = off.square().mean() + LIVELINESS * energy.abs().mean()
    for cells in COARSE:
        size = [min(cells, side) for side in off.shape[2:]]
        loss = loss + 2 * F.avg_pool2d(off, size).square().mean()
    return loss / seen.mean().clamp_min(1e-3)
