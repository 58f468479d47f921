"""Films for a page: ordered, watched, stopped and fetched; and the sounds for them.

``POST /studio/films`` takes ``{"plan", "fps", "size", "format", "sound", "drives"}``
and gives a number to ask by. A film whose page asks no more is not made to its end, and
files live for as long as the server, or until newer ones need their place.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from studio import recipe_fields as fields
from studio.checkpoint import installed, read_card
from studio.errors import InputError
from studio.export.film import SUFFIXES, FilmStopped, Format, check_suffix
from studio.export.sound import HEARS, Sound, listen, open_sound
from studio.filming import Order, Plan, make_film, read_drives
from studio.recipe import Recipe, read_json
from studio.server.content import admit_frames
from studio.server.dreaming import (
    PLAN_LIMIT,
    SHARED_SECONDS,
    SHARED_SIDE,
    build_walk,
)
from studio.server.guards import Endpoint, admit_training, is_demo, read_body
from studio.server.pictures import store_body
from studio.server.press import file_name
from studio.server.worker import RenderWorker, in_words

if TYPE_CHECKING:
    import numpy as np

    from studio.model import Model

AT_ONCE, WAITING = 2, 6
KEPT, SOUNDS = 8, 8  # files that lie here at once
TOGETHER = 4  # frames of one turn of the worker, as tiles have it
# Seconds without a question, after which a film is not wanted. Browsers let a tab that
# nobody sees ask once a minute.
FORGOTTEN = 150.0
SOUND_LIMIT = 256 * 2**20  # bytes: an hour of good MP3 is 140 MB
SOUND_RATE, SOUND_SECONDS = 12, 1800  # what the page's preview is told, a second
TYPES = {".mp4": "video/mp4", ".webp": "image/webp"}
PATIENCE = 0.25  # seconds between two tries where the worker has too much to do

T = TypeVar("T")


@dataclass
class Job:
    """One film on its way."""

    path: Path
    name: str
    phase: str = "waiting"
    done: int = 0
    frames: int = 0
    began: float = 0.0
    asked: float = field(default_factory=time.monotonic)
    told: dict[str, Any] = field(default_factory=dict)
    stopped: bool = False

    @property
    def wanted(self) -> bool:
        """Whether somebody still waits for it."""
        return not self.stopped and time.monotonic() - self.asked < FORGOTTEN

    @property
    def over(self) -> bool:
        """Whether it will not change any more."""
        return self.phase in ("done", "failed", "stopped")

    def begin(self) -> None:
        """Note that it is being made. Raises FilmStopped where nobody waits for it."""
        if not self.wanted:
            raise FilmStopped
        self.phase, self.began = "making", time.monotonic()

    def advance(self, done: int, frames: int) -> bool:
        """Note how far it is; say whether somebody still waits for it."""
        self.done, self.frames = done, frames
        return self.wanted

    def describe(self) -> dict[str, Any]:
        """Give what the page shows of it."""
        passed = time.monotonic() - self.began
        speed = self.done / passed if self.began and passed > 1 and self.done else 0.0
        left = (self.frames - self.done) / speed if speed and self.frames else None
        known = {"phase": self.phase, "done": self.done, "frames": self.frames}
        return {**known, "eta_s": left, "name": self.name, **self.told}


class Films:
    """All films and sounds of this server, in a folder that goes with it."""

    def __init__(self, worker: RenderWorker) -> None:
        self._worker = worker
        self._benches = threading.Semaphore(AT_ONCE)
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._sounds: OrderedDict[str, Sound] = OrderedDict()
        self._lock = threading.Lock()
        self._place: tempfile.TemporaryDirectory[str] | None = None
        self._doors = asyncio.Semaphore(2)

    def table(self) -> list[tuple[str, str, Endpoint]]:
        """Give method, path and endpoint of each address."""
        return [
            ("POST", "/films", self.order),
            ("GET", "/films/{film}", self.watch),
            ("DELETE", "/films/{film}", self.stop),
            ("GET", "/films/{film}/file", self.fetch),
            ("POST", "/sounds", self.bring),
        ]

    async def order(self, request: Request) -> Response:
        """``POST /studio/films``: begin a film, or wait for others to end."""
        body = read_json(await read_body(request, PLAN_LIMIT), PLAN_LIMIT)
        order, suffix = await run_in_threadpool(self._read, body)
        recipe = order.plan.keyframes[0].recipe
        card = await run_in_threadpool(lambda: read_card(installed(recipe.model)))
        stem = file_name(recipe.with_seed(0)).removesuffix("-0.png")
        make = partial(self._shoot, order, card)
        return JSONResponse({"film": self.enlist(f"{stem}-film{suffix}", make)})

    def check_room(self) -> None:
        """Raise InputError where too many films wait already."""
        waiting = sum(not job.over for job in list(self._jobs.values()))
        if waiting >= AT_ONCE + WAITING:
            raise InputError("busy")

    def enlist(self, name: str, make: Callable[[Job], dict[str, Any]]) -> str:
        """Let ``make`` write a film in a thread of its own, and give its number.

        It begins with `Job.begin`, and what it returns is told with the finished film.
        Raises InputError.
        """
        with self._lock:
            self.check_room()
            number = secrets.token_hex(8)
            path = self._folder / f"{number}{Path(name).suffix}"
            job = self._jobs[number] = Job(path, name)
            self._tidy()
        # A server that ends does not wait for films, as it would for a pool's threads.
        work = partial(self._work, job, make)
        threading.Thread(target=work, name="film", daemon=True).start()
        return number

    async def watch(self, request: Request) -> Response:
        """``GET /studio/films/{film}``: how far it is."""
        job = self._job(request)
        job.asked = time.monotonic()
        return JSONResponse(job.describe())

    async def stop(self, request: Request) -> Response:
        """``DELETE /studio/films/{film}``: it is not wanted any more."""
        job = self._job(request)
        job.stopped = True
        if job.phase == "done":
            job.path.unlink(missing_ok=True)
        return JSONResponse(job.describe())

    async def fetch(self, request: Request) -> Response:
        """``GET /studio/films/{film}/file``: the film itself."""
        job = self._job(request)
        if job.phase != "done" or not job.path.is_file():
            raise InputError("not_found", name=job.name)
        kind = TYPES[job.path.suffix]
        return FileResponse(job.path, media_type=kind, filename=job.name)

    async def bring(self, request: Request) -> Response:
        """``POST /studio/sounds?file=``: a sound, and what is heard in it."""
        admit_training()
        name = Path(request.query_params.get("file", "") or "sound").name[:80]
        number = secrets.token_hex(8)
        with self._lock:
            folder = self._folder / number
        folder.mkdir()
        path = folder / "sound"
        try:
            async with self._doors:
                await store_body(request, path, SOUND_LIMIT)
                sound, told = await run_in_threadpool(_hear, path, name)
        except BaseException as problem:
            _forget(path)
            if isinstance(problem, OSError):
                raise unwritten(name, problem) from None
            raise
        with self._lock:
            self._sounds[number] = sound
            while len(self._sounds) > SOUNDS:
                _forget(self._sounds.popitem(last=False)[1].path)
        return JSONResponse({"sound": number, "name": name, **told})

    @property
    def _folder(self) -> Path:
        if self._place is None:
            self._place = tempfile.TemporaryDirectory(prefix="reverie-films-")
        return Path(self._place.name)

    def _read(self, body: object) -> tuple[Order, str]:
        data = fields.an_object(body, "film")
        known = ("plan", "fps", "size", "format", "sound", "drives")
        fields.check_keys(data, "", known, ("plan", "fps", "size"))
        plan = Plan.from_dict(data["plan"])
        height, width = (
            fields.an_integer(side, "size", 1, 10_000)
            for side in fields.a_list(data["size"], "size", 2, 2)
        )
        fps = fields.an_integer(data["fps"], "fps", 0, 1000)
        if is_demo() and max(height, width) > SHARED_SIDE:
            raise InputError("film_shared", seconds=SHARED_SECONDS, side=SHARED_SIDE)
        suffix = check_suffix(Path(f"film.{data.get('format', 'mp4')}")).suffix
        assert suffix in SUFFIXES
        sound = self._sound(data.get("sound"))
        drives = read_drives(data.get("drives", []))
        return Order(plan, Format.of((height, width), fps), sound, drives), suffix

    def _sound(self, number: object) -> Sound | None:
        if number is None:
            return None
        with self._lock:
            sound = self._sounds.get(number) if isinstance(number, str) else None
        if sound is None or not sound.path.is_file():
            raise InputError("sound_gone")
        return sound

    def _job(self, request: Request) -> Job:
        number = request.path_params["film"]
        with self._lock:
            if number not in self._jobs:
                raise InputError("not_found", name=number)
            return self._jobs[number]

    def _tidy(self) -> None:
        over = [number for number, job in self._jobs.items() if job.over]
        for number in over[: max(0, len(self._jobs) - KEPT)]:
            self._jobs.pop(number).path.unlink(missing_ok=True)

    def _work(self, job: Job, make: Callable[[Job], dict[str, Any]]) -> None:
        """Make a film; whatever happens is told in the job."""
        with self._benches:
            try:
                job.told, job.phase = make(job), "done"
            except FilmStopped:
                job.phase = "stopped"
            except Exception as problem:
                job.told, job.phase = {"error": in_words(problem).as_dict()}, "failed"

    def _shoot(self, order: Order, card: dict[str, Any], job: Job) -> dict[str, Any]:
        job.begin()
        walk = build_walk(self._worker, order.plan, lambda: job.wanted)
        if is_demo() and walk.seconds > SHARED_SECONDS:
            limits = {"seconds": SHARED_SECONDS, "side": SHARED_SIDE}
            raise InputError("film_shared", **limits)
        job.began = time.monotonic()
        name = order.plan.keyframes[0].recipe.model

        def render(recipes: Sequence[Recipe]) -> Future[np.ndarray]:
            return self.ask(name, lambda model: model.render(recipes))

        made = make_film(
            job.path,
            order,
            walk,
            card,
            render,
            job.advance,
            TOGETHER,
            lambda frames: admit_frames(frames, order.shape.fps),
        )
        return made.to_dict()

    def ask(self, name: str, task: Callable[[Model], T]) -> Future[T]:
        """Let the worker do something with a model, as soon as it has time for it."""
        while True:
            try:
                return self._worker.ask(name, task)
            except InputError as problem:
                if problem.code != "busy":
                    raise
                time.sleep(PATIENCE)


def unwritten(name: str, problem: OSError) -> InputError:
    """Give what a page is told of a file that it sent and no disk took."""
    reason = problem.strerror or type(problem).__name__
    return InputError("cannot_write", path=name, reason=reason)


def _hear(path: Path, name: str) -> tuple[Sound, dict[str, Any]]:
    try:
        sound = open_sound(path)
    except InputError as problem:
        raise InputError(problem.code, file=name) from None
    seconds = min(sound.seconds, SOUND_SECONDS)
    heard = listen(sound, SOUND_RATE, max(1, round(seconds * SOUND_RATE)))
    told: dict[str, Any] = {"seconds": sound.seconds, "silent": heard.silent}
    rows = {name: getattr(heard, name).round(2).tolist() for name in HEARS}
    return sound, {**told, "rate": SOUND_RATE, "heard": rows}


def _forget(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        path.parent.rmdir()
