"""Pictures become works, for a page that remembers everything itself.

``POST /studio/picture?model=NAME`` takes a picture's bytes and gives the recipe of
what the model sees in it; with ``board=1`` the picture is a PNG whose alpha says where
pieces lie, and the model completes it, with ``chance=SEED`` in another way. ``POST
/studio/polish`` takes ``{"recipe", "picture"}`` and brings the work nearer to its
picture, in steps; without one (base64) the autoencoder's copy of it has to do.

Both answer with lines of JSON: ``{"share"}`` says how far it has come (learning how to
read a model the first time, or polishing, with the recipe so far), the last line is
``{"recipe", "outside"}`` or ``{"error"}``. Whoever hangs up has cancelled.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Generator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio import recipe_fields as fields
from studio.checkpoint import installed, read_card
from studio.errors import InputError
from studio.latent.space import grow
from studio.recipe import Recipe, read_json
from studio.recipe_parts import source_to_dict
from studio.server.content import admit_picture
from studio.server.guards import Endpoint, read_body
from studio.server.picks import Patient
from studio.server.recent import Recent
from studio.server.worker import RenderWorker, in_words
from studio.training.scrap import take_board, take_picture

if TYPE_CHECKING:
    from studio.latent.reading import Reader
    from studio.model import Model

PICTURE_LIMIT = 32 * 2**20  # bytes
PATIENCE = 120.0  # seconds that a picture may take to come
POLISH_LIMIT = 4 * 2**20  # a picture of 1,024 pixels a side comes with its work
EXCHANGE_LIMIT = 520 * 1024
HALVES = ("paint", "form")
READS = 4  # pictures that are opened at once
AT_ONCE = 2  # works that are polished
READERS = 2  # as many as models are open
FAITHFUL = 0.5
TOLD_EVERY = 4  # steps of polishing

T = TypeVar("T")
Line = dict[str, Any]


class Readings:
    """Reads and polishes pictures in short turns between everybody's frames."""

    def __init__(self, worker: RenderWorker) -> None:
        self._worker = worker
        self._desks = asyncio.Semaphore(READS)
        self._stools = asyncio.Semaphore(AT_ONCE)
        self._lesson = asyncio.Lock()
        # The render thread alone touches what it has learnt.
        self._readers: Recent[str, Reader] = Recent(READERS)

    def table(self) -> list[tuple[str, str, Endpoint]]:
        """Give method, path and endpoint of each address."""
        return [
            ("POST", "/picture", self.picture),
            ("POST", "/picture/warm", self.warm),
            ("POST", "/polish", self.polish),
            ("POST", "/exchange", self.exchange),
        ]

    async def picture(self, request: Request) -> Response:
        """``POST /studio/picture?model=&board=&chance=``: a picture as a work."""
        asked = request.query_params
        name, board = asked.get("model", ""), asked.get("board") == "1"
        chance = read_chance(asked.get("chance", ""))
        async with self._desks:
            size = await run_in_threadpool(_resolution, name)
            try:
                body = read_body(request, PICTURE_LIMIT)
                data = await asyncio.wait_for(body, PATIENCE)
            except asyncio.TimeoutError as problem:
                raise InputError("too_slow") from problem
            take = take_board if board else take_picture
            pixels = await run_in_threadpool(lambda: admit_picture(take(data, size)))

        def task(model: Model) -> Line:
            return _compose(model, self.reader(model), pixels, chance)

        return self._answer(self._read(name, task))

    async def warm(self, request: Request) -> Response:
        """``POST /studio/picture/warm?model=``: make ready for a first picture.

        A model that has yet to learn how to read is left alone until there is one.
        """
        name = request.query_params.get("model", "")
        await run_in_threadpool(_resolution, name)
        ready = await self._ask(name, self._look) is None
        if ready:
            await self._ask(name, _warm_up)
        return JSONResponse({"ready": ready})

    async def polish(self, request: Request) -> Response:
        """``POST /studio/polish``: the w of a work's picture, nearer with each step."""
        text = await read_body(request, POLISH_LIMIT)
        body = fields.an_object(read_json(text, POLISH_LIMIT), "polish")
        fields.check_keys(body, "", ("recipe", "picture"), ("recipe",))
        recipe = Recipe.from_dict(body["recipe"])
        if recipe.residual is None:
            raise InputError("recipe_no_picture")
        await self._ask(recipe.model, lambda model: model.check(recipe))
        picture = await run_in_threadpool(_unpack, body.get("picture"), recipe.model)
        return self._answer(self._polish(recipe, picture))

    async def exchange(self, request: Request) -> Response:
        """``POST /studio/exchange``: a source with one work's form, another's paint.

        Takes ``{"recipe", "other", "what"}``: with "paint" the recipe keeps its
        composition, with "form" it takes the other's. The ``source`` is for a mix of
        all layers into the recipe.
        """
        text = await read_body(request, EXCHANGE_LIMIT)
        body = fields.an_object(read_json(text, EXCHANGE_LIMIT), "exchange")
        known = ("recipe", "other", "what")
        fields.check_keys(body, "", known, known)
        recipe, other = (Recipe.from_dict(body[key]) for key in known[:2])
        if body["what"] not in HALVES or recipe.model != other.model:
            raise InputError("exchange_kind", what=body["what"])

        def task(model: Model) -> Line:
            turned = body["what"] == "form"
            return _exchange(model, self.reader(model), recipe, other, turned)

        return self._answer(self._read(recipe.model, task))

    async def lend(self, name: str, task: Callable[[Model, Reader], T]) -> T:
        """Run ``task`` with a model and what reads it, on the render thread.

        A model that has yet to learn how to read does so first, in short turns.
        """
        async for _ in self._learn(name):
            pass
        return await self._ask(name, lambda model: task(model, self.reader(model)))

    def _answer(self, lines: AsyncIterator[Line]) -> Response:
        return Patient(_told(lines), lambda: None, media_type="application/x-ndjson")

    async def _read(
        self, name: str, task: Callable[[Model], Line]
    ) -> AsyncIterator[Line]:
        async for share in self._learn(name):
            yield {"share": round(share, 3)}
        yield await self._ask(name, task)

    async def _polish(
        self, recipe: Recipe, picture: np.ndarray | None
    ) -> AsyncIterator[Line]:
        async with self._stools:
            async for _ in self._learn(recipe.model):
                yield {"share": 0.0}
            name = recipe.model
            steps = await self._ask(name, partial(self._begin, recipe, picture))
            try:
                while line := await self._ask(name, partial(_advance, steps)):
                    yield line
            finally:
                steps.close()

    def _begin(
        self, recipe: Recipe, picture: np.ndarray | None, model: Model
    ) -> Generator[Line, None, None]:
        return _polishing(model, self.reader(model), recipe, picture)

    async def _learn(self, name: str) -> AsyncIterator[float]:
        """Yield how far learning to read a model has come, until it is done."""
        async with self._lesson:
            steps = await self._ask(name, self._look)
            while steps is not None:
                share = await self._ask(name, partial(_advance, steps))
                if share is None:
                    return
                yield share

    def _look(self, model: Model) -> Generator[float, None, None] | None:
        from studio.latent.reading import Reader

        if model.fingerprint in self._readers:
            return None
        if kept := Reader.kept(model):
            self._keep(model, kept)
            return None
        return self._lesson_of(model)

    def _lesson_of(self, model: Model) -> Generator[float, None, None]:
        from studio.latent.reading import learning

        self._keep(model, (yield from learning(model)))

    def _keep(self, model: Model, reader: Reader) -> None:
        self._readers[model.fingerprint] = reader

    def reader(self, model: Model) -> Reader:
        """Give what reads a model; for the render thread alone."""
        from studio.latent.reading import Reader

        if model.fingerprint not in self._readers:  # others' models came between
            self._keep(model, Reader.of(model))
        return self._readers[model.fingerprint]

    async def _ask(self, name: str, task: Callable[[Model], T]) -> T:
        return await asyncio.wrap_future(self._worker.ask(name, task))


