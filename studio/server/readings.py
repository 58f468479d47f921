"""Pictures become works, for a page that remembers everything itself.

``POST /studio/picture?model=NAME`` takes a picture's bytes and gives the recipe of
what the model sees in it; with ``board=1`` the picture is a PNG whose alpha says where
pieces lie, and the model completes it, with ``chance=SEED`` in another way. ``POST
/studio/polish`` takes ``{"recipe"}`` and brings it nearer to its picture, in steps.

Both answer with lines of JSON: ``{"share"}`` says how far it has come (learning how to
read a model the first time, or polishing, with the recipe so far), the last line is
``{"recipe", "outside"}`` or ``{"error"}``. Whoever hangs up has cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Generator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from PIL import Image
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio import recipe_fields as fields
from studio.checkpoint import installed, read_card
from studio.errors import InputError
from studio.latent.space import grow
from studio.recipe import DEFAULT_VARIETY, VARIETY_MAX, Recipe, read_json
from studio.recipe_parts import source_to_dict
from studio.server.guards import Endpoint, read_body
from studio.server.picks import Patient
from studio.server.worker import RenderWorker, in_words
from studio.training.dataset import FORMATS, load_picture, take_whole

if TYPE_CHECKING:
    from studio.latent.reading import Reader
    from studio.model import Model

PICTURE_LIMIT = 32 * 2**20  # bytes
PATIENCE = 120.0  # seconds that a picture may take to come
POLISH_LIMIT = 260 * 1024
READS = 4  # pictures that are opened at once
AT_ONCE = 2  # works that are polished
READERS = 2  # as many as models are open
FAITHFUL = 0.5
TOLD_EVERY = 4  # steps of polishing
# A JPEG is reduced while it is decoded; of all else so many are held at once.
MOST_PIXELS = 24_000_000
MOST_BOARD = 2048  # pixels a side of a board, which the page sends at the model's size

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
        self._readers: OrderedDict[str, Reader] = OrderedDict()

    def table(self) -> list[tuple[str, str, Endpoint]]:
        """Give method, path and endpoint of each address."""
        return [
            ("POST", "/picture", self.picture),
            ("POST", "/polish", self.polish),
            ("POST", "/style", self.style),
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
            pixels = await run_in_threadpool(take, data, size)

        def task(model: Model) -> Line:
            return _compose(model, self._reader(model), pixels, chance)

        return self._answer(self._read(name, task))

    async def polish(self, request: Request) -> Response:
        """``POST /studio/polish``: the w of a work's picture, nearer with each step."""
        text = await read_body(request, POLISH_LIMIT)
        body = fields.an_object(read_json(text, POLISH_LIMIT), "polish")
        fields.check_keys(body, "", ("recipe",), ("recipe",))
        recipe = Recipe.from_dict(body["recipe"])
        if recipe.residual is None:
            raise InputError("recipe_no_picture")
        await self._ask(recipe.model, lambda model: model.check(recipe))
        return self._answer(self._polish(recipe))

    async def style(self, request: Request) -> Response:
        """``POST /studio/style``: ``{"source"}`` that looks like a work at a variety.

        Takes ``{"recipe", "variety"}``; sliders and mixes of the work are in it.
        """
        text = await read_body(request, POLISH_LIMIT)
        body = fields.an_object(read_json(text, POLISH_LIMIT), "style")
        fields.check_keys(body, "", ("recipe", "variety"), ("recipe",))
        recipe = Recipe.from_dict(body["recipe"])
        variety = fields.a_number(
            body.get("variety", DEFAULT_VARIETY), "variety", 0, VARIETY_MAX
        )
        bare = replace(recipe, variety=variety, directions=(), mix=(), kinds=())

        def task(model: Model) -> Line:
            grown = grow(bare, model.style(recipe), model)
            return {"source": source_to_dict(grown.source)}

        return JSONResponse(await self._ask(recipe.model, task))

    def _answer(self, lines: AsyncIterator[Line]) -> Response:
        return Patient(_told(lines), lambda: None, media_type="application/x-ndjson")

    async def _read(
        self, name: str, task: Callable[[Model], Line]
    ) -> AsyncIterator[Line]:
        async for share in self._learn(name):
            yield {"share": round(share, 3)}
        yield await self._ask(name, task)

    async def _polish(self, recipe: Recipe) -> AsyncIterator[Line]:
        async with self._stools:
            async for _ in self._learn(recipe.model):
                yield {"share": 0.0}
            name = recipe.model
            steps = await self._ask(name, partial(self._begin, recipe))
            try:
                while line := await self._ask(name, partial(_advance, steps)):
                    yield line
            finally:
                steps.close()

    def _begin(self, recipe: Recipe, model: Model) -> Generator[Line, None, None]:
        return _polishing(model, self._reader(model), recipe)

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
        while len(self._readers) > READERS:
            self._readers.popitem(last=False)

    def _reader(self, model: Model) -> Reader:
        from studio.latent.reading import Reader

        if model.fingerprint not in self._readers:  # others' models came between
            self._keep(model, Reader.of(model))
        return self._readers[model.fingerprint]

    async def _ask(self, name: str, task: Callable[[Model], T]) -> T:
        return await asyncio.wrap_future(self._worker.ask(name, task))


def _advance(steps: Generator[T, None, None], _: Model) -> T | None:
    return next(steps, None)


def _is_heavy(data: bytes) -> bool:
    """Tell by its head whether a picture takes more to decode than it may."""
    with (
        contextlib.suppress(Exception),
        Image.open(io.BytesIO(data), formats=FORMATS) as head,
    ):
        return head.format != "JPEG" and head.width * head.height > MOST_PIXELS
    return False


def read_chance(text: str) -> int | None:
    """Read the seed of another reading; none where nothing is said."""
    return Recipe.parse_seed(text) if text else None


def take_picture(data: bytes, resolution: tuple[int, int]) -> np.ndarray:
    """Take the centre of a stranger's picture: uint8 [H,W,3]. Raises InputError.

    Its format and size are read from its head and refused before it is decoded; it is
    turned upright, and only the first of several frames counts.
    """
    if _is_heavy(data):
        raise InputError("picture_heavy", limit=MOST_PIXELS // 10**6)
    picture = load_picture(io.BytesIO(data), resolution, quick=2 * max(resolution))
    if picture is None:
        raise InputError("picture_unreadable")
    return take_whole(picture, resolution)


def take_board(data: bytes, resolution: tuple[int, int]) -> np.ndarray:
    """Take a board with its pieces: uint8 [H,W,4]. Raises InputError."""
    height, width = resolution
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as board:
            if max(board.size) > MOST_BOARD:
                raise InputError("picture_unreadable")
            whole = board.convert("RGBA").resize((width, height), Image.Resampling.BOX)
            return np.asarray(whole)
    except InputError:
        raise
    except Exception as problem:  # decoders of broken files raise whatever they like
        raise InputError("picture_unreadable") from problem


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


def _polishing(
    model: Model, reader: Reader, recipe: Recipe
) -> Generator[Line, None, None]:
    """Polish a recipe, a step at a time; on the render thread."""
    from studio.latent import inversion

    latents, start = inversion.revive(model, recipe)
    readings = inversion.polish(model, reader, latents, start)
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
