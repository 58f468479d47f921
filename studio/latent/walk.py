"""Walks: from works with durations to a recipe for every moment between them.

A walk goes in straight lines of w from stop to stop, every layer on its own, with
what directions add folded in. How fast a picture changes on the way is measured in
latents (without decoding, a tenth of the cost), and the clock of each way is bent so
that its steps are even: a straight line in w is not an even change to the eye.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import InputError
from studio.recipe import Mask, Patch, Recipe, Residual, Style

if TYPE_CHECKING:
    from studio.latent.space import Space
    from studio.model import Model

EASINGS = ("smooth", "linear", "hold")
MOST = 500  # keyframes
SECONDS = (0.2, 600.0)  # of one way
DEFAULT_SECONDS = 6.0
RESTS = 0.6  # of a way that holds, the share in which it stays where it is
PARTS = 8  # of a way, between which its change is measured
CIRCLE = 32  # stops of a drift around one work
# Components that a drift turns through, how far (standard deviations of the model's
# works) and how often in one round: whole numbers, so that it closes.
TURNS = ((0, 1, 0.55), (1, 2, 0.4), (2, 1, 0.5), (3, 3, 0.25), (4, 2, 0.4), (5, 1, 0.4))
REACH = 1.6  # standard deviations to either side, along one word
TEMPO = 1.8  # times the middle speed of all ways: faster ones take longer


@dataclass(frozen=True)
class Keyframe:
    """A work, how many ``seconds`` the way from it to the next takes, and how.

    ``easing``: "smooth" comes to rest in each work, "linear" passes it, "hold" stays
    for three fifths of the time and goes then.
    """

    recipe: Recipe
    seconds: float = DEFAULT_SECONDS
    easing: str = "smooth"


@dataclass(frozen=True)
class Stop:
    """A keyframe as the walk has it.

    ``style`` is its final w [layers, D]; ``change`` how much latents change on the way
    to the next (root of the mean square, summed over its parts); ``shares`` [parts + 1]
    where on the straight line one is after each even part of that change.
    """

    keyframe: Keyframe
    style: np.ndarray
    change: float = 0.0
    shares: tuple[float, ...] = (0.0, 1.0)


@dataclass(frozen=True)
class Walk:
    """Stops in their order; with ``loop`` the last leads back to the first."""

    stops: tuple[Stop, ...]
    loop: bool = False

    @property
    def ways(self) -> tuple[Stop, ...]:
        """The stops that a way leads on from."""
        return self.stops if self.loop else self.stops[:-1]

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return sum(stop.keyframe.seconds for stop in self.ways)

    @property
    def starts(self) -> list[float]:
        """When each stop is reached, in seconds; a loop ends after the last one."""
        times = [0.0]
        for stop in self.ways:
            times.append(times[-1] + stop.keyframe.seconds)
        return times[: len(self.stops)]

    def recipe_at(self, seconds: float) -> Recipe:
        """Give the recipe of a moment; a loop goes on, others wait at their end."""
        index, share = self.place_at(seconds)
        after = self.stops[(index + 1) % len(self.stops)]
        return _between(self.stops[index], after, share)

    def place_at(self, seconds: float) -> tuple[int, float]:
        """Give the stop that was left last, and the share of the line to the next."""
        total = self.seconds
        if not self.ways or (not self.loop and seconds >= total):
            return len(self.stops) - 1, 0.0
        left = seconds % total if self.loop else max(0.0, seconds)
        for index, stop in enumerate(self.ways):
            if left < stop.keyframe.seconds:
                return index, _share(stop, left / stop.keyframe.seconds)
            left -= stop.keyframe.seconds
        return 0 if self.loop else len(self.stops) - 1, 0.0

    def lasting(self, seconds: float) -> Walk:
        """Give this walk, as long as that in all."""
        factor = seconds / self.seconds if self.seconds else 1.0
        return self._timed(stop.keyframe.seconds * factor for stop in self.stops)

    def paced(self, seconds: float) -> Walk:
        """Give this walk, as long as that, each way by how much changes on it."""
        total = sum(stop.change for stop in self.ways)
        if not total:
            return self.lasting(seconds)
        # Works that are all but the same still get their moment.
        floor = 0.02 * total / len(self.ways)
        shares = [max(stop.change, floor) for stop in self.stops]
        whole = sum(shares[: len(self.ways)])
        return self._timed(seconds * share / whole for share in shares)

    def calmed(self) -> Walk:
        """Give this walk with more time for ways on which much would change at once."""
        speeds = [stop.change / stop.keyframe.seconds for stop in self.ways]
        if not any(speeds):
            return self
        most = TEMPO * float(np.median(speeds))
        return self._timed(
            max(stop.keyframe.seconds, stop.change / most) if most else 0.0
            for stop in self.stops
        )

    def _timed(self, seconds: Iterable[float]) -> Walk:
        stops = tuple(
            replace(stop, keyframe=replace(stop.keyframe, seconds=time))
            for stop, time in zip(self.stops, seconds, strict=True)
        )
        return replace(self, stops=stops)


def walk_through(
    model: Model,
    keyframes: Sequence[Keyframe],
    loop: bool,
    space: Space | None = None,
) -> Walk:
    """Give the walk through works of one model, not measured yet.

    One work alone is drifted around. ``space`` is the model's, where it is known.
    Raises InputError for none, too many, works of several models, and RecipeError for
    one that does not fit.
    """
    check_keyframes(keyframes)
    if len(keyframes) == 1:
        return walk_around(model, keyframes[0].recipe, keyframes[0].seconds, space)
    stops = [Stop(keyframe, model.style(keyframe.recipe)) for keyframe in keyframes]
    return Walk(tuple(stops), loop)


def walk_around(
    model: Model, recipe: Recipe, seconds: float, space: Space | None = None
) -> Walk:
    """Give a closed smooth drift around one work, and through it, not measured yet.

    A sum of turns along the first principal components of w, each a whole number of
    times in one round. ``space`` is the model's, where it is known.
    """
    if space is None:
        from studio.latent.space import Space as Found

        space = Found.of(model)
    style = model.style(recipe)
    keyframe = Keyframe(recipe, seconds / CIRCLE, "linear")
    stops = []
    for angle in np.arange(CIRCLE) * 2 * math.pi / CIRCLE:
        place = np.zeros(len(space.spreads))
        for component, times, reach in TURNS:
            if component < len(place):
                turned = times * angle + component
                place[component] = reach * (math.cos(turned) - math.cos(component))
        stops.append(Stop(keyframe, style + space.step(place).astype(np.float32)))
    return Walk(tuple(stops), True)


def walk_along(
    model: Model, recipe: Recipe, amounts: Mapping[str, float], seconds: float
) -> Walk:
    """Give the way along words and back, from little of them to much, not measured.

    ``amounts`` are shares of directions; the largest goes 1.6 standard deviations to
    either side of the work. Raises RecipeError for a name that is no direction.
    """
    most = max((abs(amount) for amount in amounts.values()), default=0.0)
    keyframes = []
    for side in (-REACH, REACH):
        moved = recipe
        for name, amount in amounts.items():
            there = recipe.amounts.get(name, 0.0) + side * amount / most
            moved = moved.with_direction(name, max(-10.0, min(10.0, there)))
        keyframes.append(Keyframe(moved, seconds / 2))
    return walk_through(model, keyframes, loop=True)


def check_keyframes(keyframes: Sequence[Keyframe]) -> None:
    """Raise InputError for no keyframes, too many, or those of several models."""
    if not keyframes:
        raise InputError("film_empty")
    if len(keyframes) > MOST:
        raise InputError("film_long", count=len(keyframes), limit=MOST)
    models = {keyframe.recipe.model for keyframe in keyframes}
    if len(models) > 1:
        raise InputError("film_models", models=", ".join(sorted(models)))


def measured(model: Model, walk: Walk, ways: range | None = None) -> Walk:
    """Give a walk that knows how much changes on each way, and goes evenly on it.

    A few ways at a time where others wait for the model: 10 latents each.
    """
    stops = list(walk.stops)
    for index in ways or range(len(walk.ways)):
        style, after = stops[index].style, stops[(index + 1) % len(stops)].style
        steps = _changes(model, style, after)
        change = float(steps.sum())
        shares: tuple[float, ...] = (0.0, 1.0)
        if change > 0 and steps.min() > 0:
            gone = np.concatenate([[0.0], steps.cumsum() / change])
            even = np.linspace(0, 1, PARTS + 1)
            shares = tuple(float(x) for x in np.interp(even, gone, even))
        stops[index] = replace(stops[index], change=change, shares=shares)
    return replace(walk, stops=tuple(stops))


def guessed(walk: Walk, known: int) -> Walk:
    """Give a walk whose ways after the first ``known`` change as much as those do."""
    if not 0 < known < len(walk.ways):
        return walk
    change = sum(stop.change for stop in walk.stops[:known]) / known
    rest = (replace(stop, change=change) for stop in walk.stops[known:])
    return replace(walk, stops=(*walk.stops[:known], *rest))


def _changes(model: Model, style: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Measure how much latents change over each part of a straight line: [PARTS]."""
    import torch

    shares = np.linspace(0, 1, PARTS + 1, dtype=np.float32)[:, None, None]
    line = style + shares * (after - style)  # [parts + 1, layers, D]
    with torch.inference_mode():
        latents = model.generator.synthesise(torch.from_numpy(line))
        differences = latents[1:] - latents[:-1]
        return differences.square().mean(dim=(1, 2, 3)).sqrt().numpy()


