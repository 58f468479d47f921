"""The chunks of a PNG file, walked without decoding a pixel.

PNG specification, third edition (W3C 2025): sections 5 and 11.3.3.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from studio.errors import PictureError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SIDE_LIMIT = 4096


def find_texts(
    data: bytes, keywords: tuple[str, ...], limit: int
) -> tuple[tuple[int, int], dict[str, list[bytes]]]:
    """Return ((height, width), all texts under each of ``keywords``) of a PNG file.

    The header is looked at first, then every chunk down to the end with its
    checksum. A text is at most ``limit`` bytes of UTF-8 or Latin-1. Raises
    PictureError for anything that is not a whole PNG.
    """
    size = _read_header(data)
    texts: dict[str, list[bytes]] = {keyword: [] for keyword in keywords}
    for kind, content in _walk(data):
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            name, _, rest = content.partition(b"\0")
            if (keyword := name.decode("latin-1")) in texts:
                texts[keyword].append(_read_text(kind, rest, limit))
    return size, texts


def check_sides(height: int, width: int) -> None:
    """Refuse a picture that unpacks to more than memory holds. Raises PictureError."""
    if not width or not height:
        raise PictureError("picture_unknown")
    if width > SIDE_LIMIT or height > SIDE_LIMIT:
        raise PictureError(
            "picture_too_large", width=width, height=height, limit=SIDE_LIMIT
        )


def _read_header(data: bytes) -> tuple[int, int]:
    if not data or not SIGNATURE.startswith(data[:8]):
        raise PictureError("picture_unknown")
    if len(data) < 33:
        raise PictureError("picture_truncated")
    length, kind, width, height = struct.unpack(">I4sII", data[8:24])
    if kind != b"IHDR" or length != 13:
        raise PictureError("picture_unknown")
    check_sides(height, width)
    return height, width


def _walk(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(SIGNATURE)
    while place + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        end = place + 8 + length
        if end + 4 > len(data):
            break
        content = data[place + 8 : end]
        if zlib.crc32(content, zlib.crc32(kind)) != int.from_bytes(
            data[end : end + 4], "big"
        ):
            raise PictureError("picture_damaged", part=kind.decode("latin-1"))
        yield kind, content
        if kind == b"IEND":
            return
        place = end + 4
    raise PictureError("picture_truncated")


def _read_text(kind: bytes, rest: bytes, limit: int) -> bytes:
    if kind == b"tEXt":
        # Latin-1 by the specification; the JSON inside is parsed as UTF-8.
        return _cap(rest.decode("latin-1").encode(), limit)
    if kind == b"zTXt":
        return _cap(_inflate(rest[1:], limit).decode("latin-1").encode(), limit)
    squeezed = rest[:1] == b"\1"
    _, _, rest = rest[2:].partition(b"\0")
    _, _, text = rest.partition(b"\0")
    return _cap(_inflate(text, limit) if squeezed else text, limit)


def _inflate(squeezed: bytes, limit: int) -> bytes:
    try:
        # One byte more than allowed tells a bomb from a text that just fits.
        return zlib.decompressobj().decompress(squeezed, limit + 1)
    except zlib.error:
        raise PictureError("picture_recipe_damaged") from None


def _cap(text: bytes, limit: int) -> bytes:
    if len(text) > limit:
        raise PictureError("picture_recipe_damaged")
    return text
