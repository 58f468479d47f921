"""What a run's folder tells whoever watches it, from any process, without torch."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from studio.config import to_dict
from studio.errors import InputError, RunError, StudioError
from studio.training.energy import WATTS_A_CORE
from studio.training.run import Run, list_runs

MOST_POINTS = 400  # of a curve
LOG_BYTES = 4096
LOG_LINES = 12
SHEET_NAME = re.compile(r"(autoencoder-)?(\d{1,9})\.webp")
# A curve, the phase whose lines it is drawn from, and their key.
CURVES = (
    ("rebuilt", "rebuilt", "psnr_db"),
    ("gap", "generator", "gap"),
    ("loss", "generator", "error"),
    ("held_out_gap", "snapshot", "held_out_gap"),
    ("distance", "snapshot", "distance"),
)


def all_runs() -> list[dict[str, Any]]:
    """Summarise every run, newest first."""
    return [summary(run) for run in list_runs()]


def summary(run: Run) -> dict[str, Any]:
    """Give a run's status, and whether it has a model that Create can open."""
    ready = (run.folder / "checkpoint" / "card.json").is_file()
    found = {**run.status(), "model_ready": ready, "requested": run.requested()}
    found["watts_a_core"] = WATTS_A_CORE  # assumed, where nothing is metered
    try:
        found |= _begun_with(run.folder, *_stamp(run.folder / "config.json"))
    except StudioError as problem:
        told = {"error": str(problem), "problem": problem.as_dict()}
        return {**found, "phase": "failed", **told}
    newest = sheets(run)[-1:]
    return {**found, "newest": newest[0]["file"] if newest else None}


@lru_cache(maxsize=256)
def _begun_with(folder: Path, _time: int, _size: int) -> dict[str, Any]:
    """Read what a list shows of a run's settings; remembered, as curves are."""
    settings = Run(folder).settings()
    known = ("family", "resolution", "minutes", "kimg")
    return {key: getattr(settings, key) for key in known}


def _stamp(path: Path) -> tuple[int, int]:
    """Give by what a file is known to be unchanged; zeros where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_size


def describe(run: Run) -> dict[str, Any]:
    """Give all that the page shows of one run.

    Without settings where these are damaged or another version's: the run can still be
    looked at, and deleted.
    """
    return {
        **summary(run),
        "settings": _settings(run),
        "sheets": sheets(run),
        "snapshots": snapshots(run),
        "curves": curves(run),
        "log": log_tail(run),
    }


def _settings(run: Run) -> dict[str, Any]:
    try:
        settings = to_dict(run.settings())
    except RunError:
        return {}
    return {**settings, "excluded": len(settings["excluded"])}


def sheets(run: Run) -> list[dict[str, Any]]:
    """List the sheets in the order in which they were made."""
    found = []
    for path in (run.folder / "samples").glob("*.webp"):
        if match := SHEET_NAME.fullmatch(path.name):
            kind = "autoencoder" if match[1] else "generator"
            found.append({"file": path.name, "kind": kind, "kimg": int(match[2])})
    return sorted(found, key=lambda sheet: (sheet["kind"], sheet["kimg"]))


def sheet_file(run: Run, name: str) -> Path:
    """Give the file of a sheet. Raises InputError for any other name."""
    path = run.folder / "samples" / name
    if not SHEET_NAME.fullmatch(name) or not path.is_file():
        raise InputError("not_found", name=name)
    return path


def snapshots(run: Run) -> list[int]:
    """List the generators that were kept, in thousands of images."""
    files = (run.folder / "snapshots").glob("*.safetensors")
    return sorted(int(path.stem) for path in files if path.stem.isdecimal())


def curves(run: Run) -> dict[str, list[list[float]]]:
    """Give the curves as points [images seen, value], at most 400 each."""
    return _curves(run.folder, *_stamp(run.folder / "metrics.jsonl"))


@lru_cache(maxsize=8)
def _curves(folder: Path, _time: int, _size: int) -> dict[str, list[list[float]]]:
    """Read the metrics; remembered, for several people look at a run every second."""
    rows = Run(folder).metrics()
    found = {name: thin(_points(rows, phase, key)) for name, phase, key in CURVES}
    return {name: points for name, points in found.items() if points}


def _points(
    rows: Iterable[dict[str, Any]], phase: str, key: str
) -> list[tuple[float, float]]:
    return [
        (row["images_seen"], row[key])
        for row in rows
        if row.get("phase") == phase and type(row.get(key)) in (int, float)
    ]


def thin(points: list[tuple[float, float]]) -> list[list[float]]:
    """Give at most 400 points: means of neighbours where there are more."""
    size = -(-len(points) // MOST_POINTS) or 1
    groups = [points[at : at + size] for at in range(0, len(points), size)]
    return [
        [round(sum(axis) / len(group), 5) for axis in zip(*group, strict=True)]
        for group in groups
    ]


def log_tail(run: Run) -> list[str]:
    """Give the last lines of a run's log."""
    try:
        with (run.folder / "log.txt").open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - LOG_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return text.splitlines()[-LOG_LINES:]
