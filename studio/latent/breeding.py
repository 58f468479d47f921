"""Children of works: around one, between and beyond several.

Every step is measured in each component's own spread, so a strength means the same
everywhere; locks are kept by taking out of a step what it must not do. Composition and
detail are parted as latents part them (see :mod:`studio.latent.exchange`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import InputError
from studio.latent.holding import hold
from studio.latent.proposal import propose, spread_of
from studio.latent.space import Space, grow
from studio.latent.taste import ALIKE, Belief
from studio.recipe import SEED_MAX, Recipe, Residual, Seed

if TYPE_CHECKING:
    from studio.latent.reading import Reader
    from studio.model import Model

INBRED = 0.85  # kinship above which children are nearly alike
LEAST_TOLD = 0.5  # correlation with which w must tell a measure to count at all
EVENNESS = 0.7  # of shares of many parents: 0 would be one alone, 10 all alike
FURTHER = 1.5  # steps of palette and brush alone, which show less than all together
LOOKED_AT = 16  # children whose properties are held by looking: it takes a second
OFFERED = 3  # by chance for each child of several works
MATES = 16  # strangers of whom the most distant one is offered
NOTABLE = 0.5  # standard deviations below which a change is not worth a word
# Shares of eight children: between the parents, one's form with another's paint,
# beyond them.
LITTER = ("between", "crossed", "between", "beyond", "between", "crossed", "between")


@dataclass(frozen=True)
class Locks:
    """What children keep: amounts along directions, properties, composition, detail."""

    directions: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    composition: bool = False
    detail: bool = False


@dataclass(frozen=True)
class Descent:
    """Which of several parents, by number, children have what from; () is all.

    ``form`` is the composition, ``paint`` the palette and the brush.
    """

    form: tuple[int, ...] = ()
    paint: tuple[int, ...] = ()


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
    of several: ``between``, ``crossed``, ``beyond``. ``change`` [layers, D] is by how
    much its w differs from the first parent's.
    """

    role: str
    recipe: Recipe
    place: np.ndarray
    change: np.ndarray


