"""One picture that somebody brings, from its bytes: nothing of it is believed."""

from __future__ import annotations

import contextlib
import io
import warnings

import numpy as np
from PIL import Image

from studio.errors import InputError
from studio.training.dataset import FORMATS, load_picture, take_whole

# A JPEG is reduced while it is decoded; of all else so many are held at once.
MOST_PIXELS = 24_000_000


def take_picture(data: bytes, resolution: tuple[int, int]) -> np.ndarray:
    """Take the centre of a picture at a resolution (h, w): uint8 [H,W,3].

    Its format and size are read from its head and refused before it is decoded; it is
    turned upright, and only the first of several frames counts. Raises InputError.
    """
    _refuse_heavy(data)
    picture = load_picture(io.BytesIO(data), resolution, quick=2 * max(resolution))
    if picture is None:
        raise InputError("picture_unreadable")
    return take_whole(picture, resolution)


def take_board(data: bytes, resolution: tuple[int, int]) -> np.ndarray:
    """Take a PNG, its alpha saying what is covered: uint8 [H,W,4].

    It is stretched to the resolution (h, w). Raises InputError.
    """
    _refuse_heavy(data)
    height, width = resolution
    try:
        with _open(data, ("PNG",)) as board:
            whole = board.convert("RGBA").resize((width, height), Image.Resampling.BOX)
            return np.asarray(whole)
    except Exception as problem:  # decoders of broken files raise whatever they like
        raise InputError("picture_unreadable") from problem


def _refuse_heavy(data: bytes) -> None:
    """Raise InputError where a head says that decoding would take too much."""
    heavy = False
    with warnings.catch_warnings(), contextlib.suppress(Exception):
        warnings.simplefilter("ignore")
        with _open(data, FORMATS) as head:
            heavy = head.format != "JPEG" and head.width * head.height > MOST_PIXELS
    if heavy:
        raise InputError("picture_heavy", limit=MOST_PIXELS // 10**6)


def _open(data: bytes, formats: tuple[str, ...]) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=formats)
