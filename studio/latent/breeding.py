"""Children of works: around one, between and beyond several.

Every step is measured in each component's own spread, so a strength means the same
everywhere; locks are kept by taking out of a step what it must not do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import InputError
from studio.latent.proposal import propose, spread_of
from studio.latent.space import Space, grow
from studio.latent.taste import Belief
from studio.recipe import SEED_MAX, Recipe, Residual, Seed

if TYPE_CHECKING:
    from studio.model import Model

INBRED = 0.85  # kinship above which children are nearly alike
LEAST_TOLD = 0.5  # correlation with which w must tell a measure to count at all
EVENNESS = 0.7  # of shares of many parents: 0 would be one alone, 10 all alike
MATES = 16  # strangers of whom the most distant one is offered
# Shares of eight children: between the parents, their layers crossed, beyond them.
LITTER = ("between", "between", "crossed", "between", "beyond", "between", "crossed")


@dataclass(frozen=True)
class Locks:
    """What children keep: amounts along directions, properties, halves of layers."""

    directions: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    composition: bool = False
    detail: bool = False


@dataclass(frozen=True)
class Parent:
    """A work to breed from: its recipe, final w [layers, D] and place [D]."""

    recipe: Recipe
    style: np.ndarray
    place: np.ndarray

    @classmethod
    def of(cls, recipe: Recipe, model: Model, space: Space) -> Parent:
        """Look a recipe up in its model. Raises RecipeError where it does not fit."""
        style = model.style(recipe)
        return cls(recipe, style, space.place(style))


@dataclass(frozen=True)
class Child:
    """A new work, its place [D], and its role in the grid.

    Roles around one parent: ``variation``, ``believed``, ``exploring``, ``wild``;
    of several: ``between``, ``crossed``, ``beyond``.
    """

    role: str
    recipe: Recipe
    place: np.ndarray


class Nursery:
    """Breeds in one model under one set of locks, by chance from one generator."""

    def __init__(
        self, model: Model, space: Space, locks: Locks, rng: np.random.Generator
    ) -> None:
        """Raises InputError where the locks name what the model does not have."""
        self.model, self.space, self.rng = model, space, rng
        self._free = _free_layers(locks, space)
        self._walls = _walls(locks, model)

    def around(
        self, parent: Parent, belief: Belief, strength: float, count: int
    ) -> list[Child]:
        """Give ``count`` children of one work, as a belief and a strength want them.

        Raises InputError where the locks leave nothing to change.
        """
        proposals = propose(belief, parent.place, strength, count, self.rng)
        return [
            self._wild(parent)
            if role == "wild"
            else self._child(role, parent, self._rows(place - parent.place), strength)
            for role, place in proposals
        ]

    def among(
        self, parents: Sequence[Parent], belief: Belief, strength: float, count: int
    ) -> list[Child]:
        """Give ``count`` children of several works, the first one's in their locks.

        *between* lies amid all of them, nearer to some, *beyond* past one as seen from
        another, *crossed* has the composition of one and the detail of another. All
        vary by half the strength. Of three that chance offers, the one believed to be
        liked most is kept. Raises InputError where the locks leave nothing to change.
        """
        roles = [(*LITTER, "beyond")[i % 8] for i in range(count)]
        children = []
        for role in roles:
            litter = [self._mixed(role, parents, strength) for _ in range(3)]
            likings = belief.liking(np.stack([one.place for one in litter]))
            children.append(litter[int(likings.argmax())])
        return children

    def mate(self, parents: Sequence[Parent]) -> Recipe:
        """Give the work of a seed that is far from all of ``parents``."""
        seeds = self.rng.integers(0, SEED_MAX, MATES, endpoint=True)
        strangers = [self._of_seed(parents[0], int(seed)) for seed in seeds]
        known = np.stack([parent.place for parent in parents])
        far = [np.linalg.norm(known - s.place, axis=1).min() for s in strangers]
        return strangers[int(np.argmax(far))].recipe

    def _mixed(self, role: str, parents: Sequence[Parent], strength: float) -> Child:
        first, second = self.rng.permutation(len(parents))[:2]
        one, other = parents[int(first)], parents[int(second)]
        whole = other.style - one.style
        if role == "crossed":
            style = np.where(self.space.coarse[:, None], one.style, other.style)
        elif role == "beyond":
            style = one.style + self.rng.uniform(1.15, 1.6) * whole
        elif len(parents) == 2:
            style = one.style + self.rng.uniform(0.2, 0.8) * whole
        else:
            shares = self.rng.dirichlet(np.full(len(parents), EVENNESS))
            style = np.tensordot(shares, np.stack([p.style for p in parents]), 1)
        noise = 0.5 * spread_of(strength) * self.rng.standard_normal(len(one.place))
        change = style - parents[0].style + self._rows(noise)
        return self._child(role, parents[0], change)

    def _wild(self, parent: Parent) -> Child:
        stranger = self._of_seed(parent, int(self.rng.integers(0, SEED_MAX)))
        if self._free.all() and not self._walls:
            return Child("wild", stranger.recipe, stranger.place)
        return self._child("wild", parent, stranger.style - parent.style)

    def _of_seed(self, parent: Parent, seed: int) -> Parent:
        recipe = replace(parent.recipe, source=Seed(seed), mix=(), residual=None)
        return Parent.of(recipe, self.model, self.space)

    def _rows(self, change: np.ndarray) -> np.ndarray:
        """A change of place [D] as one of w in every layer."""
        return np.repeat(self.space.step(change)[None], self.space.layers, axis=0)

    def _child(
        self, role: str, parent: Parent, change: np.ndarray, strength: float = 1.0
    ) -> Child:
        """A child whose w differs from the parent's by what locks leave of a change.

        The parent's residual fades with the strength: what the generator missed of
        a picture means less, the further away a child is.
        """
        style = parent.style + self._allowed(change)
        if np.abs(style - parent.style).max() < 1e-6:
            raise InputError("children_locked")
        recipe = grow(parent.recipe, style, self.model)
        if recipe.residual is not None:
            recipe = replace(recipe, residual=_faded(recipe.residual, 1 - strength))
        return Child(role, recipe, self.space.place(style))

    def _allowed(self, change: np.ndarray) -> np.ndarray:
        """What the locks leave of a change of w [layers, D]."""
        left = change * self._free[:, None]
        for layer, wall in enumerate(self._walls):
            left[layer] -= wall.T @ (wall @ left[layer])
        return np.asarray(left)


def kinship(places: np.ndarray) -> float:
    """Say how alike works at places [n, d] are: 1 the same one, 0 strangers.

    The mean distance of pairs, in that of two works by chance. One alone has none.
    """
    if len(places) < 2:
        return 0.0
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    mean = apart.sum() / (len(places) * (len(places) - 1))
    return float(np.clip(1 - mean / np.sqrt(2 * places.shape[1]), 0, 1))


def property_rows(model: Model, name: str) -> np.ndarray:
    """Give the w [layers, D] along which a property or word grows, to first order.

    As it was measured of the model's works; else by what its directions were measured
    to do. Raises InputError where neither knows the property.
    """
    rows = property_slopes(model).get(name, _summed(model, name))
    if not np.any(rows):
        raise InputError("children_property", name=name)
    return rows


def property_slopes(model: Model) -> dict[str, np.ndarray]:
    """Give the rows [layers, D] of all that is known of a model, in its best way."""
    from studio.latent.measuring import slopes

    if measured := slopes(model, LEAST_TOLD):
        return {
            name: np.repeat(slope[None], model.layers, axis=0)
            for name, slope in measured.items()
        }
    names = sorted({name for one in model.directions for name in one.effects})
    summed = {name: _summed(model, name) for name in names}
    return {name: rows for name, rows in summed.items() if np.any(rows)}


def _summed(model: Model, name: str) -> np.ndarray:
    """What each direction does to a property, added up."""
    rows = np.zeros((model.layers, model.w_dim))
    for direction in model.directions:
        effect = float(direction.effects.get(name, 0.0))
        rows += effect / max(direction.sigma, 1e-6) * direction.rows
    return rows


def _faded(residual: Residual, kept: float) -> Residual | None:
    amount = round(residual.amount * max(0.0, kept), 4)
    return replace(residual, amount=amount) if amount else None


def _free_layers(locks: Locks, space: Space) -> np.ndarray:
    coarse = space.coarse
    held = (coarse & locks.composition) | (~coarse & locks.detail)
    if held.all():
        raise InputError("children_locked")
    return np.asarray(~held, float)


def _walls(locks: Locks, model: Model) -> list[np.ndarray]:
    """For each layer unit vectors [k, D] across which nothing may move."""
    held = []
    slopes = property_slopes(model) if locks.directions else {}
    for name in locks.directions:
        if name not in model.by_name:
            raise InputError("recipe_direction", name=name, model=model.name)
        held.append(model.by_name[name].rows.astype(float))
        # Warmth also changes where nothing moves along the slider of that name.
        if name in slopes:
            held.append(slopes[name])
    held += [property_rows(model, name) for name in locks.properties]
    if not held:
        return []
    stacked = np.stack(held, axis=1)  # [layers, k, D]
    return [_upright(rows) for rows in stacked]


def _upright(rows: np.ndarray) -> np.ndarray:
    """Orthonormal vectors [r, D] that span the same as ``rows`` [k, D]."""
    _, scales, vectors = np.linalg.svd(rows, full_matrices=False)
    return np.asarray(vectors[scales > 1e-6 * max(scales[0], 1e-6)])
