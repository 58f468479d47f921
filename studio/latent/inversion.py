"""A picture as a point of a model: read at once, then polished.

A model's own works show how its latents follow from w: nearly linearly, two thirds of
their variance on the first model that shipped. So what is known of w from latents, or
from any part of them, is a normal distribution in closed form (Eq. 2.113 to 2.117,
Bishop, Pattern Recognition and Machine Learning): a *reading*, with no network to be
trained for it, and no less exact where a part of the picture is missing. *Polishing*
then moves the w of each layer by gradients until the latents agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.model import Model, to_pixels
from studio.recipe import Recipe, Residual, Style

FIRST_SEED = 2**30  # of the works that are learnt from
SAMPLES = 1536
BATCH = 32
LEAST_SPREAD = 1e-3  # of the widest component of w, below which nothing is told
# What is not linear is left over in many cells at once: it must not count as if each
# cell were a witness of its own. Best of 1, 3, 10, 30, 100 on works not learnt from.
LOUDNESS = 3.0
STEPS = 60
RATE = 0.05  # deviations of w a step
PULL = 0.1  # towards what was read, which is the likeliest
APART = 0.3  # against layers that go separate ways
# Of each field's energy beside its values. Without it the nearest point is a flat one,
# in streaks: what cannot be matched is best left out, says the mean square alone.
LIVELINESS = 3.0
FIELD, STRIDE = 4, 2  # cells
COARSE = (2, 7)  # cells whose means are compared beside each cell
DIGITS = 4  # decimals of w in a recipe
# From where on a picture is not of a model's world. On landscapes, held-out paintings
# reach 1.18 and 7.0, fruit plates begin at 1.52 and 7.3 (24 and 12 of them).
UNUSUAL, UNEXPLAINED = 1.3, 8.0


@dataclass(frozen=True)
class Reader:
    """How a model's latents follow from w, learnt from its own works.

    `centre` [D] and `basis` [K,D]: w is centre + c @ basis, c normal over the model's
    works. `mean` [P] and `slopes` [K,P]: latents are about mean + c @ slopes, but for
    noise of variance `noise` [P]; P is the number of latents.
    """

    centre: Tensor
    basis: Tensor
    mean: Tensor
    slopes: Tensor
    noise: Tensor

    @classmethod
    @torch.no_grad()
    def learn(cls, model: Model, samples: int = SAMPLES) -> Reader:
        """Learn from the works of so many seeds at full variety: a few seconds."""
        seeds = range(FIRST_SEED, FIRST_SEED + samples)
        w = torch.from_numpy(model.map_seeds(seeds))
        latents = torch.cat([_synthesise(model, part) for part in w.split(BATCH)])
        centre, mean = w.mean(dim=0), latents.mean(dim=0)
        _, spread, vectors = torch.linalg.svd(w - centre, full_matrices=False)
        kept = int((spread > LEAST_SPREAD * spread[0]).sum())
        basis = vectors[:kept] * spread[:kept, None] / samples**0.5
        c = (w - centre) @ basis.T / basis.square().sum(dim=1)
        told = c.T @ c + torch.eye(kept)
        slopes = torch.linalg.solve(told, c.T @ (latents - mean))
        noise = (latents - mean - c @ slopes).square().mean(dim=0)
        return cls(centre, basis, mean, slopes, noise.clamp_min(1e-4))

    def read(self, latents: Tensor, seen: Tensor | None = None) -> Tensor:
        """Give the likeliest w [D] of latents [C,h,w], of which `seen` [h,w] count.

        `seen` is from 0 to 1; where it is 0 nothing is known.
        """
        return self.centre + self._likeliest(latents, seen) @ self.basis

    def is_outside(self, latents: Tensor) -> bool:
        """Tell whether latents [C,h,w] are of no picture such as the model's works.

        Either because w would have to be far from usual, or since what no w explains is
        far more than works leave unexplained. A scene in another subject's colours may
        pass: it is latents that are looked at, not things.
        """
        c = self._likeliest(latents, None)
        off = latents.flatten() - self.mean - c @ self.slopes
        unexplained = float((off.square() / self.noise).mean())
        unusual = float(c.square().mean().sqrt())
        return unusual > UNUSUAL or unexplained > UNEXPLAINED

    def _likeliest(self, latents: Tensor, seen: Tensor | None) -> Tensor:
        sure = 1 / (LOUDNESS * self.noise)
        if seen is not None:
            sure = sure * seen.expand(latents.shape).flatten()
        told = self.slopes * sure  # [K,P]
        precision = told @ self.slopes.T + torch.eye(len(self.slopes))
        off: Tensor = latents.flatten() - self.mean
        return torch.linalg.solve(precision, told @ off)


@dataclass(frozen=True)
class Reading:
    """A picture in a model: `w` [layers,D], and what latents [C,h,w] it leaves out."""

    w: np.ndarray
    missing: np.ndarray


def encode(model: Model, picture: np.ndarray) -> Tensor:
    """Give the latents [C,h,w] of a picture uint8 [H,W,3] at the model's resolution."""
    with torch.no_grad():
        return model.autoencoder.encode(to_pixels([picture]))[0]


