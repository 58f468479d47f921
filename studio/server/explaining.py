"""Why a work looks as it does, for a page.

``POST /studio/why`` takes ``{"recipe", "parent"}`` (the work before, or null) and gives
``{"en": [...], "zh": [...]}``, the paragraphs of its wall text in both languages.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio import recipe_fields as fields
from studio.language import LANGUAGES
from studio.latent.explanation import explain
from studio.latent.wall_text import tell
from studio.recipe import Recipe, read_json
from studio.server.guards import Endpoint, read_body
from studio.server.recent import Recent
from studio.server.worker import RenderWorker

if TYPE_CHECKING:
    from studio.model import Model

LIMIT = 520 * 1024  # bytes of a request: two recipes
MODELS = 4  # of which it is remembered what is usual


def table(worker: RenderWorker) -> list[tuple[str, str, Endpoint]]:
    """Give method, path and endpoint of each address."""
    return [("POST", "/why", Explainer(worker).why)]


class Explainer:
    """Explains works. What is usual for a model costs seconds, once."""

    def __init__(self, worker: RenderWorker) -> None:
        self._worker = worker
        self._usual: Recent[str, dict[str, np.ndarray]] = Recent(MODELS)
        self._door = asyncio.Lock()

    async def why(self, request: Request) -> Response:
        """``POST /studio/why``: the wall text of a work."""
        text = await read_body(request, LIMIT)
        body = fields.an_object(read_json(text, LIMIT), "why")
        fields.check_keys(body, "", ("recipe", "parent"), ("recipe",))
        recipe = Recipe.from_dict(body["recipe"])
        told = body.get("parent")
        parent = None if told is None else Recipe.from_dict(told)
        await self._ask(recipe.model, partial(_check, recipe))
        usual = await self._usual_of(recipe)
        task = partial(_explain, recipe, parent, usual)
        return JSONResponse(await self._ask(recipe.model, task))

    async def _usual_of(self, recipe: Recipe) -> dict[str, np.ndarray]:
        """Measure what is usual a few works at a time: others have turns between."""
        from studio.latent.usual import TOGETHER, WORKS, by_name, measure_usual

        mark = recipe.fingerprint
        async with self._door:
            if mark not in self._usual:
                parts = [
                    await self._ask(recipe.model, partial(measure_usual, start=start))
                    for start in range(0, WORKS, TOGETHER)
                ]
                self._usual[mark] = by_name(parts)
            return self._usual[mark]

    async def _ask(self, name: str, task: Any) -> Any:
        return await asyncio.wrap_future(self._worker.ask(name, task))


def _check(recipe: Recipe, model: Model) -> None:
    model.check(recipe)


def _explain(
    recipe: Recipe,
    parent: Recipe | None,
    usual: dict[str, np.ndarray],
    model: Model,
) -> dict[str, list[str]]:
    """Runs on the render thread."""
    from studio.latent.usual import look_at

    look = look_at(model, recipe, usual)
    before = None
    if parent is not None:
        same = (parent.model, parent.fingerprint) == (recipe.model, recipe.fingerprint)
        before = parent, look_at(model, parent, usual) if same else look
    found = explain(model.card, recipe, look, before)
    return {language: tell(found, language) for language in LANGUAGES}
