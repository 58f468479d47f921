"""Whether a work is a copy, and how creative works are, for a page.

``POST /studio/near`` takes ``{"recipe"}`` and gives ``{"near", "problem"}``: the three
pictures that come nearest, of those that the model learnt from, and how near that is;
or else why that cannot be told. ``POST /studio/creativity`` takes ``{"recipes"}``, up
to eight of one model, and gives ``{"works", "problem"}``: how novel and how plausible
each is, two numbers that are never made one. ``POST /studio/card`` takes ``{"recipe",
"parents", "language"}`` and gives the work's card, a file in Markdown.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio import recipe_fields as fields
from studio.checkpoint import installed, read_card
from studio.language import LANGUAGES
from studio.recipe import Recipe, read_json
from studio.server.guards import Endpoint, read_body
from studio.server.worker import RenderWorker

if TYPE_CHECKING:
    from studio.model import Model

LIMIT = 260 * 1024  # bytes of a request: one recipe
MOST = 8  # works compared in one go
PARENTS = 16
TOGETHER = 2  # works rendered in one go: so long a moving hand may be held up


def table(worker: RenderWorker) -> list[tuple[str, str, Endpoint]]:
    """Give method, path and endpoint of each address."""
    comparer = Comparer(worker)
    return [
        ("POST", "/near", comparer.near),
        ("POST", "/creativity", comparer.creativity),
        ("POST", "/card", comparer.card),
    ]


class Comparer:
    """Compares works with pictures, some at a time, beside the render thread.

    The measuring network takes a tenth of a second: frames must not wait for it.
    """

    def __init__(self, worker: RenderWorker) -> None:
        self._worker = worker
        self._desk = asyncio.Semaphore(1)

    async def near(self, request: Request) -> Response:
        """``POST /studio/near``: which pictures a work comes nearest to."""
        body = await _read(request, LIMIT, "near", ("recipe",))
        return JSONResponse(await self._find(Recipe.from_dict(body["recipe"])))

    async def creativity(self, request: Request) -> Response:
        """``POST /studio/creativity``: how novel and how plausible works are."""
        body = await _read(request, MOST * LIMIT, "creativity", ("recipes",))
        recipes = _recipes(body["recipes"], "recipes", 1, MOST)
        name = recipes[0].model
        problem = await run_in_threadpool(_problem, name)
        if problem:
            return JSONResponse({"works": None, "problem": problem})
        parts = [
            await self._render(name, recipes[i : i + TOGETHER])
            for i in range(0, len(recipes), TOGETHER)
        ]
        async with self._desk:
            found = await run_in_threadpool(_judge, name, np.concatenate(parts))
        return JSONResponse(found)

    async def card(self, request: Request) -> Response:
        """``POST /studio/card``: the card of a work, to keep beside it."""
        from studio.export.work_card import write_work_card

        known = ("recipe", "parents", "language")
        body = await _read(request, (1 + PARENTS) * LIMIT, "card", known, known[:1])
        recipe = Recipe.from_dict(body["recipe"])
        parents = _recipes(body.get("parents", []), "parents", 0, PARENTS)
        asked = body.get("language")
        language = asked if asked in LANGUAGES else LANGUAGES[0]
        found = await self._find(recipe)
        card = await run_in_threadpool(lambda: read_card(installed(recipe.model)))
        told = write_work_card(recipe, card, found, language, parents)
        headers = {"Content-Disposition": 'attachment; filename="work.md"'}
        return Response(told, media_type="text/markdown", headers=headers)

    async def _find(self, recipe: Recipe) -> dict[str, Any]:
        pixels = await self._render(recipe.model, [recipe])
        async with self._desk:
            return await run_in_threadpool(_compare, recipe.model, pixels[0])

    async def _render(self, name: str, recipes: list[Recipe]) -> np.ndarray:
        task = self._worker.ask(name, partial(_paint, recipes))
        return await asyncio.wrap_future(task)


async def _read(
    request: Request,
    limit: int,
    name: str,
    known: tuple[str, ...],
    needed: tuple[str, ...] | None = None,
) -> dict[str, Any]:
    text = await read_body(request, limit)
    body = fields.an_object(read_json(text, limit), name)
    fields.check_keys(body, "", known, known if needed is None else needed)
    return body


def _recipes(given: object, name: str, low: int, high: int) -> list[Recipe]:
    return [Recipe.from_dict(each) for each in fields.a_list(given, name, low, high)]


def _paint(recipes: list[Recipe], model: Model) -> np.ndarray:
    """Runs on the render thread."""
    return model.render(recipes)


def _problem(name: str) -> dict[str, Any] | None:
    """Say why nothing can be compared, before anything is rendered for it."""
    from studio.evaluation.nearness import find_problem

    folder = installed(name)
    return find_problem(folder, read_card(folder))


def _judge(name: str, pixels: np.ndarray) -> dict[str, Any]:
    from studio.evaluation.nearness import judge_works

    folder = installed(name)
    return judge_works(folder, read_card(folder), pixels)


def _compare(name: str, pixels: np.ndarray) -> dict[str, Any]:
    from studio.evaluation.nearness import find_near

    folder = installed(name)
    return find_near(folder, read_card(folder), lambda: pixels)
