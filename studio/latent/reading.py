"""How a picture is read at once: what a model's own works tell of w from latents.

A model's latents follow from w nearly linearly, two thirds of their variance on the
first model that shipped. So what is known of w from latents, or from any part of
them, is a normal distribution in closed form (Eq. 2.113 to 2.117, Bishop, Pattern
Recognition and Machine Learning): a *reading*, with no network to be trained for it,
and no less exact where a part of the picture is missing.

It is learnt once from a model's works and kept beside the model; it is no part of the
fingerprint, since no picture of a recipe hangs on it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from studio.checkpoint import pack_weights
from studio.errors import ModelError
from studio.latent.world import WORKS, World
from studio.model import Model
from studio.paths import write_atomically

FILE = "reader.safetensors"
FORMAT = "1"
FIRST_SEED = 2**30  # of the works that are learnt from
SAMPLES = 1536
BATCH = 32
SEEN_TOGETHER = 8  # works that are painted and looked at in one step
LEAST_SPREAD = 1e-3  # of the widest component of w, below which nothing is told
# What is not linear is left over in many cells at once: it must not count as if each
# cell were a witness of its own. Best of 1, 3, 10, 30, 100 on works not learnt from.
LOUDNESS = 3.0

T = TypeVar("T")


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
    world: World

    @classmethod
    def of(cls, model: Model) -> Reader:
        """Give the reader that is kept beside a model, or learn and keep it."""
        return cls.kept(model) or finish(learning(model))

    @classmethod
    def kept(cls, model: Model) -> Reader | None:
        """Give the reader beside a model; None where there is none that fits it."""
        if model.folder is None:
            return None
        try:
            with safe_open(model.folder / FILE, framework="np") as file:
                told = file.metadata() or {}
                if told != _mark(model):
                    return None
                found = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError, ValueError):
            return None
        return cls._from_arrays(found, model)

    @classmethod
    def _from_arrays(cls, found: dict[str, np.ndarray], model: Model) -> Reader | None:
        """Make a reader of what a file holds; None where it is not what it must be."""
        if not all(np.isfinite(array).all() for array in found.values()):
            return None
        arrays = {
            key: torch.from_numpy(a.astype(np.float32)) for key, a in found.items()
        }
        try:
            world = World(arrays.pop("works").numpy(), float(arrays.pop("bound")))
            reader = cls(**arrays, world=world)
        except (KeyError, TypeError, ValueError):
            return None
        return reader if reader._fits(model) else None

    def _fits(self, model: Model) -> bool:
        kept, cells = len(self.basis), int(np.prod(model.latent_shape))
        wanted = [
            (model.w_dim,),
            (kept, model.w_dim),
            (cells,),
            (kept, cells),
            (cells,),
        ]
        return [tuple(array.shape) for array in self._arrays().values()] == wanted

    def _arrays(self) -> dict[str, Tensor]:
        names = [field.name for field in fields(self) if field.name != "world"]
        return {name: getattr(self, name) for name in names}

    def keep(self, model: Model) -> bool:
        """Write this beside its model, if that is a folder that can be written to."""
        if model.folder is None:
            return False
        arrays = {key: value.numpy() for key, value in self._arrays().items()}
        arrays |= {"works": self.world.works, "bound": np.array([self.world.bound])}
        with contextlib.suppress(OSError, ModelError):
            data = pack_weights(arrays, model.name, Path(FILE).stem, _mark(model))
            write_atomically(model.folder / FILE, data)
            return True
        return False

    def read(
        self, latents: Tensor, seen: Tensor | None = None, chance: int | None = None
    ) -> Tensor:
        """Give the likeliest w [D] of latents [C,h,w], of which `seen` [h,w] count.

        `seen` is from 0 to 1; where it is 0 nothing is known. With `chance`, a seed, a
        w that is as likely as any other is drawn: another reading.
        """
        return self.centre + self._place(latents, seen, chance) @ self.basis

    def turn(self, change: Tensor) -> Tensor:
        """Give how the likeliest w turns, [...,D], as latents change by [...,C,h,w]."""
        return (change.flatten(-3) @ self._gain) @ self.basis

    @cached_property
    def _gain(self) -> Tensor:
        """Coordinates of w for each number of the latents, all of them seen: [P,K]."""
        told = self.slopes / (LOUDNESS * self.noise)
        precision = told @ self.slopes.T + torch.eye(len(self.slopes))
        lower = torch.linalg.cholesky(precision)
        return torch.cholesky_solve(told, lower).T

    def _place(
        self, latents: Tensor, seen: Tensor | None, chance: int | None
    ) -> Tensor:
        sure = 1 / (LOUDNESS * self.noise)
        if seen is not None:
            sure = sure * seen.expand(latents.shape).flatten()
        told = self.slopes * sure  # [K,P]
        precision = told @ self.slopes.T + torch.eye(len(self.slopes))
        off: Tensor = latents.flatten() - self.mean
        lower = torch.linalg.cholesky(precision)
        place = torch.cholesky_solve((told @ off)[:, None], lower)
        if chance is not None:
            drawn = np.random.RandomState(chance).standard_normal(len(place))
            noise = torch.from_numpy(drawn.astype(np.float32))[:, None]
            place = place + torch.linalg.solve_triangular(lower.T, noise, upper=True)
        return place[:, 0]


def learning(
    model: Model, samples: int = SAMPLES, works: int = WORKS
) -> Generator[float, None, Reader]:
    """Learn from the works of so many seeds at full variety, in short steps.

    Yields the share that is done, 0 to 1, between them; the reader is what it returns,
    kept beside its model. `works` of them are painted and looked at.
    """
    w = torch.from_numpy(model.map_seeds(range(FIRST_SEED, FIRST_SEED + samples)))
    parts, steps = [], samples // BATCH + works // SEEN_TOGETHER
    for part in w.split(BATCH):
        parts.append(_synthesise(model, part))
        yield len(parts) / steps
    latents = torch.cat(parts)
    done, seen = len(parts), []
    for part in latents[:works].split(SEEN_TOGETHER):
        seen.append(World.look(model, part.unflatten(1, model.latent_shape)))
        done += 1
        yield min(1.0, done / steps)
    reader = _conclude(w, latents, World.of(np.concatenate(seen)))
    reader.keep(model)
    return reader


def finish(steps: Generator[object, None, T]) -> T:
    """Take all steps of something and give what it comes to."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: T = end.value
            return found


@torch.no_grad()
def _conclude(w: Tensor, latents: Tensor, world: World) -> Reader:
    """Learn from w [N,D] and their latents [N,P]."""
    centre, mean = w.mean(dim=0), latents.mean(dim=0)
    _, spread, vectors = torch.linalg.svd(w - centre, full_matrices=False)
    kept = int((spread > LEAST_SPREAD * spread[0]).sum())
    basis = vectors[:kept] * spread[:kept, None] / len(w) ** 0.5
    c = (w - centre) @ basis.T / basis.square().sum(dim=1)
    told = c.T @ c + torch.eye(kept)
    slopes = torch.linalg.solve(told, c.T @ (latents - mean))
    noise = (latents - mean - c @ slopes).square().mean(dim=0)
    return Reader(centre, basis, mean, slopes, noise.clamp_min(1e-4), world)


@torch.no_grad()
def _synthesise(model: Model, w: Tensor) -> Tensor:
    """Give the latents [N,P] of w [N,D]."""
    generator = model.generator
    return generator.synthesise(generator.spread(w)).flatten(1)


def _mark(model: Model) -> dict[str, str]:
    return {"format": FORMAT, "fingerprint": model.fingerprint}
