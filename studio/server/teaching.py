"""Words that a person teaches, for a page that remembers them itself.

``POST /studio/teach`` takes ``{"name", "more": [recipe, ...], "less": [...]}``, works
that show what the name means and works that do not, and gives the word: the step of w
that recipes carry, how far it can be trusted, and what it changes that is measured.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio import recipe_fields as fields
from studio.direction import pack_step, step_of
from studio.errors import InputError
from studio.latent.space import Space
from studio.latent.teaching import MOST, MOST_LESS, Teacher, check_name
from studio.recipe import Recipe, read_json
from studio.recipe_parts import step_to_text
from studio.server.children import space_of
from studio.server.guards import Endpoint, read_body
from studio.server.worker import RenderWorker

if TYPE_CHECKING:
    from studio.model import Model

LIMIT = 4 * 2**20  # bytes of a request: forty works, some with what they were found by
AT_ONCE = 2  # words that are learnt
STRANGERS = 1024
FAINT = 0.05  # standard deviations; what changes less is not told


def table(worker: RenderWorker) -> list[tuple[str, str, Endpoint]]:
    """Give method, path and endpoint of each address."""
    doors = asyncio.Semaphore(AT_ONCE)
    return [("POST", "/teach", partial(teach, worker, doors))]


@dataclass(frozen=True)
class Marked:
    """What a page has marked, checked: a name, and works of one model."""

    name: str
    more: tuple[Recipe, ...]
    less: tuple[Recipe, ...]


@dataclass(frozen=True)
class _Scene:
    """What a word is learnt from, as the render thread has seen it.

    `more` and `less` are places, `slopes` [K, D] how the measures `measured` grow.
    """

    space: Space
    teacher: Teacher
    more: np.ndarray
    less: np.ndarray
    measured: tuple[str, ...]
    slopes: np.ndarray


async def teach(
    worker: RenderWorker, doors: asyncio.Semaphore, request: Request
) -> Response:
    """``POST /studio/teach``: a word, learnt from works that a person marked."""
    marked = read_marked(read_json(await read_body(request, LIMIT), LIMIT))
    async with doors:
        asked = worker.ask(marked.more[0].model, partial(_look, marked))
        scene = await asyncio.wrap_future(asked)
        return JSONResponse(await run_in_threadpool(_learn, marked, scene))


def read_marked(data: object) -> Marked:
    """Check ``data`` (parsed JSON). Raises InputError, RecipeError."""
    body = fields.an_object(data, "teach")
    fields.check_keys(body, "", ("name", "more", "less"), ("name", "more"))
    name = check_name(body["name"])
    lists = []
    for key, least, most in (("more", 1, MOST), ("less", 0, MOST_LESS)):
        items = fields.a_list(body.get(key, []), key, least, most)
        lists.append(tuple(Recipe.from_dict(item) for item in items))
    works = (*lists[0], *lists[1])
    if len({(work.model, work.fingerprint) for work in works}) > 1:
        raise InputError("taught_models")
    return Marked(name, *lists)


def _look(marked: Marked, model: Model) -> _Scene:
    """Runs on the render thread."""
    space = space_of(model)
    names = {name.casefold() for name in (*model.by_name, *model.kinds)}
    if marked.name.casefold() in names:
        raise InputError("taught_known", name=marked.name)
    w = model.map_seeds(range(STRANGERS))
    works = model.truncated(w, float(model.card["default_variety"]))
    measured, slopes = slopes_of(model, space)
    return _Scene(
        space,
        Teacher(space.spreads, slopes, _places(space, works)),
        _places(space, [model.style(recipe) for recipe in marked.more]),
        _places(space, [model.style(recipe) for recipe in marked.less]),
        measured,
        slopes,
    )


def slopes_of(model: Model, space: Space) -> tuple[tuple[str, ...], np.ndarray]:
    """Give what a model measures, and how it grows with places: [K, D], K may be 0."""
    from studio.latent.measuring import readouts_of

    names, rows = readouts_of(model)
    return names, (rows @ space.vectors.T) * space.spreads


def places_of_steps(space: Space, recipe: Recipe) -> dict[str, np.ndarray]:
    """Give the taught words of a recipe as changes of place [D]."""
    return {
        name: (space.vectors @ step_of(step)) / space.spreads
        for name, step in recipe.taught
    }


def _places(space: Space, styles: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    places = [space.place(style) for style in styles]
    return np.array(places).reshape(-1, len(space.centre))


def _learn(marked: Marked, scene: _Scene) -> dict[str, Any]:
    lesson = scene.teacher.teach(scene.more, scene.less)
    changes = scene.slopes @ lesson.change
    effects = {
        name: round(float(change), 3)
        for name, change in zip(scene.measured, changes, strict=True)
        if abs(change) >= FAINT
    }
    first = marked.more[0]
    return {
        "name": marked.name,
        "model": first.model,
        "fingerprint": first.fingerprint,
        "step": step_to_text(pack_step(scene.space.step(lesson.change))),
        "agreement": lesson.agreement,
        "sure": lesson.sure,
        "certainty": lesson.certainty,
        "effects": effects,
        "more": len(marked.more),
        "less": len(marked.less),
    }
