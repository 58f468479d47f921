"""Words for a page: what a sentence means to a model, and a work that suits it.

``POST /studio/words`` takes ``{"text", "recipe", "stay"}`` and gives what was
understood as what, how sure, what is unknown, and the recipe moved there: from the
start that suits the sentence best of some hundreds, or, to ``stay``, from its own.
``GET /studio/presets?model=`` gives phrases worth starting from, each with its recipe.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio import recipe_fields as fields
from studio.checkpoint import fingerprint, list_models, locate, read_card
from studio.errors import InputError, ModelError
from studio.latent.phrases import TEXT_LIMIT
from studio.latent.presets import presets_for
from studio.latent.words import (
    Understanding,
    direct,
    suit,
    temper,
    understand,
    vocabulary,
)
from studio.recipe import SEED_MAX, Recipe, Seed, read_json
from studio.server.guards import Endpoint, read_body
from studio.server.worker import RenderWorker

if TYPE_CHECKING:
    from studio.model import Model

LIMIT = 300 * 1024  # bytes of a request: a recipe's own limit, and a sentence
STARTS = 256  # seeds of which the one that suits a sentence best is the start


def table(worker: RenderWorker) -> list[tuple[str, str, Endpoint]]:
    """Give method, path and endpoint of each address."""
    return [
        ("POST", "/words", partial(hear, worker)),
        ("GET", "/presets", partial(offer, worker)),
    ]


@dataclass(frozen=True)
class Sentence:
    """What a page asks for, checked."""

    text: str
    recipe: Recipe
    stay: bool


async def hear(worker: RenderWorker, request: Request) -> Response:
    """``POST /studio/words``: what a sentence means, and the work that it leads to."""
    sentence = read_sentence(read_json(await read_body(request, LIMIT), LIMIT))
    found, recipe = await run_in_threadpool(_understand, sentence)
    if found.amounts and not sentence.stay:
        start = worker.ask(recipe.model, partial(choose_start, found, recipe, None))
        seed = await asyncio.wrap_future(start)
        recipe = replace(recipe, source=seed)
    return JSONResponse(found.to_dict() | {"recipe": recipe.to_dict()})


async def offer(worker: RenderWorker, request: Request) -> Response:
    """``GET /studio/presets?model=``: presets that the model understands."""
    name = request.query_params.get("model", "")
    card, mark = await run_in_threadpool(_open_card, name)
    plain = Recipe(name, mark, Seed(0), float(card["default_variety"]))
    known = await run_in_threadpool(presets_for, vocabulary(card))
    told = []
    for preset, found in known:
        # always the same ones, so that its picture is what a click leads to
        start = worker.ask(name, partial(choose_start, found, plain, 0))
        seed = await asyncio.wrap_future(start)
        recipe = direct(replace(plain, source=seed), found, card)
        told.append(vars(preset) | found.to_dict() | {"recipe": recipe.to_dict()})
    return JSONResponse({"presets": told})


def read_sentence(data: object) -> Sentence:
    """Check ``data`` (parsed JSON). Raises InputError, RecipeError."""
    body = fields.an_object(data, "words")
    fields.check_keys(body, "", ("text", "recipe", "stay"), ("text", "recipe"))
    text = body["text"]
    if not isinstance(text, str) or not text.strip():
        raise InputError("words_empty")
    if len(text) > TEXT_LIMIT:
        raise InputError("words_long", limit=TEXT_LIMIT)
    recipe = Recipe.from_dict(body["recipe"])
    return Sentence(text, recipe, body.get("stay") is True)


def _understand(sentence: Sentence) -> tuple[Understanding, Recipe]:
    recipe = sentence.recipe
    card, _ = _open_card(recipe.model)
    found = temper(understand(sentence.text, vocabulary(card)), card)
    return found, direct(recipe, found, card)


def _open_card(name: str) -> tuple[dict[str, Any], str]:
    """Give card and fingerprint of an installed model. Raises ModelError."""
    if not any(model["name"] == name for model in list_models()):
        raise ModelError("model_missing", name=name)
    folder = locate(name)
    return read_card(folder), fingerprint(folder)


def choose_start(
    found: Understanding, recipe: Recipe, first: int | None, model: Model
) -> Seed:
    """Choose the seed that suits a sentence best, from `first` on or from anywhere."""
    from studio.latent.measuring import foretell

    if first is None:
        first = secrets.randbelow(SEED_MAX - STARTS)
    seeds = range(first, first + STARTS)
    w = model.truncated(model.map_seeds(seeds), recipe.variety)
    values = foretell(model, w)
    if not values:  # a model that knows kinds alone has nothing to choose by
        return Seed(first)
    scores = [
        suit(found, {name: float(of[i]) for name, of in values.items()})
        for i in range(STARTS)
    ]
    return Seed(seeds[scores.index(max(scores))])