def read(
    model: Model, reader: Reader, latents: Tensor, seen: Tensor | None = None
) -> Reading:
    """Read latents [C,h,w] at once; `seen` [h,w] says where they count."""
    w = reader.read(latents, seen).expand(model.layers, -1)
    return _reading(model, w, latents)


def polish(
    model: Model,
    reader: Reader,
    latents: Tensor,
    start: Reading,
    seen: Tensor | None = None,
    steps: int = STEPS,
) -> Iterator[Reading]:
    """Move the w of each layer until latents [C,h,w] agree; yield after each step.

    Whoever stops asking has cancelled. Steps are taken in deviations of w, the rate
    falls over the second half, and all is drawn to where it started.
    """
    scale = reader.basis.square().sum(dim=1)
    first = torch.from_numpy(start.w) - reader.centre
    likely = first @ reader.basis.T / scale  # [layers,K]
    c = likely.clone().requires_grad_()
    optimiser = torch.optim.Adam([c], lr=RATE, betas=(0.9, 0.99))
    wanted = latents[None].clone()
    weight = torch.ones(latents.shape[1:]) if seen is None else seen.clone()
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = RATE * min(1.0, 2 * (1 - step / steps))
        with torch.enable_grad():
            made = model.generator.synthesise((reader.centre + c @ reader.basis)[None])
            apart = (c - c.mean(dim=0)).square().mean()
            loss = _difference(made, wanted, weight)
            loss = loss + PULL * (c - likely).square().mean() + APART * apart
        (c.grad,) = torch.autograd.grad(loss, [c])
        optimiser.step()
        yield _reading(model, reader.centre + c.detach() @ reader.basis, latents)


def to_recipe(model: Model, reading: Reading, faithful: float = 0.5) -> Recipe:
    """Give the recipe of a reading, `faithful` from 0 (dreamt) to 1 (as it was)."""
    rows = [tuple(round(float(x), DIGITS) for x in row) for row in reading.w]
    shape = reading.missing.shape
    data = reading.missing.astype("<f2").tobytes()
    residual = Residual((shape[0], shape[1], shape[2]), data, faithful)
    source = Style(tuple(rows[:1] if len(set(rows)) == 1 else rows))
    return Recipe(model.name, model.fingerprint, source, variety=1.0, residual=residual)


def _reading(model: Model, w: Tensor, latents: Tensor) -> Reading:
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


def _synthesise(model: Model, w: Tensor) -> Tensor:
    """Give the latents [N,P] of w [N,D]."""
    generator = model.generator
    return generator.synthesise(generator.spread(w)).flatten(1)
