"""JPEG and WebP files with the whole recipe inside their XMP, and the way back.

JPEG: ITU-T T.81 annex B and XMP specification part 3, 1.1.3. WebP: the container
specification of Google (RFC 9649).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from studio.errors import PictureError
from studio.export import metadata
from studio.export.png_chunks import check_sides
from studio.export.saved import Form

if TYPE_CHECKING:
    import numpy as np

_MAIN = b"http://ns.adobe.com/xap/1.0/\0"
_REST = b"http://ns.adobe.com/xmp/extension/\0"
_SEGMENT = 65533  # bytes that one segment of a JPEG holds
_PIECE = 65000
# A JPEG has no checksums: it is whole if it ends as one does.
_END = b"\xff\xd9"


def write_lossy(
    pixels: np.ndarray,
    form: Form,
    statement: Mapping[str, str],
    fingerprint: str,
    work: str,
) -> bytes:
    """Return ``pixels`` (uint8 [H, W, 3]) as a JPEG or WebP that carries ``work``.

    ``work`` is the content of ``saved.content_of`` as ASCII. Equal arguments give
    equal bytes with the same version of Pillow's libraries.
    """
    if form.kind == "WEBP":
        return encode(pixels, form, xmp=metadata.packet(statement, fingerprint, work))
    main, rest = metadata.parts(statement, fingerprint, work, _SEGMENT - len(_MAIN))
    segments = [_MAIN + main, *_pieces(rest)]
    extra = b"".join(b"\xff\xe1" + struct.pack(">H", len(s) + 2) + s for s in segments)
    comment = statement.get("Description", "made with AI")
    return encode(pixels, form, extra=extra, comment=comment)


def encode(pixels: np.ndarray, form: Form, **texts: object) -> bytes:
    """Return uint8 [H, W, 3] as the bytes of a form, with Pillow's options."""
    from PIL import Image

    how: dict[str, object] = {"quality": form.quality, **texts}
    if form.kind == "JPEG":
        how["subsampling"] = 0  # red roofs against a blue sky stay sharp
    elif form.exact:
        how["lossless"] = True
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form.kind, **how)
    return file.getvalue()


def read_jpeg(data: bytes) -> tuple[tuple[int, int], dict[str, str]]:
    """Return ((height, width), the properties of the XMP) of a JPEG.

    Raises PictureError where it is not whole or the XMP does not hold.
    """
    size, main, rest = None, b"", []
    for marker, content in _segments(data):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            size = struct.unpack(">HH", content[1:5])
        elif marker == 0xE1 and content.startswith(_MAIN) and not main:
            main = content[len(_MAIN) :]
        elif marker == 0xE1 and content.startswith(_REST):
            rest.append(content[len(_REST) :])
    if size is None or not data.rstrip(b"\0").endswith(_END):
        raise PictureError("picture_truncated")
    check_sides(*size)
    found = metadata.read_packet(main) if main else {}
    if name := found.get("xmpNote:HasExtendedXMP", ""):
        found |= metadata.read_packet(_joined(rest, name))
    return size, found


def read_webp(data: bytes) -> tuple[tuple[int, int], dict[str, str]]:
    """Return ((height, width), the properties of the XMP) of a WebP.

    Raises PictureError where it is not whole or the XMP does not hold.
    """
    chunks = dict(_chunks(data))
    if len(head := chunks.get(b"VP8X", b"")) < 10:
        raise PictureError("picture_no_recipe")  # without it there is no XMP either
    if head[0] & 2:
        raise PictureError("picture_is_film")
    width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (4, 7))
    check_sides(height, width)
    xmp = chunks.get(b"XMP ")
    return (height, width), metadata.read_packet(xmp) if xmp else {}


def _pieces(rest: bytes) -> Iterator[bytes]:
    name = metadata.part_name(rest).encode()
    for start in range(0, len(rest), _PIECE):
        place = struct.pack(">II", len(rest), start)
        yield _REST + name + place + rest[start : start + _PIECE]


def _joined(pieces: list[bytes], name: str) -> bytes:
    """Put the pieces of a second part together, wherever they stood."""
    parts: dict[int, bytes] = {}
    for piece in pieces:
        if piece[:32] == name.encode() and len(piece) > 40:
            parts[int.from_bytes(piece[36:40], "big")] = piece[40:]
    rest = b"".join(parts[place] for place in sorted(parts))
    if metadata.part_name(rest) != name:
        raise PictureError("picture_recipe_damaged")
    return rest


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the marker and the content of each segment before the pixels."""
    place = 2
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            raise PictureError("picture_damaged", part="JPEG")
        marker, length = (
            data[place + 1],
            int.from_bytes(data[place + 2 : place + 4], "big"),
        )
        end = place + 2 + length
        if marker == 0xDA:
            return
        if length < 2 or end > len(data):
            break
        yield marker, data[place + 4 : end]
        place = end
    raise PictureError("picture_truncated")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    if len(data) < 12 or int.from_bytes(data[4:8], "little") + 8 > len(data):
        raise PictureError("picture_truncated")
    place = 12
    while place + 8 <= len(data):
        kind, length = struct.unpack("<4sI", data[place : place + 8])
        end = place + 8 + length
        if end > len(data):
            raise PictureError("picture_truncated")
        yield kind, data[place + 8 : end]
        place = end + length % 2
