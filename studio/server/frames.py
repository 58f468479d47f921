"""Frames on the wire: pixels to JPEG, and the five bytes before it."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    import numpy as np

KINDS = {"live": 0, "settled": 1, "tile": 2}
# A settled picture fills the canvas of a large screen; more would only cost time.
LONGEST_SIDE = 1600


def encode_live(pixels: np.ndarray) -> bytes:
    """Encode uint8 [H, W, 3] as JPEG for a hand that moves: small and quick."""
    return _encode(Image.fromarray(pixels), quality=90)


def encode_settled(pixels: np.ndarray, size: tuple[int, int] | None) -> bytes:
    """Encode uint8 [H, W, 3] as JPEG for a hand that rests, without colour loss.

    ``size`` is the (height, width) to resample to, brought down in proportion where
    its longest side is over 1600; None keeps the pixels as they are.
    """
    image = Image.fromarray(pixels)
    if size is not None and size != pixels.shape[:2]:
        height, width = fit(size)
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    return _encode(image, quality=95, subsampling=0)


def fit(size: tuple[int, int]) -> tuple[int, int]:
    """Bring (height, width) down, in proportion, to a longest side of 1600."""
    scale = min(1.0, LONGEST_SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def pack(identity: int, kind: str, jpeg: bytes) -> bytes:
    """Put the request's number (32 bits, little-endian) and kind before a JPEG."""
    return struct.pack("<IB", identity, KINDS[kind]) + jpeg


def _encode(image: Image.Image, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()