def _share(stop: Stop, passed: float) -> float:
    eased = ease(passed, stop.keyframe.easing)
    even = np.linspace(0, 1, len(stop.shares))
    return float(np.interp(eased, even, stop.shares))


def ease(passed: float, easing: str) -> float:
    """Give how much of a way is done when a share (0 to 1) of its time has passed."""
    if easing == "linear":
        return passed
    if easing == "hold":
        passed = max(0.0, (passed - RESTS) / (1 - RESTS))
    return passed * passed * (3 - 2 * passed)


def _between(one: Stop, other: Stop, share: float) -> Recipe:
    style = one.style + np.float32(share) * (other.style - one.style)
    a, b = one.keyframe.recipe, other.keyframe.recipe
    return Recipe(
        model=a.model,
        fingerprint=a.fingerprint,
        source=Style(tuple(map(tuple, style.tolist()))),
        variety=1.0,
        patches=_patches(a, b, share),
        residual=_residual(a, b, share),
    )


def _patches(a: Recipe, b: Recipe, share: float) -> tuple[Patch, ...]:
    if a.patches == b.patches:
        return a.patches
    old = (_faded(patch, 1 - share) for patch in a.patches if share < 1)
    new = (_faded(patch, share) for patch in b.patches if share > 0)
    return (*old, *new)


def _faded(patch: Patch, by: float) -> Patch:
    cells = np.frombuffer(patch.mask.data, dtype=np.uint8) * by
    mask = Mask(patch.mask.height, patch.mask.width, cells.astype(np.uint8).tobytes())
    return replace(patch, mask=mask)


def _residual(a: Recipe, b: Recipe, share: float) -> Residual | None:
    if a.residual == b.residual:
        return a.residual
    parts = [(a.residual, 1 - share), (b.residual, share)]
    known = [(residual, by) for residual, by in parts if residual is not None]
    numbers = sum(
        by * residual.amount * np.frombuffer(residual.data, "<f2").astype(np.float32)
        for residual, by in known
    )
    data = np.asarray(numbers, dtype="<f2").tobytes()
    yields = any(residual.yields for residual, _ in known)
    return Residual(known[0][0].shape, data, 1.0, yields)
