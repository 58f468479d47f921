"""Whether a work is a copy, for a page.

``POST /studio/near`` takes ``{"recipe"}`` and gives ``{"near", "problem"}``: the three
pictures that come nearest, of those that the model learnt from, and how near that is;
or else why that cannot be told.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio import recipe_fields as fields
from studio.checkpoint import installed, read_card
from studio.recipe import Recipe, read_json
from studio.server.guards import Endpoint, read_body
from studio.server.worker import RenderWorker

if TYPE_CHECKING:
    from studio.model import Model

LIMIT = 260 * 1024  # bytes of a request: one recipe


def table(worker: RenderWorker) -> list[tuple[str, str, Endpoint]]:
    """Give method, path and endpoint of each address."""
    return [("POST", "/near", Comparer(worker).near)]


class Comparer:
    """Compares works with pictures, one at a time, beside the render thread.

    The measuring network takes a tenth of a second: frames must not wait for it.
    """

    def __init__(self, worker: RenderWorker) -> None:
        self._worker = worker
        self._desk = asyncio.Semaphore(1)

    async def near(self, request: Request) -> Response:
        """``POST /studio/near``: which pictures a work comes nearest to."""
        text = await read_body(request, LIMIT)
        body = fields.an_object(read_json(text, LIMIT), "near")
        fields.check_keys(body, "", ("recipe",), ("recipe",))
        recipe = Recipe.from_dict(body["recipe"])

        def render(model: Model) -> np.ndarray:
            return model.render([recipe])[0]

        pixels = await asyncio.wrap_future(self._worker.ask(recipe.model, render))
        async with self._desk:
            found = await run_in_threadpool(_compare, recipe.model, pixels)
        return JSONResponse(found)


def _compare(name: str, pixels: np.ndarray) -> dict[str, Any]:
    from studio.evaluation.nearness import find_near

    folder = installed(name)
    return find_near(folder, read_card(folder), lambda: pixels)
