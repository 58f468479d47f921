"""Clips for a page: each becomes a film of what a model sees, frame by frame.

``POST /studio/clips?model=&faithful=&file=`` takes a clip's bytes and gives the number
of a film, which is watched, stopped and fetched as all films are. The clip is kept
until the film is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio.checkpoint import installed, read_card
from studio.errors import InputError
from studio.export.clip import SUFFIXES, Clip, extras_of, open_clip
from studio.export.film import Format, write_film
from studio.server.content import admit_frames
from studio.server.films import Films, Job, unwritten
from studio.server.guards import Endpoint, admit_training
from studio.server.pictures import store_body
from studio.server.readings import FAITHFUL, Readings

if TYPE_CHECKING:
    import numpy as np

    from studio.latent.reading import Reader
    from studio.model import Model

CLIP_LIMIT = 256 * 2**20  # bytes
UPLOADS = 2  # at once

T = TypeVar("T")


class Clips:
    """Makes films of clips, a frame a turn of the worker."""

    def __init__(self, films: Films, readings: Readings) -> None:
        self._films, self._readings = films, readings
        self._doors = asyncio.Semaphore(UPLOADS)

    def table(self) -> list[tuple[str, str, Endpoint]]:
        """Give method, path and endpoint of each address."""
        return [("POST", "/clips", self.bring)]

    async def bring(self, request: Request) -> Response:
        """``POST /studio/clips?model=&faithful=&file=``: begin a film of a clip."""
        admit_training()
        asked = request.query_params
        model, faithful = (
            asked.get("model", ""),
            _read_amount(asked.get("faithful", "")),
        )
        name = Path(asked.get("file", "") or "clip.mp4").name[-80:]
        card = await run_in_threadpool(lambda: read_card(installed(model)))
        self._films.check_room()  # before all of it is sent
        try:
            place = TemporaryDirectory("", "reverie-clip-", ignore_cleanup_errors=True)
        except OSError as problem:
            raise unwritten(name, problem) from None
        try:
            async with self._doors:
                clip = await self._take(request, Path(place.name), name)
            loop = asyncio.get_running_loop()

            def make(job: Job) -> dict[str, Any]:
                with place:
                    job.begin()
                    # a model that never read a picture learns how to first
                    lesson = self._readings.lend(model, lambda *_: None)
                    asyncio.run_coroutine_threadsafe(lesson, loop).result()
                    return self._make(clip, card, model, faithful, job)

            film = self._films.enlist(f"{Path(name).stem}-{model}.mp4", make)
        except BaseException as problem:
            place.cleanup()
            if isinstance(problem, OSError):
                raise unwritten(name, problem) from None
            raise
        return JSONResponse({"film": film})

    async def _take(self, request: Request, place: Path, name: str) -> Clip:
        """Store a clip and look at it. Raises InputError, by the name it had."""
        suffix = Path(name).suffix.lower()
        path = place / f"clip{suffix if suffix in SUFFIXES else '.mp4'}"
        await store_body(request, path, CLIP_LIMIT)
        try:
            return await run_in_threadpool(open_clip, path)
        except InputError as problem:
            raise InputError(problem.code, **{**problem.params, "file": name}) from None

    def _make(
        self, clip: Clip, card: dict[str, Any], model: str, faithful: float, job: Job
    ) -> dict[str, Any]:
        height, width = card["resolution"]
        frames = round(clip.seconds * clip.fps)  # 0 where the clip does not tell
        shape = Format.of((height, width), clip.fps)
        count = write_film(
            job.path,
            self._frames(clip, (height, width), model, faithful),
            shape,
            extras_of(clip, card),
            lambda done: job.advance(done, frames and max(frames, done)),
        )
        return {"frames": count, "seconds": round(count / clip.fps, 3)}

    def _frames(
        self, clip: Clip, size: tuple[int, int], name: str, faithful: float
    ) -> Iterator[np.ndarray]:
        """Yield the frames of the film; what is decoded is decoded in this thread."""
        from studio.latent.stylising import look, repaint, steadied

        def ask(task: Callable[[Model, Reader], T]) -> T:
            def turn(model: Model) -> T:
                return task(model, self._readings.reader(model))

            return self._films.ask(name, turn).result()

        def see(frame: np.ndarray) -> Any:
            return ask(lambda model, reader: look(model, reader, frame))

        def paint(seen: Any) -> np.ndarray:
            return ask(
                lambda model, _: model.render([repaint(model, seen, faithful)])[0]
            )

        frames = admit_frames(clip.frames(size), clip.fps)
        yield from map(paint, steadied(map(see, frames)))


def _read_amount(text: str) -> float:
    """Read the dial. Raises InputError."""
    try:
        amount = float(text or FAITHFUL)
    except ValueError:
        amount = -1.0
    if not 0 <= amount <= 1:
        raise InputError("invert_faithful", value=text[:32])
    return amount