class Nursery:
    """Breeds in one model under one set of locks, by chance from one generator.

    Without a ``reader`` the model's own is opened, or learnt, where it is needed.
    """

    def __init__(
        self,
        model: Model,
        space: Space,
        locks: Locks,
        rng: np.random.Generator,
        reader: Reader | None = None,
    ) -> None:
        """Raises InputError where the locks name what the model does not have."""
        if locks.composition and locks.detail:
            raise InputError("children_locked")
        self.model, self.space, self.rng = model, space, rng
        self._locks, self._walls, self._known = locks, _walls(locks, model), reader

    def around(
        self, parent: Parent, belief: Belief, strength: float, count: int
    ) -> list[Child]:
        """Give ``count`` children of one work, as a belief and a strength want them.

        Raises InputError where the locks leave nothing to change.
        """
        proposals = propose(belief, parent.place, strength, count, self.rng)
        wild = {
            at: self._of_seed(parent, self._seed())
            for at, (role, _) in enumerate(proposals)
            if role == "wild"
        }
        further = FURTHER if self._locks.composition else 1.0
        steps = [self._rows(further * (place - parent.place)) for _, place in proposals]
        for at, stranger in wild.items():
            steps[at] = stranger.style - parent.style
        left = self._held(parent, self._allowed(parent, np.stack(steps)))
        children = []
        for at, (role, _) in enumerate(proposals):
            if role == "wild" and self._locks == Locks():
                recipe, place = wild[at].recipe, wild[at].place
                children.append(Child(role, recipe, place, left[at]))
            else:
                near = 1.0 if role == "wild" else strength
                children.append(self._child(role, parent, left[at], near))
        return children

    def among(
        self,
        parents: Sequence[Parent],
        belief: Belief,
        strength: float,
        count: int,
        descent: Descent = Descent(),
    ) -> list[Child]:
        """Give ``count`` children of several works, the first one's in their locks.

        *between* lies amid all of them, nearer to some, *beyond* past one as seen from
        another, *crossed* has the composition of one and the paint of another. All
        vary by half the strength. Of three that chance offers, the one believed to be
        liked most is kept. Raises InputError where the locks leave nothing to change.
        """
        form, paint = (
            [parents[number] for number in numbers] if numbers else list(parents)
            for numbers in (descent.form, descent.paint)
        )
        roles = [(*LITTER, "beyond")[i % 8] for i in range(count)]
        if len(form) == len(paint) == 1:
            roles = ["variation" if form[0] is paint[0] else "crossed"] * count
        pairs = [
            self._pair(role, form, paint) for role in roles for _ in range(OFFERED)
        ]
        noise = self.rng.standard_normal((len(pairs), len(parents[0].place)))
        drift = np.stack([self._rows(one) for one in noise])
        styles = self._joined(pairs) + 0.5 * spread_of(strength) * drift
        left = self._allowed(parents[0], styles - parents[0].style)
        places = [self.space.place(parents[0].style + one) for one in left]
        likings = belief.liking(np.stack(places)).reshape(count, OFFERED)
        best = OFFERED * np.arange(count) + likings.argmax(axis=1)
        kept = self._held(parents[0], left[best])
        return [
            self._child(role, parents[0], one, strength)
            for role, one in zip(roles, kept, strict=True)
        ]

    def mate(self, parents: Sequence[Parent]) -> Recipe:
        """Give the work of a seed that is far from all of ``parents``."""
        seeds = self.rng.integers(0, SEED_MAX, MATES, endpoint=True)
        strangers = [self._of_seed(parents[0], int(seed)) for seed in seeds]
        known = np.stack([parent.place for parent in parents])
        far = [np.linalg.norm(known - s.place, axis=1).min() for s in strangers]
        return strangers[int(np.argmax(far))].recipe

    def _pair(
        self, role: str, form: Sequence[Parent], paint: Sequence[Parent]
    ) -> tuple[np.ndarray, np.ndarray]:
        """A w [layers, D] to have the composition from, and one for the paint."""
        if role == "crossed":
            placed = form[int(self.rng.integers(len(form)))]
            others = [parent for parent in paint if parent is not placed] or paint
            return placed.style, others[int(self.rng.integers(len(others)))].style
        way = self._beyond if role == "beyond" else self._between
        whole = way(form)
        # The same parents for both are one blend: two would not be on the way.
        same = [*map(id, form)] == [*map(id, paint)]
        return whole, whole if same else way(paint)

    def _joined(self, pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
        """The w [N, layers, D] of pairs, one work's form in another's paint."""
        made = np.stack([form for form, _ in pairs]).astype(float)
        two = np.array([form is not paint for form, paint in pairs])
        if two.any():
            paints = np.stack([paint for _, paint in pairs])
            made[two] = self._exchange(made[two], paints[two])
        return made

    def _between(self, parents: Sequence[Parent]) -> np.ndarray:
        if len(parents) == 2:
            share = self.rng.uniform(0.2, 0.8)
            shares = np.array([share, 1 - share])
        else:
            shares = self.rng.dirichlet(np.full(len(parents), EVENNESS))
        styles = np.stack([parent.style for parent in parents])
        return np.asarray(np.tensordot(shares, styles, 1))

    def _beyond(self, parents: Sequence[Parent]) -> np.ndarray:
        if len(parents) == 1:
            return parents[0].style
        first, second = self.rng.permutation(len(parents))[:2]
        one, other = parents[int(first)], parents[int(second)]
        whole = other.style - one.style
        return np.asarray(one.style + self.rng.uniform(1.15, 1.6) * whole)

    def _seed(self) -> int:
        return int(self.rng.integers(0, SEED_MAX))

    def _of_seed(self, parent: Parent, seed: int) -> Parent:
        recipe = replace(parent.recipe, source=Seed(seed), mix=(), residual=None)
        return Parent.of(recipe, self.model, self.space)

    def _rows(self, change: np.ndarray) -> np.ndarray:
        """A change of place [D] as one of w in every layer."""
        return np.repeat(self.space.step(change)[None], self.space.layers, axis=0)

    def _child(
        self, role: str, parent: Parent, left: np.ndarray, strength: float
    ) -> Child:
        """A child whose w differs from the parent's by ``left``, what locks allow.

        The parent's residual fades with the strength: what the generator missed of
        a picture means less, the further away a child is.
        """
        if np.abs(left).max() < 1e-6:
            raise InputError("children_locked")
        style = parent.style + left
        recipe = grow(parent.recipe, style, self.model)
        if recipe.residual is not None:
            recipe = replace(recipe, residual=_faded(recipe.residual, 1 - strength))
        return Child(role, recipe, self.space.place(style), left)

    def _allowed(self, parent: Parent, changes: np.ndarray) -> np.ndarray:
        """What the locks leave of changes of w [N, layers, D]."""
        styles = parent.style + changes
        if self._locks.composition:
            styles = self._exchange(parent.style, styles)
        elif self._locks.detail:
            styles = self._exchange(styles, parent.style)
        left = np.asarray(styles - parent.style, float)
        for layer, wall in enumerate(self._walls):
            left[:, layer] -= left[:, layer] @ wall.T @ wall
        return left

    def _held(self, parent: Parent, left: np.ndarray) -> np.ndarray:
        """The same changes [N, layers, D], their locked properties held by looking."""
        names = self._locks.properties if len(left) <= LOOKED_AT else ()
        return hold(self.model, self.space, parent.style, left, names)

    def _exchange(self, form: np.ndarray, paint: np.ndarray) -> np.ndarray:
        from studio.latent.exchange import exchange

        return exchange(self.model, self._reader, form, paint)

    @cached_property
    def _reader(self) -> Reader:
        from studio.latent.reading import Reader

        return self._known or Reader.of(self.model)


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


def differences(
    change: np.ndarray, slopes: dict[str, np.ndarray], most: int = 2
) -> list[tuple[str, float]]:
    """Say what a change of w [layers, D] is likely to do, the strongest first.

    ``slopes`` are of :func:`property_slopes`; amounts are in standard deviations of
    the model's works. What grows together is told once, what hardly changes not at all.
    """
    amounts = {
        name: float((rows * change).sum()) / len(rows) for name, rows in slopes.items()
    }
    told: list[tuple[str, float]] = []
    for name in sorted(amounts, key=lambda one: -abs(amounts[one])):
        alike = (abs(_cosine(slopes[name], slopes[other])) for other, _ in told)
        if abs(amounts[name]) < NOTABLE or len(told) == most:
            break
        if all(near < ALIKE for near in alike):
            told.append((name, round(amounts[name], 1)))
    return told


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    sizes = np.linalg.norm(one) * np.linalg.norm(other)
    return float((one * other).sum() / max(float(sizes), 1e-12))


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
