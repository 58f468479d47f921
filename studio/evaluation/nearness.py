"""Whether a work is a copy: the pictures a model learnt from that come nearest to it.

A checkpoint may carry what is needed to tell, in `neighbours.safetensors`: see
`memory.py`. It is no part of the fingerprint, since no picture of a recipe hangs on it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from studio.checkpoint import model_name
from studio.errors import ModelError
from studio.evaluation.components import Components
from studio.evaluation.features import NAME
from studio.evaluation.memory import FORMAT, Memory, Standing
from studio.evaluation.novelty import FIELDS

FILE = "neighbours.safetensors"
WIDTH = 1280  # of the network's features
NUMBERS = ("basis", "features", "usual", "bound", "glances", "glance_bound")
MOST_PICTURES = 200_000
MOST_BYTES = 256 * 2**20


def recall(folder: Path, card: dict[str, Any]) -> Memory:
    """Read what the checkpoint in `folder` remembers of its pictures.

    Raises ModelError: `near_missing` where it remembers none, `near_other` where they
    are not those that it learnt from, `near_damaged` where the file is not one.
    """
    name, path = model_name(folder), folder / FILE
    try:
        stat = path.stat()
    except OSError:
        raise ModelError("near_missing", name=name) from None
    if stat.st_size > MOST_BYTES:
        raise ModelError("near_damaged", name=name, file=FILE)
    try:
        told, memory = _read(path, (stat.st_mtime_ns, stat.st_size))
    except (OSError, SafetensorError, ValueError, TypeError, KeyError):
        raise ModelError("near_damaged", name=name, file=FILE) from None
    wanted = (FORMAT, NAME, card["data"].get("fingerprint"))
    if tuple(told.get(k) for k in ("format", "features", "pictures")) != wanted:
        raise ModelError("near_other", name=name)
    return memory


def find_near(
    folder: Path, card: dict[str, Any], see: Callable[[], np.ndarray]
) -> dict[str, Any]:
    """Tell how near a picture is to a model's own: `near`, or else a `problem`.

    `see` gives the picture, uint8 [H,W,3], and is only asked where it can be compared.
    """
    try:
        memory = recall(folder, card)
    except ModelError as problem:
        return {"near": None, "problem": problem.as_dict()}
    return {"near": memory.find(see()).as_dict(), "problem": None}


def find_problem(folder: Path, card: dict[str, Any]) -> dict[str, Any] | None:
    """Say why nothing can be compared with a model's pictures, if that is so."""
    try:
        recall(folder, card)
    except ModelError as problem:
        return problem.as_dict()
    return None


def judge_works(
    folder: Path, card: dict[str, Any], pictures: np.ndarray
) -> dict[str, Any]:
    """Tell how novel and plausible uint8 pictures [N,H,W,3] are, or the `problem`."""
    if problem := find_problem(folder, card):
        return {"works": None, "problem": problem}
    found = recall(folder, card).judge(pictures)
    return {"works": [asdict(one) for one in found], "problem": None}


def rank(found: Sequence[Standing]) -> list[int]:
    """Order works from the most novel and plausible on, by the lesser of the two.

    Copies come last: nobody who looks for new works wants them.
    """

    def worth(i: int) -> tuple[bool, float, float]:
        both = found[i].novelty, found[i].plausibility
        return (not found[i].copy, min(both), max(both))

    return sorted(range(len(found)), key=worth, reverse=True)


@lru_cache(maxsize=4)
def _read(path: Path, stamp: tuple[int, int]) -> tuple[dict[str, str], Memory]:
    with safe_open(path, framework="np") as file:
        told = dict(file.metadata() or {})
        found = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    numbers = {key: found[key].astype(np.float32) for key in NUMBERS}
    files = json.loads(told.pop("files", "[]"))
    small = _part(found["sizes"], found["thumbnails"]) if "sizes" in found else []
    _check(numbers, files, small)
    memory = Memory(
        Components(numbers["basis"]),
        numbers["features"],
        numbers["usual"],
        float(numbers["bound"][0]),
        numbers["glances"],
        float(numbers["glance_bound"][0]),
        files,
        small,
    )
    return told, memory


def _check(
    numbers: dict[str, np.ndarray], files: Any, thumbnails: Sequence[bytes]
) -> None:
    """Raise ValueError unless sizes and numbers are those of a memory."""
    count, kept = numbers["features"].shape
    sane = (
        1 < count <= MOST_PICTURES
        and numbers["basis"].shape == (kept, WIDTH)
        and numbers["usual"].shape == (count,)
        and numbers["bound"].shape == numbers["glance_bound"].shape == (1,)
        and numbers["glances"].shape == (count, 3 * FIELDS**2)
        and len(files) == count
        and all(isinstance(file, str) for file in files)
        and len(thumbnails) in (0, count)
        and all(np.isfinite(array).all() for array in numbers.values())
    )
    if not sane:
        raise ValueError


def _part(sizes: np.ndarray, joined: np.ndarray) -> list[bytes]:
    ends = np.cumsum(sizes, dtype=np.int64)
    if (sizes <= 0).any() or ends[-1] != len(joined):
        raise ValueError
    pairs = zip(ends - sizes, ends, strict=True)
    return [joined[start:end].tobytes() for start, end in pairs]
