"""A run's folder: the contract between training and everything that watches it.

Reads and writes plain files, never torch, so that any process can watch any run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from studio.checkpoint import beside
from studio.config import from_dict, read_json, to_dict
from studio.errors import InputError, RunError, StudioError
from studio.paths import runs_folder, write_atomically
from studio.training.settings import BEFORE, TrainSettings

RUNNING = ("queued", "starting", "autoencoder", "generator", "encoder", "discovering")
ENDED = ("done", "paused", "stopped", "interrupted", "failed")
# What a status tells even where there is nothing to tell yet.
SHOWN = (
    "images_per_s", "progress", "eta_s", "best", "error", "problem", "ended", "behind",
    "minutes_active", "cpu_minutes", "memory_mb", "gpu_memory_mb",
    "energy_wh", "energy_source",
)  # fmt: skip
NAME = re.compile(r"[^\W_][\w.-]{0,63}")  # letters of any language
NAME_BYTES = 192  # what else belongs to a run carries its name and a little more
SPARE, SPARE_BYTES = ".spare", 2**16  # a full disk leaves this room for last words
BEAT = 5.0  # seconds between signs of life amid work that has no steps
SILENCE = 180.0  # seconds without a heartbeat after which a live trainer is "stalled"


# Nothing has gone wrong (any more), and nothing has ended.
FRESH: dict[str, Any] = dict.fromkeys(("error", "problem", "ended", "progress"))


class Run:
    """One run's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self._beaten = 0.0

    @classmethod
    def create(cls, settings: TrainSettings) -> Run:
        """Make the folder of a new run; an existing name is refused."""
        run = cls(runs_folder() / check_name(settings.name))
        try:
            run.folder.mkdir(parents=True)
        except OSError as problem:
            if run.folder.is_dir():
                raise RunError("run_exists", name=settings.name) from None
            reason = problem.strerror or type(problem).__name__
            raise RunError("cannot_write", path=run.folder, reason=reason) from None
        (run.folder / "samples").mkdir()
        (run.folder / "state").mkdir()
        (run.folder / SPARE).write_bytes(os.urandom(SPARE_BYTES))
        run.write_settings(settings)
        run.write_status(phase="queued", images_seen=0)
        return run

    @classmethod
    def open(cls, name: str) -> Run:
        """Find a run by its name. Raises RunError where there is none."""
        run = cls(runs_folder() / check_name(name))
        if not (run.folder / "config.json").is_file():
            raise RunError("run_missing", name=name)
        return run

    def settings(self) -> TrainSettings:
        """Read what the run was started with, by this version or an earlier one.

        Raises RunError where it is damaged or of a later version.
        """
        try:
            data = read_json((self.folder / "config.json").read_text("utf-8"))
        except (OSError, ValueError):
            data = None
        if not isinstance(data, dict):
            raise RunError("run_damaged", name=self.name)
        try:
            return from_dict(TrainSettings, {**BEFORE, **data})
        except InputError as problem:
            if problem.code != "config_unknown_key":
                raise
            key = problem.params["key"]
            raise RunError("run_unknown_key", name=self.name, key=key) from None

    def write_settings(self, settings: TrainSettings) -> None:
        """Keep what the run is trained with."""
        self._write_json("config.json", to_dict(settings))

    # -- status -------------------------------------------------------------------

    def write_status(self, trainer: int | None = None, **changes: Any) -> None:
        """Merge changes into `status.json`, with the trainer's pid and a heartbeat.

        The trainer is this process, unless another was just started for the job.
        """
        pid = os.getpid() if trainer is None else trainer
        status = {**self._read_status(), **changes, "name": self.name}
        status |= {"pid": pid, "pid_started": _started(pid)}
        self._write_json("status.json", status | {"heartbeat": time.time()})
        self._beaten = time.monotonic()

    def beat(self, **changes: Any) -> None:
        """Give a sign of life, and `changes` with it, where the last is seconds old.

        For work that takes long between two steps of a trainer.
        """
        if time.monotonic() - self._beaten > BEAT:
            self.write_status(**changes)

    def write_last_words(self, phase: str, problem: Exception) -> None:
        """Say how the run ended even on a full disk, or where there is none any more.

        As one sentence and, where it is one of ours, so that any language can say it.

        The room for it was kept since the beginning.
        """
        known = problem.as_dict() if isinstance(problem, StudioError) else None
        error = str(problem) if known else f"{type(problem).__name__}: {problem}"
        for tried in range(2):
            try:
                self.write_status(phase=phase, error=error, problem=known)
                return
            except OSError:
                if not tried:
                    with suppress(OSError):
                        (self.folder / SPARE).unlink()

    def status(self) -> dict[str, Any]:
        """Give the run's status as it is now: a dead trainer reads `interrupted`."""
        status = self._read_status()
        shown: dict[str, Any] = dict.fromkeys(SHOWN)
        shown |= {"name": self.name, "phase": "interrupted", "images_seen": 0} | status
        running = shown["phase"] in RUNNING and _alive(status)
        if not running and shown["phase"] not in ENDED:
            shown["phase"] = "interrupted"
        if shown["phase"] != "queued":
            shown["behind"] = None
        if shown["phase"] not in RUNNING:
            shown |= {"images_per_s": None, "eta_s": None, "progress": None}
        silence = time.time() - _number(status.get("heartbeat"))
        shown["stalled"] = shown["phase"] in RUNNING and silence > SILENCE
        hidden = ("pid", "pid_started", "heartbeat")
        return {key: value for key, value in shown.items() if key not in hidden}

    def alive(self) -> bool:
        """Tell whether a trainer works on this run now."""
        return self.status()["phase"] in RUNNING

    def _read_status(self) -> dict[str, Any]:
        try:
            status = read_json((self.folder / "status.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return status if isinstance(status, dict) else {}

    # -- requests -----------------------------------------------------------------

    def request(self, what: str) -> None:
        """Ask the trainer to `stop` (and keep the model) or to `pause`.

        A trainer that has given no sign of life for long hears nothing: to stop it is
        to end its process. Raises RunError where none works on this run.
        """
        status = self.status()
        if status["phase"] not in RUNNING:
            raise RunError("run_not_running", name=self.name)
        (self.folder / what).touch()
        if status["stalled"] and what == "stop":
            self._end_hung()

    def _end_hung(self) -> None:
        with suppress(psutil.Error):  # of somebody else, or gone by now
            trainer = psutil.Process(self._read_status()["pid"])
            trainer.kill()
            trainer.wait(timeout=10)
            self.write_status(phase="stopped")
            self.clear_requests()

    def requested(self) -> str | None:
        """Give the pending request, stop before pause."""
        for what in ("stop", "pause"):
            if (self.folder / what).exists():
                return what
        return None

    def clear_requests(self) -> None:
        """Forget requests that were heeded, or meant for an earlier trainer."""
        for what in ("stop", "pause"):
            (self.folder / what).unlink(missing_ok=True)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Be the only trainer of this run. Raises RunError when there is another."""
        try:
            with FileLock(self.folder / "lock", timeout=0):
                yield
        except Timeout:
            raise RunError("run_taken", name=self.name) from None

    # -- metrics and files --------------------------------------------------------

    def sweep(self) -> None:
        """Take away what a killed trainer was in the middle of writing."""
        for path in self.folder.rglob(".*-" + "[0-9a-f]" * 12):
            path.unlink(missing_ok=True)
        new = beside(self.folder / "checkpoint", "new")
        shutil.rmtree(new, ignore_errors=True)
        if not (spare := self.folder / SPARE).exists():
            spare.write_bytes(os.urandom(SPARE_BYTES))

    def append_metrics(self, row: dict[str, Any]) -> None:
        """Add one line to `metrics.jsonl`, or none of it. Raises OSError."""
        path = self.folder / "metrics.jsonl"
        before = path.stat().st_size if path.exists() else 0
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        except OSError:
            with suppress(OSError):
                os.truncate(path, before)
            raise

    def write_sheet(self, name: str, picture: bytes) -> None:
        """Keep a sheet in `samples/`; one that cannot be written is done without."""
        try:
            write_atomically(self.folder / "samples" / name, picture)
        except OSError as problem:
            self.log(f"no sheet {name}: {problem.strerror}")

    def metrics(self) -> list[dict[str, Any]]:
        """Read all metrics; a torn or damaged line is skipped."""
        try:
            text = (self.folder / "metrics.jsonl").read_text("utf-8", "replace")
        except OSError:
            return []
        rows = []
        for line in text.splitlines():
            try:
                row = read_json(line)
            except ValueError:
                continue
            if isinstance(row, dict) and isinstance(row.get("images_seen"), int):
                rows.append(row)
        return rows

    def rewind_metrics(
        self, before: int, images: int, measured: int | None = None
    ) -> None:
        """Drop what a killed trainer noted after its last saved state.

        `before` counts the images of earlier phases; of this one, the state has seen
        `images` and had its newest snapshot at `measured`.
        """
        most = before + images
        last = most if measured is None else before + measured
        kept = [
            row
            for row in self.metrics()
            if row["images_seen"] <= (last if row.get("phase") == "snapshot" else most)
        ]
        text = "".join(json.dumps(row) + "\n" for row in kept)
        write_atomically(self.folder / "metrics.jsonl", text.encode())

    def log(self, line: str) -> None:
        """Say something on the terminal and in `log.txt`, where that can be written."""
        stamped = f"{time.strftime('%H:%M:%S')} {line}"
        with suppress(OSError):
            print(stamped, flush=True)
        with (
            suppress(OSError),
            (self.folder / "log.txt").open("a", encoding="utf-8") as file,
        ):
            file.write(stamped + "\n")

    def _write_json(self, name: str, data: Any) -> None:
        text = json.dumps(data, indent=1, ensure_ascii=False)
        write_atomically(self.folder / name, text.encode())


def check_name(name: str) -> str:
    """Give the name, composed (NFC), if it can be a folder's; else raise RunError."""
    found = unicodedata.normalize("NFC", name)
    fits = NAME.fullmatch(found) and len(found.encode(errors="replace")) <= NAME_BYTES
    if not fits or found.endswith("."):
        raise RunError("run_name", name=name)
    return found


def list_runs() -> list[Run]:
    """Give all runs, newest first."""
    folder = runs_folder()
    found = folder.glob("*/config.json") if folder.is_dir() else ()
    newest = sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)
    return [Run(path.parent) for path in newest]


def _started(pid: int) -> float | None:
    try:
        process = psutil.Process(pid)
        # a zombie has ended; only its parent has not noticed yet
        ended = process.status() == psutil.STATUS_ZOMBIE
        return None if ended else process.create_time()
    except (psutil.Error, ValueError, OverflowError):
        return None


def _alive(status: dict[str, Any]) -> bool:
    """The same process, not another that was given its number later."""
    pid = status.get("pid")
    started = _started(pid) if isinstance(pid, int) else None
    noted = _number(status.get("pid_started"))
    return started is not None and abs(started - noted) < 1.0


def _number(value: Any) -> float:
    return value if isinstance(value, (int, float)) else 0.0
