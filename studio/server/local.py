"""Temporary sliders: directions of the one work on the easel.

``POST /studio/local`` takes ``{"recipe"}`` and gives ``{"w", "variety",
"directions"}``: the work's w as a source, and for each direction ``rows``, what one
standard deviation along it adds to every row of that source, with its measured effects.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio import recipe_fields as fields
from studio.latent.space import DIGITS, grow
from studio.recipe import Recipe, Style, read_json
from studio.server.children import space_of
from studio.server.guards import Endpoint, read_body
from studio.server.recent import Recent
from studio.server.worker import RenderWorker

if TYPE_CHECKING:
    from studio.latent.local import Local
    from studio.model import Model

LIMIT = 260 * 1024
COUNT = 5
AT_ONCE = 2  # works that are looked into
MODELS = 4  # whose usual spreads are remembered

T = TypeVar("T")


class Locals:
    """Finds directions of works, in turns that leave the worker to others between."""

    def __init__(self, worker: RenderWorker) -> None:
        self._worker = worker
        self._doors = asyncio.Semaphore(AT_ONCE)
        self._usual: Recent[str, dict[str, float]] = Recent(MODELS)

    def table(self) -> list[tuple[str, str, Endpoint]]:
        """Give method, path and endpoint of each address."""
        return [("POST", "/local", self.find)]

    async def find(self, request: Request) -> Response:
        """``POST /studio/local``: five directions that change this work the most."""
        body = fields.an_object(read_json(await read_body(request, LIMIT)), "local")
        fields.check_keys(body, "", ("recipe",), ("recipe",))
        recipe = Recipe.from_dict(body["recipe"])
        async with self._doors:
            return JSONResponse(await self._find(recipe))

    async def _find(self, recipe: Recipe) -> dict[str, Any]:
        from studio.latent import local

        def look(model: Model) -> tuple[Any, list[Local], Recipe]:
            style = model.style(recipe)
            found = local.local_directions(model, space_of(model), style, COUNT)
            return style, found, grow(recipe, style, model)

        style, found, base = await self._ask(recipe, look)
        usual = await self._ask(recipe, self._usual_of)
        told = []
        for number, one in enumerate(found, 1):
            task = partial(
                local.effects_of, style=style, change=one.change, usual=usual
            )
            effects = await self._ask(recipe, task)
            name = {"name": f"local-{number}", "effects": effects}
            told.append({**name, **_told(one, base)})
        assert isinstance(base.source, Style)
        w = [list(row) for row in base.source.rows]
        return {"w": w, "variety": base.variety, "directions": told}

    async def _ask(self, recipe: Recipe, task: Callable[[Model], T]) -> T:
        return await asyncio.wrap_future(self._worker.ask(recipe.model, task))

    def _usual_of(self, model: Model) -> dict[str, float]:
        """Runs on the render thread, which alone touches what is remembered."""
        from studio.latent.local import usual_spreads

        if model.fingerprint not in self._usual:
            self._usual[model.fingerprint] = usual_spreads(model)
        return self._usual[model.fingerprint]


def _told(one: Local, base: Recipe) -> dict[str, Any]:
    """A direction in the numbers of the base's source, which variety then shrinks."""
    rows = [round(float(x) / base.variety, DIGITS) for x in one.change]
    return {"share": round(one.share, 3), "rows": rows}
