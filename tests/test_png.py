"""Saved works: what comes back, and what is refused."""

from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from studio.errors import PictureError, RecipeError
from studio.export.metadata import statement_of
from studio.export.work import read_work, write_work
from studio.recipe import Recipe, Seed

FINGERPRINT = "0123456789abcdef"
RECIPE = Recipe("风景", FINGERPRINT, Seed(7), directions=(("日落", 1.5),))
PIXELS = np.random.default_rng(1).integers(0, 256, (24, 40, 3), np.uint8)
STYLE = np.random.default_rng(2).standard_normal((5, 8)).astype(np.float32)
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def saved(recipe: Recipe = RECIPE, style: np.ndarray = STYLE) -> bytes:
    """Return a saved work of random pixels."""
    return write_work(
        PIXELS,
        recipe,
        style=style,
        fingerprint=FINGERPRINT,
        statement=statement_of({"title": "Land & <sea>"}),
    )


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return one PNG chunk with its right checksum."""
    total = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", total)


def header(width: int, height: int) -> bytes:
    """Return the beginning of a PNG of that size."""
    content = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", content)


def picture(*texts: bytes) -> bytes:
    """Return a black 4 x 4 PNG with those chunks in it."""
    rows = chunk(b"IDAT", zlib.compress(bytes(4 * 13)))
    return header(4, 4) + b"".join(texts) + rows + chunk(b"IEND", b"")


def text_of(data: bytes) -> dict:
    """Return what Pillow, who is not us, reads from the chunk."""
    with Image.open(io.BytesIO(data)) as opened:
        return json.loads(opened.text["reverie"])  # type: ignore[attr-defined]


def refusal(data: bytes | Path) -> str:
    """Return the code that ``data`` is refused with."""
    with pytest.raises(PictureError) as caught:
        read_work(data)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
    return caught.value.code


def test_a_work_comes_back_with_its_recipe_pixels_and_w(tmp_path: Path) -> None:
    path = tmp_path / "作品.png"
    path.write_bytes(saved())
    for source in (path, path.read_bytes()):
        work = read_work(source)
        assert work.recipe == RECIPE and work.fingerprint == FINGERPRINT
        assert work.size == (24, 40)
        assert np.array_equal(work.pixels, PIXELS) and work.pixels.dtype == np.uint8
        assert np.array_equal(np.array(work.w, np.float32), STYLE)


def test_one_w_for_all_layers_is_one_row() -> None:
    work = read_work(saved(style=np.repeat(STYLE[:1], 5, axis=0)))
    assert np.array_equal(np.array(work.w, np.float32), STYLE[:1])


def test_the_same_work_is_the_same_file() -> None:
    assert saved() == saved()
    assert b"tIME" not in saved()


def test_other_programs_can_read_what_made_it() -> None:
    data = saved()
    assert text_of(data)["recipe"] == RECIPE.to_dict()
    assert text_of(data)["model_fingerprint"] == FINGERPRINT
    assert '"seed": 7' in data.decode("utf-8", "ignore")
    with Image.open(io.BytesIO(data)) as opened:
        texts = opened.text  # type: ignore[attr-defined]
        assert texts["Software"] == "Reverie"
        assert "made with AI" in texts["Comment"]
        assert "trainedAlgorithmicMedia" in texts["XML:com.adobe.xmp"]
        xmp = ElementTree.fromstring(texts["XML:com.adobe.xmp"].encode())
        assert "Land & <sea>" in "".join(xmp.itertext())


def test_a_file_cut_anywhere_is_refused() -> None:
    data = saved()
    for length in [0, 1, 7, 8, 20, 32, 33, 40, 200, len(data) // 2, len(data) - 1]:
        code = refusal(data[:length])
        assert code == ("picture_truncated" if length else "picture_unknown")


def test_a_changed_byte_anywhere_is_noticed() -> None:
    data = saved()
    for place in [18, 30, 60, 300, len(data) // 2, len(data) - 20, len(data) - 3]:
        spoilt = bytearray(data)
        spoilt[place] ^= 0x40
        with pytest.raises(PictureError) as caught:
            read_work(bytes(spoilt))
        assert caught.value.code in (
            "picture_damaged",
            "picture_truncated",
            "picture_too_large",
        )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "null",
        "{}",
        '{"recipe": {}}',
        '{"recipe": 7, "model_fingerprint": "0123456789abcdef", "w": [[0.0]]}',
        "[" * 100_000,
    ],
    ids=lambda text: text[:20],
)
def test_a_tampered_recipe_is_refused(text: str) -> None:
    content = b"reverie\0" + text.encode()
    assert refusal(picture(chunk(b"tEXt", content))) == "picture_recipe_damaged"


@pytest.mark.parametrize(
    "change",
    [
        {"model_fingerprint": "f" * 16},
        {"model_fingerprint": 7},
        {"w": "x"},
        {"w": [[float("nan")]]},
        {"w": []},
        {"w": [[1.0], [1.0, 2.0]]},
    ],
    ids=str,
)
def test_what_stands_beside_the_recipe_must_hold_too(change: dict) -> None:
    content = json.dumps({**text_of(saved()), **change}).encode()
    data = picture(chunk(b"tEXt", b"reverie\0" + content))
    assert refusal(data) == "picture_recipe_damaged"


def test_a_recipe_inside_is_checked_like_any_other() -> None:
    for change, code in (
        ({"format": 2}, "recipe_newer"),
        ({"variety": 9}, "recipe_number"),
        ({"source": {"seed": -1}}, "seed_range"),
        ({"model": "../../secret"}, "recipe_model_name"),
    ):
        content = text_of(saved())
        content["recipe"] |= change
        text = b"reverie\0" + json.dumps(content).encode()
        with pytest.raises(RecipeError) as caught:
            read_work(picture(chunk(b"tEXt", text)))
        assert caught.value.code == code


@pytest.mark.parametrize(
    "texts",
    [
        lambda text: [chunk(b"tEXt", b"reverie\0" + text)],
        lambda text: [chunk(b"zTXt", b"reverie\0\0" + zlib.compress(text))],
        lambda text: [chunk(b"iTXt", b"reverie\0\0\0\0\0" + text)],
        lambda text: [chunk(b"iTXt", b"reverie\0\1\0en\0r\0" + zlib.compress(text))],
    ],
)
def test_a_recipe_that_another_program_stored_anew_is_found(texts) -> None:
    text = json.dumps(text_of(saved())).encode("ascii")
    assert read_work(picture(*texts(text))).recipe == RECIPE


def test_two_recipes_in_one_file_are_refused() -> None:
    text = chunk(b"tEXt", b"reverie\0" + json.dumps(text_of(saved())).encode())
    assert refusal(picture(text, text)) == "picture_recipe_damaged"


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_a_text_that_unpacks_to_gigabytes_is_refused(kind: bytes) -> None:
    bomb = zlib.compress(bytes(64 * 2**20))
    start = b"reverie\0\0" if kind == b"zTXt" else b"reverie\0\1\0\0\0"
    assert refusal(picture(chunk(kind, start + bomb))) == "picture_recipe_damaged"
    assert refusal(picture(chunk(kind, start + b"x"))) == "picture_recipe_damaged"


def test_a_picture_without_a_recipe_is_named_as_such() -> None:
    assert refusal(picture()) == "picture_no_recipe"
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "PNG")
    assert refusal(file.getvalue()) == "picture_no_recipe"


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM"])
def test_other_formats_are_not_read(kind: str) -> None:
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, kind)
    assert refusal(file.getvalue()) == "picture_unknown"


@pytest.mark.parametrize("data", [b"\0" * 100, b"<svg/>", b"%PDF-1.7", SIGNATURE * 9])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    assert refusal(data) == "picture_unknown"


@pytest.mark.parametrize("side", [4097, 50_000, 2**31 - 1, 2**32 - 1])
def test_a_giant_is_refused_by_its_header_alone(side: int) -> None:
    assert refusal(header(side, side)) == "picture_too_large"
    assert refusal(header(side, 16) + chunk(b"IEND", b"")) == "picture_too_large"
    assert refusal(header(16, side) + chunk(b"IEND", b"")) == "picture_too_large"


def test_an_empty_size_is_no_picture() -> None:
    assert refusal(header(0, 16) + chunk(b"IEND", b"")) == "picture_unknown"


def test_a_file_of_gigabytes_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "work.png"
    with path.open("wb") as file:
        file.write(saved())
        file.truncate(2**34)  # sparse: takes no space on the disk
    assert refusal(path) == "picture_too_heavy"


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.png", Path("a\0b"), Path("x" * 5000)):
        assert refusal(path) == "cannot_read"


def test_pixels_that_cannot_be_decoded_are_a_clear_error() -> None:
    text = chunk(b"tEXt", b"reverie\0" + json.dumps(text_of(saved())).encode())
    data = header(4, 4) + text + chunk(b"IDAT", b"xxxx") + chunk(b"IEND", b"")
    work = read_work(data)
    assert work.recipe == RECIPE
    with pytest.raises(PictureError) as caught:
        _ = work.pixels
    assert caught.value.code == "picture_pixels"
