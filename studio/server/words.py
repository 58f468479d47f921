"""Words for a page: what a sentence means to a model, and a work that suits it.

``POST /studio/words`` takes ``{"text", "recipe", "stay", "taught"}`` and gives what
was understood as what, how sure, what is unknown, and the recipe moved there: from the
start that suits the sentence best of some hundreds, or, to ``stay``, from its own.
``taught`` are the page's own words: ``[{"name", "step", "certainty"}, ...]``.
``GET /studio/presets?model=`` gives phrases worth starting from, each with its recipe.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio import recipe_fields as fields
from studio.checkpoint import edition, fingerprint, installed, read_card
from studio.errors import InputError
from studio.latent.phrases import TEXT_LIMIT
from studio.latent.presets import presets_for
from studio.latent.starts import choose_start
from studio.latent.teaching import foretell_taught
from studio.latent.words import (
    Understanding,
    direct,
    listen,
    vocabulary,
)
from studio.recipe import Recipe, Seed, read_json
from studio.recipe_parts import read_step
from studio.server.children import space_of
from studio.server.guards import Endpoint, read_body
from studio.server.recent import Recent
from studio.server.teaching import places_of_steps
from studio.server.worker import RenderWorker

if TYPE_CHECKING:
    from studio.model import Model

LIMIT = 300 * 1024  # bytes of a request: a recipe's own limit, and a sentence
LISTENED = 2  # sentences that are understood at once; a long one takes a while
MODELS = 4  # whose presets are remembered
MOST_TAUGHT = 40  # words of a person's own


def table(worker: RenderWorker) -> list[tuple[str, str, Endpoint]]:
    """Give method, path and endpoint of each address."""
    ears, offers = asyncio.Semaphore(LISTENED), Offers(worker)
    return [
        ("POST", "/words", partial(hear, worker, ears)),
        ("GET", "/presets", offers.offer),
    ]


@dataclass(frozen=True)
class OwnWord:
    """A word that the person has taught: its step, and whether it is "known"."""

    name: str
    step: bytes
    certainty: str


@dataclass(frozen=True)
class Sentence:
    """What a page asks for, checked."""

    text: str
    recipe: Recipe
    stay: bool
    taught: tuple[OwnWord, ...] = ()


async def hear(
    worker: RenderWorker, ears: asyncio.Semaphore, request: Request
) -> Response:
    """``POST /studio/words``: what a sentence means, and the work that it leads to."""
    sentence = read_sentence(read_json(await read_body(request, LIMIT), LIMIT))
    async with ears:
        found, recipe = await run_in_threadpool(_understand, sentence)
    if found.amounts and not sentence.stay:
        start = worker.ask(recipe.model, partial(_start, found, recipe, None))
        seed = await asyncio.wrap_future(start)
        recipe = replace(recipe, source=seed)
    return JSONResponse(found.to_dict() | {"recipe": recipe.to_dict()})


class Offers:
    """Presets of models, remembered: each costs a look at hundreds of seeds."""

    def __init__(self, worker: RenderWorker) -> None:
        self._worker = worker
        self._known: Recent[str, list[dict[str, Any]]] = Recent(MODELS)
        self._door = asyncio.Lock()

    async def offer(self, request: Request) -> Response:
        """``GET /studio/presets?model=``: presets that the model understands."""
        name = request.query_params.get("model", "")
        card, folder = await run_in_threadpool(_open_card, name)
        mark = await run_in_threadpool(edition, folder)
        async with self._door:
            if mark not in self._known:
                plain = Recipe(name, fingerprint(folder), Seed(0), _variety(card))
                self._known[mark] = await self._find(card, plain)
            return JSONResponse({"presets": self._known[mark]})

    async def _find(self, card: dict[str, Any], plain: Recipe) -> list[dict[str, Any]]:
        known = await run_in_threadpool(presets_for, vocabulary(card))
        told = []
        for preset, _ in known:
            found = listen(preset.phrase, card)
            # always the same ones, so that its picture is what a click leads to
            task = partial(_start, found, plain, 0)
            seed = await asyncio.wrap_future(self._worker.ask(plain.model, task))
            recipe = direct(replace(plain, source=seed), found, card)
            told.append(vars(preset) | found.to_dict() | {"recipe": recipe.to_dict()})
        return told


def read_sentence(data: object) -> Sentence:
    """Check ``data`` (parsed JSON). Raises InputError, RecipeError."""
    body = fields.an_object(data, "words")
    known = ("text", "recipe", "stay", "taught")
    fields.check_keys(body, "", known, ("text", "recipe"))
    text = body["text"]
    if not isinstance(text, str) or not text.strip():
        raise InputError("words_empty")
    if len(text) > TEXT_LIMIT:
        raise InputError("words_long", limit=TEXT_LIMIT)
    recipe = Recipe.from_dict(body["recipe"])
    items = fields.a_list(body.get("taught", []), "taught", 0, MOST_TAUGHT)
    taught = tuple(_read_own(item, f"taught[{i}]") for i, item in enumerate(items))
    return Sentence(text, recipe, body.get("stay") is True, taught)


def _read_own(value: object, path: str) -> OwnWord:
    data = fields.an_object(value, path)
    fields.check_keys(data, f"{path}.", ("name", "step", "certainty"), ("name", "step"))
    sure = data.get("certainty") == "known"
    return OwnWord(
        fields.a_name(data["name"], f"{path}.name"),
        read_step(data["step"], f"{path}.step"),
        "known" if sure else "uncertain",
    )


def _understand(sentence: Sentence) -> tuple[Understanding, Recipe]:
    recipe = sentence.recipe
    card, _ = _open_card(recipe.model)
    card = _with_own(card, sentence.taught)
    found = listen(sentence.text, card, seek=not sentence.stay)
    moved = direct(recipe, found, card)
    for own in sentence.taught:
        if amount := found.amounts.get(own.name):
            moved = moved.with_taught(own.name, amount, own.step)
    return found, moved


def _with_own(card: dict[str, Any], taught: tuple[OwnWord, ...]) -> dict[str, Any]:
    """Give a card as it would be if the model had the person's words."""
    own = [{"name": word.name, "certainty": word.certainty} for word in taught]
    names = {word.name for word in taught}
    words = [word for word in card.get("words", ()) if word["name"] not in names]
    return card | {"words": [*own, *words]}


def _variety(card: dict[str, Any]) -> float:
    return float(card["default_variety"])


def _open_card(name: str) -> tuple[dict[str, Any], Path]:
    """Give card and folder of an installed model. Raises ModelError."""
    folder = installed(name)
    return read_card(folder), folder


def _start(
    found: Understanding, recipe: Recipe, first: int | None, model: Model
) -> Seed:
    """Choose the start of a sentence, by the person's own words too."""
    if not recipe.taught:
        return choose_start(found, recipe, first, model)
    space = space_of(model)
    steps = places_of_steps(space, recipe)

    def more(w: np.ndarray) -> dict[str, np.ndarray]:
        return foretell_taught(steps, np.array([space.place(style) for style in w]))

    return choose_start(found, recipe, first, model, more)
