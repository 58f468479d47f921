"""What somebody picked of many works: a ZIP of their files, and a contact sheet.

Both take ``{"works": [{"number", "recipe"}, ...]}``, the numbers being those on the
screen, so that a file, its place on the sheet and its tile are known by one number.
Both take a ``credit``, and a ZIP the ``form`` of its files, as ``/studio/save`` does; a
sheet takes the ``language`` of its words.
"""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from studio import recipe_fields as fields
from studio.errors import InputError, RecipeError
from studio.export.metadata import Credit, credited, statement_of
from studio.export.saved import Form
from studio.export.sheet import Entry, draw_sheet
from studio.language import LANGUAGES
from studio.model_card import words_of
from studio.recipe import Recipe, read_json
from studio.server.content import admit_picture
from studio.server.guards import Endpoint, read_body
from studio.server.press import Press, file_name, read_credit, read_form

if TYPE_CHECKING:
    import numpy as np

    from studio.model import Model

LIMIT = 4 * 2**20  # bytes of a request: 64 explicit w of a large model are 1 MB
WORKS = 64
HIGHEST = 9999
# ZIPs under way at once; one whose reader takes nothing for so long (seconds) ends.
ZIPS = 8
PATIENCE = 60.0
SHEETS = 2  # drawn at once: each holds all its pictures
TOGETHER = 4  # pictures of a sheet that are rendered in one turn of the worker

Picks = list[tuple[int, Recipe]]
How = tuple[Form, Credit]


class Packer:
    """Makes ZIPs and sheets of picks."""

    def __init__(self, press: Press) -> None:
        self._press = press
        self._under_way = 0
        self._tables = asyncio.Semaphore(SHEETS)

    def table(self) -> list[tuple[str, str, Endpoint]]:
        """Give method, path and endpoint of each address."""
        return [("POST", "/picks/zip", self.zip), ("POST", "/picks/sheet", self.sheet)]

    async def zip(self, request: Request) -> Response:
        """``POST /studio/picks/zip``: every work as its canonical PNG, streamed."""
        body = await run_in_threadpool(read_body_of, await read_body(request, LIMIT))
        picks, how = read_picks(body), read_how(body)
        if self._under_way >= ZIPS:
            raise InputError("busy")
        self._under_way += 1
        try:
            # What cannot be made at all is told before anything is sent.
            first = await self._file(*picks[0], how)
        except BaseException:
            self._ended()
            raise
        name = f'attachment; filename="{_stem(picks)}-picks.zip"'
        return Patient(
            self._stream(picks, how, first),
            self._ended,
            media_type="application/zip",
            headers={"Content-Disposition": name},
        )

    async def _stream(
        self, picks: Picks, how: How, first: tuple[str, bytes]
    ) -> AsyncIterator[bytes]:
        """One file after the other; an error breaks the stream off, which is seen."""
        outbox = _Outbox()
        with zipfile.ZipFile(outbox, "w", zipfile.ZIP_STORED) as archive:
            for index, pick in enumerate(picks):
                name, file = await self._file(*pick, how) if index else first
                entry = zipfile.ZipInfo(name)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, file)
                yield outbox.take()
        yield outbox.take()

    async def _file(self, number: int, recipe: Recipe, how: How) -> tuple[str, bytes]:
        """Give a work's name and file, or a text where the content check refuses it."""
        try:
            file = await self._press.make(recipe, *how)
        except InputError as problem:
            if problem.code != "content_refused":
                raise
            told = "\n".join(problem.say(language) for language in LANGUAGES)
            return f"{number:02d}-refused.txt", told.encode()
        return f"{number:02d}-{file_name(recipe, how[0])}", file

    def _ended(self) -> None:
        self._under_way -= 1

    async def sheet(self, request: Request) -> Response:
        """``POST /studio/picks/sheet``: all works on one page, numbered."""
        async with self._tables:
            return await self._sheet(request)

    async def _sheet(self, request: Request) -> Response:
        body = await run_in_threadpool(read_body_of, await read_body(request, LIMIT))
        picks = read_picks(body)
        if len({(recipe.model, recipe.fingerprint) for _, recipe in picks}) > 1:
            raise InputError("picks_models")
        entries: list[Entry] = []
        for start in range(0, len(picks), TOGETHER):
            part = picks[start : start + TOGETHER]
            recipes = [recipe for _, recipe in part]
            pixels, card = await self._ask(recipes)
            for made in pixels:
                await run_in_threadpool(admit_picture, made)
            entries += map(Entry, *zip(*part, strict=True), pixels)
        language = body.get("language")
        language = language if language in LANGUAGES else LANGUAGES[0]
        title = words_of(card, "title", language) or picks[0][1].model
        statement = credited(statement_of(card), read_credit(body.get("credit")))
        draw = partial(draw_sheet, entries, title, statement, language)
        name = f'attachment; filename="{_stem(picks)}-sheet.png"'
        return Response(
            await run_in_threadpool(draw),
            media_type="image/png",
            headers={"Content-Disposition": name},
        )

    async def _ask(self, recipes: list[Recipe]) -> tuple[np.ndarray, dict]:
        def render(model: Model) -> tuple[np.ndarray, dict]:
            return model.render(recipes), model.card

        asked = self._press.worker.ask(recipes[0].model, render)
        return await asyncio.wrap_future(asked)


def read_body_of(text: bytes) -> dict[str, Any]:
    """Check the shape of a request. Raises RecipeError."""
    body = fields.an_object(read_json(text, LIMIT), "picks")
    known = ("works", "form", "credit", "language")
    fields.check_keys(body, "", known, ("works",))
    return body


def read_how(body: dict[str, Any]) -> How:
    """Check the form and the credit of all files. Raises InputError.

    Sixty-four prints would take an hour: those are made one at a time.
    """
    form = read_form(body.get("form"))
    if form.scale > 1:
        raise InputError("picks_print")
    return form, read_credit(body.get("credit"))


def read_picks(body: dict[str, Any]) -> Picks:
    """Check the works of a request: 1 to 64, no number twice. Raises RecipeError."""
    picks: Picks = []
    for index, item in enumerate(fields.a_list(body["works"], "works", 1, WORKS)):
        path = f"works[{index}]"
        work = fields.an_object(item, path)
        fields.check_keys(work, f"{path}.", ("number", "recipe"), ("number", "recipe"))
        number = fields.an_integer(work["number"], f"{path}.number", 1, HIGHEST)
        if any(number == other for other, _ in picks):
            raise RecipeError("recipe_twice", field=f"{path}.number", value=number)
        picks.append((number, Recipe.from_dict(work["recipe"])))
    return picks


def _stem(picks: Picks) -> str:
    return file_name(picks[0][1].with_seed(0)).removesuffix("-0.png")


class _Outbox(io.RawIOBase):
    """What a ZIP has written and nobody has taken yet."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self._parts.append(bytes(data))  # type: ignore[call-overload]
        return len(self._parts[-1])

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


class Patient(StreamingResponse):
    """A stream that stops where its reader takes nothing for a minute."""

    def __init__(
        self, content: AsyncIterator[bytes], ended: Callable[[], None], **how: Any
    ) -> None:
        super().__init__(content, **how)
        self._on_end = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send everything, or stop; either way it has ended."""

        async def waited(message: Message) -> None:
            await asyncio.wait_for(send(message), PATIENCE)

        try:
            await super().__call__(scope, receive, waited)
        finally:
            self._on_end()
