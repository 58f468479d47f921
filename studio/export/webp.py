"""Animated WebP, written frame by frame.

Encoders keep a whole animation in memory until its end. A WebP is a row of chunks
(developers.google.com/speed/webp/docs/riff_container), so each frame is compressed
alone and put behind the last one; only the length at the front is written in the end.
Nearly every pixel of a dream changes with every frame, so little is lost by not
storing differences.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from studio.errors import InputError
from studio.export.metadata import packet

if TYPE_CHECKING:
    import numpy as np

    from studio.export.film import Extras, Format

QUALITY, EFFORT = 85, 2
ANIMATED, WITH_XMP = 0x02, 0x04
LARGEST = 2**32 - 2**16  # bytes that the length at the front can tell


class WebpWriter:
    """See `studio.export.film.Writer`; sound has no place in this kind of file."""

    def __init__(self, path: Path, shape: Format, extras: Extras) -> None:
        self._file = path.open("xb")
        self._shape, self._extras = shape, extras
        self._shown, self._frames = 0, 0  # milliseconds
        height, width = shape.size
        canvas = _u24(width - 1) + _u24(height - 1)
        head = struct.pack("<I", ANIMATED | WITH_XMP) + canvas
        forever = struct.pack("<IH", 0, 0)  # background, number of rounds
        front = b"RIFF\0\0\0\0WEBP"
        self._file.write(front + _chunk(b"VP8X", head) + _chunk(b"ANIM", forever))

    def add(self, pixels: np.ndarray) -> None:
        """Add a frame, uint8 [H, W, 3]."""
        self._frames += 1
        # Whole milliseconds, without drifting away from the true time.
        until = round(1000 * self._frames / self._shape.fps)
        height, width = pixels.shape[:2]
        place = _u24(0) + _u24(0) + _u24(width - 1) + _u24(height - 1)
        how = b"\x02"  # no blending, no disposal
        head = place + _u24(until - self._shown) + how
        self._shown = until
        self._file.write(_chunk(b"ANMF", head + _compress(pixels)))
        if self._file.tell() > LARGEST:
            raise InputError("film_heavy")

    def finish(self) -> None:
        """Write what the file says of itself, and its length."""
        xmp = packet(self._extras.statement, work=self._extras.document)
        self._file.write(_chunk(b"XMP ", xmp))
        length = self._file.tell()
        self._file.seek(4)
        self._file.write(struct.pack("<I", length - 8))
        self._file.close()

    def abandon(self) -> None:
        """Let go of the file."""
        self._file.close()


def _compress(pixels: np.ndarray) -> bytes:
    """Give the chunk of a picture's pixels, out of a file of its own."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=QUALITY, method=EFFORT)
    data = buffer.getvalue()
    at = 12
    while at < len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        whole = 8 + size + size % 2
        if name in (b"VP8 ", b"VP8L"):
            return data[at : at + whole]
        at += whole
    raise ValueError("no picture in it")


def _chunk(name: bytes, content: bytes) -> bytes:
    odd = b"\0" * (len(content) % 2)
    return name + struct.pack("<I", len(content)) + content + odd


def _u24(number: int) -> bytes:
    return struct.pack("<I", number)[:3]
