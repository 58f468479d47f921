"""Children of works, for a page that remembers everything itself.

``POST /studio/children`` takes ``{"parents": [recipe, ...], "strength", "count",
"seed", "locks", "descent", "votes"}`` and gives the children with their
roles and what changed in them, what has been learnt from the votes, the properties that
can be locked, and a mate where the family has become too alike. The server holds no
session: votes are the page's own, as places that came with earlier children.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from studio import recipe_fields as fields
from studio.errors import InputError
from studio.latent.breeding import (
    INBRED,
    Child,
    Descent,
    Locks,
    Nursery,
    Parent,
    differences,
    kinship,
    property_slopes,
)
from studio.latent.space import Space
from studio.latent.taste import (
    DIMENSIONS,
    REMEMBERED,
    Belief,
    Vote,
    certainty,
    leanings,
    learn,
)
from studio.recipe import SEED_MAX, Recipe
from studio.server.recent import Recent

if TYPE_CHECKING:
    from studio.latent.reading import Reader
    from studio.model import Model

LIMIT = 512 * 1024  # bytes of a request: sixty votes of sixteen places are 360 KB
PARENTS, CHILDREN = 16, 64
VOTES, RIVALS = 1000, 64
KINDS = ("chosen", "liked", "disliked")
FAR = 100.0  # standard deviations; no place that we gave is further out
BRANCH = 6  # choices of one branch that are looked at for inbreeding
WIDEST = 16  # components of w in which works are seen to be alike
SPACES = 4

_spaces: Recent[str, Space] = Recent(SPACES)


@dataclass(frozen=True)
class Request:
    """What a page asks for, checked."""

    parents: tuple[Recipe, ...]
    strength: float
    count: int
    seed: int
    locks: Locks
    descent: Descent
    votes: tuple[Vote, ...]

    @property
    def parts(self) -> bool:
        """Whether composition and detail are parted, for which a model must be read."""
        half = self.locks.composition != self.locks.detail
        return half or len(self.parents) > 1


def read_request(data: object) -> Request:
    """Check ``data`` (parsed JSON). Raises InputError, RecipeError."""
    body = fields.an_object(data, "children")
    known = ("parents", "strength", "count", "seed", "locks", "descent", "votes")
    fields.check_keys(body, "", known, ("parents",))
    items = fields.a_list(body["parents"], "parents", 1, PARENTS)
    parents = tuple(Recipe.from_dict(item) for item in items)
    if len({(parent.model, parent.fingerprint) for parent in parents}) > 1:
        raise InputError("children_models")
    votes = fields.a_list(body.get("votes", []), "votes", 0, VOTES)
    seed = body.get("seed", secrets.randbelow(SEED_MAX + 1))
    return Request(
        parents,
        fields.a_number(body.get("strength", 0.5), "strength", 0, 1),
        fields.an_integer(body.get("count", 8), "count", 1, CHILDREN),
        fields.an_integer(seed, "seed", 0, SEED_MAX),
        _read_locks(body.get("locks", {})),
        _read_descent(body.get("descent", {}), len(parents)),
        tuple(_read_vote(vote, i) for i, vote in enumerate(votes))[-REMEMBERED:],
    )


def breed(
    request: Request, model: Model, reader: Reader | None = None
) -> dict[str, Any]:
    """Answer a request with its model, on the thread that owns it.

    The reader is wanted where the request ``parts`` composition and detail.
    """
    space = space_of(model)
    rng = np.random.default_rng(request.seed)
    parents = [Parent.of(recipe, model, space) for recipe in request.parents]
    whole = len(space.centre)
    if any(not min(DIMENSIONS, whole) <= len(v.place) <= whole for v in request.votes):
        raise InputError("children_foreign")
    belief = learn(request.votes)
    nursery = Nursery(model, space, request.locks, rng, reader)
    if len(parents) == 1:
        children = nursery.around(parents[0], belief, request.strength, request.count)
    else:
        children = nursery.among(
            parents, belief, request.strength, request.count, request.descent
        )
    slopes = property_slopes(model)
    near = _kinship(parents, request.votes)
    return {
        "children": [_told(child, slopes) for child in children],
        "place": _short(parents[0].place),
        "kinship": round(near, 3),
        "mate": nursery.mate(parents).to_dict() if near >= INBRED else None,
        "taste": _taste(belief, request.votes, children, slopes, space, rng),
        "properties": list(slopes),
    }


def space_of(model: Model) -> Space:
    """Return the space of ``model``, measured once; only the render thread asks."""
    if model.fingerprint not in _spaces:
        _spaces[model.fingerprint] = Space.of(model)
    return _spaces[model.fingerprint]


def _taste(
    belief: Belief,
    votes: Sequence[Vote],
    children: Sequence[Child],
    slopes: dict[str, np.ndarray],
    space: Space,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """What has been learnt: in properties and words, and how sure the first tile is."""
    along = {
        name: (space.vectors @ rows.mean(axis=0)) * space.spreads
        for name, rows in slopes.items()
    }
    return {
        "votes": len(votes),
        "sure": certainty(belief, children[0].place, rng),
        "learnt": [vars(one) for one in leanings(votes, along)],
    }


def _kinship(parents: Sequence[Parent], votes: Sequence[Vote]) -> float:
    """How alike the parents are; of a single one, the branch that led to it."""
    if len(parents) > 1:
        return kinship(np.stack([parent.place for parent in parents]))
    taken = [vote.place for vote in votes if vote.kind == "chosen"]
    branch = [place[:WIDEST] for place in taken[-BRANCH:]]
    return kinship(np.array(branch)) if len(branch) == BRANCH else 0.0


def _told(child: Child, slopes: dict[str, np.ndarray]) -> dict[str, Any]:
    return {
        "role": child.role,
        "recipe": child.recipe.to_dict(),
        "place": _short(child.place),
        "changes": differences(child.change, slopes),
    }


def _short(place: np.ndarray) -> list[float]:
    return [round(float(number), 2) for number in place[:DIMENSIONS]]


def _read_locks(value: object) -> Locks:
    data = fields.an_object(value, "locks")
    known = ("directions", "properties", "composition", "detail")
    fields.check_keys(data, "locks.", known, ())
    lists = [
        tuple(
            fields.a_name(name, f"locks.{key}")
            for name in fields.a_list(data.get(key, []), f"locks.{key}", 0, 64)
        )
        for key in known[:2]
    ]
    halves = [data.get(key, False) for key in known[2:]]
    if not all(isinstance(half, bool) for half in halves):
        raise InputError("children_lock")
    return Locks(lists[0], lists[1], *halves)


def _read_descent(value: object, parents: int) -> Descent:
    data = fields.an_object(value, "descent")
    fields.check_keys(data, "descent.", ("form", "paint"), ())
    numbers = [
        tuple(
            fields.an_integer(number, f"descent.{key}", 0, parents - 1)
            for number in fields.a_list(data.get(key, []), f"descent.{key}", 0, PARENTS)
        )
        for key in ("form", "paint")
    ]
    return Descent(*map(tuple, map(dict.fromkeys, numbers)))


def _read_vote(value: object, index: int) -> Vote:
    path = f"votes[{index}]"
    data = fields.an_object(value, path)
    fields.check_keys(data, f"{path}.", ("kind", "place", "over"), ("kind", "place"))
    if data["kind"] not in KINDS:
        raise InputError("children_vote", kind=data["kind"])
    over = fields.a_list(data.get("over", []), f"{path}.over", 0, RIVALS)
    places = [_read_place(place, path) for place in (data["place"], *over)]
    if len({len(place) for place in places}) > 1:
        raise InputError("children_vote", kind=data["kind"])
    return Vote(data["kind"], places[0], tuple(places[1:]))


def _read_place(value: object, path: str) -> tuple[float, ...]:
    numbers = fields.a_list(value, f"{path}.place", 1, DIMENSIONS)
    return tuple(fields.a_number(x, f"{path}.place", -FAR, FAR) for x in numbers)
