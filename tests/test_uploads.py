"""Pictures that people send: what the studio reads back, and what it refuses."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image
from servers import Server


def chunk(kind: bytes, data: bytes) -> bytes:
    crc = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + crc


def bomb() -> bytes:
    """A small PNG that says it is 50,000 x 50,000 pixels."""
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"\0" * 10_000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body


def plain_png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG")
    return buffer.getvalue()


def test_pictures_without_a_recipe_each_get_their_sentence(
    server: Server, recipe: dict[str, Any]
) -> None:
    work = server.post("studio/save", json={"recipe": recipe}).content
    tampered = work.replace(b'"seed": 7', b'"seed": 8')
    assert tampered != work
    codes = {}
    for name, data in {
        "nothing": b"",
        "words": b"<svg/>",
        "half": work[: len(work) // 2],
        "tampered": tampered,
        "bomb": bomb(),
        "plain": plain_png(),
    }.items():
        answer = server.post("studio/read", content=data)
        assert answer.status_code == 400, name
        error = answer.json()["error"]
        assert not error["sentence"].startswith("error."), error
        codes[name] = error["code"]
    assert codes["bomb"] == "picture_too_large"
    assert codes["plain"] == "picture_no_recipe"
    assert codes["half"] == "picture_truncated"


def rewritten(png: bytes, kind: bytes, old: bytes, new: bytes) -> bytes:
    """Change the chunks of a kind, and their checksums with them."""
    found, rest = png[:8], png[8:]
    while rest:
        length = int.from_bytes(rest[:4], "big")
        name, data = rest[4:8], rest[8 : 8 + length]
        found += chunk(name, data.replace(old, new) if name == kind else data)
        rest = rest[12 + length :]
    return found


def test_a_file_forged_with_right_checksums_is_still_told(
    server: Server, recipe: dict[str, Any]
) -> None:
    work = server.post("studio/save", json={"recipe": recipe}).content
    start = work.index(b"IDAT") + 12
    pixels = work[start : start + 4]
    forged = {
        "picture_recipe_damaged": rewritten(work, b"iTXt", b'"seed": 7', b'"seed": 8'),
        "picture_pixels": rewritten(work, b"IDAT", pixels, b"\0\0\0\0"),
    }
    for code, data in forged.items():
        assert data != work
        answer = server.post("studio/read", content=data)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_a_file_over_the_limit_is_refused(server: Server) -> None:
    answer = server.post("studio/read", content=b"\0" * (32 * 2**20 + 1))
    assert answer.status_code == 413
