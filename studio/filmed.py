"""A finished film, read back: what it says of its making, and whether that is true."""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.errors import PictureError
from studio.export.film import Format
from studio.export.metadata import read_packet
from studio.export.work import MATCH_DIFFERENCE, Comparison
from studio.filming import Order, Plan, make_film, rendering

if TYPE_CHECKING:
    from studio.model import Model

SUFFIXES = (".mp4", ".webp")
LARGEST = 4 * 2**30  # bytes, as films are written at most


@dataclass(frozen=True)
class Filmed:
    """A film's file and what it says: ``order`` makes it again, but for its sound."""

    path: Path
    order: Order
    fingerprint: str
    sounds: bool  # it was made to a sound, which moved it or is heard
    told: dict[str, Any]


def is_film(path: Path) -> bool:
    """Say whether a file is an MP4, or a WebP that moves."""
    if path.suffix.lower() not in SUFFIXES:
        return False
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError:
        return False
    return head[4:8] == b"ftyp" or (head[:4] == b"RIFF" and b"ANIM" in head)


def read_film(path: Path) -> Filmed:
    """Read what a film says of its making. Raises PictureError, InputError."""
    document = _document(path)
    if not document:
        raise PictureError("picture_no_recipe")
    try:
        told = json.loads(document)
        plan = Plan.from_dict(told["plan"])
        height, width = told["size"]
        shape = Format.of((int(height), int(width)), int(told["fps"]))
        sounds = bool(told["sound"]) or bool(told["drives"])
    except (ValueError, KeyError, TypeError):
        raise PictureError("picture_recipe_damaged") from None
    fingerprint = str(told.get("model_fingerprint", ""))
    return Filmed(path, Order(plan, shape), fingerprint, sounds, told)


def verify_film(film: Filmed, model: Model) -> Comparison:
    """Make a film again beside the old one and compare them.

    Identical: the same bytes. Match: no channel of any pixel of any frame off by more
    than 2. Raises PictureError for a film to a sound, which no file holds as it was;
    RecipeError where the model has changed.
    """
    if film.sounds:
        raise PictureError("film_to_sound")
    for keyframe in film.order.plan.keyframes:
        model.check(keyframe.recipe)
    with tempfile.TemporaryDirectory() as room, rendering(model) as render:
        again = Path(room) / f"again{film.path.suffix.lower()}"
        walk = film.order.plan.walk(model)
        make_film(again, film.order, walk, model.card, render)
        if again.read_bytes() == film.path.read_bytes():
            return Comparison(True, True, 0)
        return _compare(film.path, again)


def _compare(one: Path, other: Path) -> Comparison:
    largest = 0
    ours, theirs = _frames(one), _frames(other)
    for mine, yours in zip(ours, theirs, strict=False):
        if mine.shape != yours.shape:
            return Comparison(False, False, None)
        gap = np.abs(mine.astype(np.int16) - yours.astype(np.int16))
        largest = max(largest, int(gap.max()))
    if next(ours, None) is not None or next(theirs, None) is not None:
        return Comparison(False, False, None)
    return Comparison(False, largest <= MATCH_DIFFERENCE, largest, True)


def _frames(path: Path) -> Iterator[np.ndarray]:
    """Give the frames of a film, uint8 [H, W, 3], one at a time."""
    if path.suffix.lower() == ".webp":
        from PIL import Image, ImageSequence

        with Image.open(path, formats=["WEBP"]) as film:
            for frame in ImageSequence.Iterator(film):
                yield np.asarray(frame.convert("RGB"))
        return
    import av

    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def _document(path: Path) -> str:
    try:
        if os.path.getsize(path) > LARGEST:
            raise PictureError("picture_too_heavy", limit=LARGEST >> 20)
        return _of_webp(path) if path.suffix.lower() == ".webp" else _of_mp4(path)
    except (OSError, ValueError, SyntaxError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise PictureError("cannot_read", path=path, reason=reason) from None


def _of_mp4(path: Path) -> str:
    import av

    with av.open(str(path)) as film:
        return str(film.metadata.get("comment", ""))


def _of_webp(path: Path) -> str:
    from PIL import Image

    with Image.open(io.BytesIO(path.read_bytes()), formats=["WEBP"]) as film:
        packet = film.info.get("xmp", b"")
    return read_packet(packet).get("reverie:Work", "") if packet else ""