def _advance(steps: Generator[T, None, None], _: Model) -> T | None:
    return next(steps, None)


def read_chance(text: str) -> int | None:
    """Read the seed of another reading; none where nothing is said."""
    return Recipe.parse_seed(text) if text else None


def _unpack(text: object, name: str) -> np.ndarray | None:
    """Take a picture that comes as base64 in JSON. Raises InputError."""
    if text is None:
        return None
    try:
        data = base64.b64decode(str(text), validate=True)
    except ValueError as problem:
        raise InputError("picture_unreadable") from problem
    return admit_picture(take_picture(data, _resolution(name)))


def _resolution(name: str) -> tuple[int, int]:
    height, width = read_card(installed(name))["resolution"]
    return height, width


def _compose(
    model: Model, reader: Reader, pixels: np.ndarray, chance: int | None
) -> Line:
    """Read a picture [H,W,3], or complete a board [H,W,4]; on the render thread."""
    from studio.latent import fragments, inversion

    if pixels.shape[2] == 4:
        recipe = fragments.complete(model, reader, pixels, chance)
        return {"recipe": recipe.to_dict(), "outside": False}
    latents = inversion.encode(model, pixels)
    rebuilt = inversion.rebuild(model, latents)
    found = inversion.read(model, reader, latents, chance=chance)
    return {
        "recipe": inversion.to_recipe(model, found, FAITHFUL).to_dict(),
        "outside": reader.world.is_outside(pixels, rebuilt),
    }


def _exchange(
    model: Model, reader: Reader, recipe: Recipe, other: Recipe, turned: bool
) -> Line:
    """Put one work's composition and the other's paint together."""
    from studio.latent.exchange import exchange

    # The recipe's own sliders come on top of a mix; the other's are part of it.
    bare = replace(recipe, directions=(), mix=(), patches=(), residual=None)
    pair = [model.style(bare), model.style(other)]
    form, paint = reversed(pair) if turned else pair
    grown = grow(bare, exchange(model, reader, form, paint), model)
    return {"source": source_to_dict(grown.source)}


def _warm_up(model: Model) -> None:
    """Open the networks that pictures are looked at with; on the render thread."""
    from studio.evaluation.features import extract_bands
    from studio.latent.inversion import encode, open_maps

    grey = np.full((*model.resolution, 3), 127, np.uint8)
    extract_bands(grey[None])
    encode(model, grey)
    open_maps()


def _polishing(
    model: Model, reader: Reader, recipe: Recipe, picture: np.ndarray | None
) -> Generator[Line, None, None]:
    """Polish a recipe, a step at a time; on the render thread."""
    from studio.latent import inversion

    latents, start = inversion.revive(model, recipe)
    readings = inversion.polish(
        model, reader, latents, start, picture=picture, every=TOLD_EVERY
    )
    for step, reading in enumerate(readings, 1):
        line: Line = {"share": step / inversion.STEPS}
        if step % TOLD_EVERY == 0 or step == inversion.STEPS:
            line["recipe"] = inversion.renew(recipe, reading).to_dict()
        yield line


async def _told(lines: AsyncIterator[Line]) -> AsyncIterator[bytes]:
    """Write lines as JSON; what goes wrong under way is the last of them."""
    try:
        async for line in lines:
            yield json.dumps(line, ensure_ascii=False).encode() + b"\n"
    except Exception as problem:
        told = {"error": in_words(problem).as_dict()}
        yield json.dumps(told, ensure_ascii=False).encode() + b"\n"
