"""Works as JPEG and WebP: what they carry, what others read, what is refused."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.errors import InputError, PictureError
from studio.export import metadata
from studio.export.metadata import AI_MADE, Credit, credited, statement_of
from studio.export.saved import Form, SavedWork
from studio.export.work import read_work, save_work, verify, write_work
from studio.model import Model
from studio.recipe import Recipe, Residual, Seed

FINGERPRINT = "0123456789abcdef"
RECIPE = Recipe("风景", FINGERPRINT, Seed(7), directions=(("日落", 1.5),))
PIXELS = np.random.default_rng(1).integers(0, 256, (24, 40, 3), np.uint8)
STYLE = np.random.default_rng(2).standard_normal((5, 8)).astype(np.float32)
CARD = {"title": "Land & <sea>", "data": {"description": "Meadows.", "rights": "Ours."}}
CREDIT = Credit("Ana Lía & <王>", "CC BY 4.0", "Dusk\nagain")
FORMS = [Form("PNG"), Form("JPEG"), Form("WEBP"), Form("WEBP", quality=100)]


def saved(form: Form, style: np.ndarray = STYLE, recipe: Recipe = RECIPE) -> bytes:
    statement = credited(statement_of(CARD), CREDIT)
    return write_work(
        PIXELS,
        recipe,
        style=style,
        fingerprint=recipe.fingerprint,
        statement=statement,
        form=form,
    )


def refusal(data: bytes) -> str:
    with pytest.raises(PictureError) as caught:
        read_work(data)
    return caught.value.code


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_every_form_brings_back_recipe_w_and_marks(form: Form) -> None:
    work = read_work(saved(form))
    assert work.recipe == RECIPE and work.fingerprint == FINGERPRINT
    assert work.size == (24, 40) and work.form == form
    assert np.array_equal(np.array(work.w, np.float32), STYLE)
    assert np.array_equal(work.pixels, PIXELS) == form.exact
    assert work.marks["Iptc4xmpExt:DigitalSourceType"] == AI_MADE
    assert work.marks["reverie:ModelFingerprint"] == FINGERPRINT
    assert work.marks["dc:source"].endswith("Meadows. Ours.")
    assert work.marks["dc:creator"] == CREDIT.creator
    assert work.marks["dc:title"] == "Dusk again"
    assert saved(form) == saved(form)


@pytest.mark.skipif(not shutil.which("exiftool"), reason="there is no exiftool")
@pytest.mark.parametrize("form", FORMS[:3], ids=str)
def test_exiftool_reads_the_marks_and_finds_nothing_wrong(
    form: Form, tmp_path: Path
) -> None:
    file = tmp_path / f"work{form.suffix}"
    many = np.random.default_rng(3).standard_normal((14, 1024)).astype(np.float32)
    file.write_bytes(saved(form, many))
    asked = ["exiftool", "-json", "-validate", "-warning", "-XMP:all", str(file)]
    told = json.loads(subprocess.run(asked, capture_output=True, check=True).stdout)[0]
    assert told["Validate"] in ("OK", "0 0 0") and "Warning" not in told
    assert told["DigitalSourceType"] == AI_MADE
    assert told["Creator"] == CREDIT.creator and told["Rights"] == CREDIT.rights
    assert "Meadows" in told["Source"] and told["ModelFingerprint"]


def test_pillow_reads_the_marks() -> None:
    for form in FORMS[1:3]:
        with Image.open(io.BytesIO(saved(form))) as picture:
            xmp = picture.info["xmp"].decode()
        assert AI_MADE in xmp and "CC BY 4.0" in xmp


def test_a_recipe_beyond_the_room_of_one_segment_comes_back_from_a_jpeg() -> None:
    rest = Residual((3, 100, 100), np.zeros(30_000, "<f2").tobytes(), 0.5)
    large = Recipe("m", FINGERPRINT, Seed(1), residual=rest)
    data = saved(Form("JPEG"), recipe=large)
    assert data.count(b"http://ns.adobe.com/xmp/extension/\0") == 2
    assert read_work(data).recipe == large
    spoilt = bytearray(data)
    spoilt[data.rindex(b"AAAAAAAA")] = ord("B")
    assert refusal(bytes(spoilt)) == "picture_recipe_damaged"
    cut = data.index(b"http://ns.adobe.com/xmp/extension/\0") - 4
    length = int.from_bytes(data[cut + 2 : cut + 4], "big")
    assert refusal(data[:cut] + data[cut + 2 + length :]) == "picture_recipe_damaged"


@pytest.mark.parametrize("form", FORMS[1:3], ids=str)
def test_a_lossy_file_cut_anywhere_is_refused(form: Form) -> None:
    data = saved(form)
    for length in [3, 11, 12, 20, 31, 400, len(data) // 2, len(data) - 1]:
        assert refusal(data[:length]) in (
            "picture_truncated",
            "picture_unknown",
            "picture_no_recipe",
        )


@pytest.mark.parametrize(
    "xmp",
    [
        b"",
        b"<x",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
        "<x>".encode("utf-16"),
        b"<a>" * 100_000,
        metadata.packet({}, work='{"recipe": {}}'),
        metadata.packet({}, work="[" * 10_000),
        metadata.packet({}, note="A" * 32),
    ],
    ids=lambda xmp: repr(xmp[:12]),
)
@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_an_xmp_of_strangers_is_refused(kind: str, xmp: bytes) -> None:
    file = io.BytesIO()
    if len(xmp) < 65_000 or kind == "WEBP":
        Image.fromarray(PIXELS).save(file, kind, xmp=xmp)
        assert refusal(file.getvalue()) in (
            "picture_recipe_damaged",
            "picture_no_recipe",
        )


def test_a_film_is_no_work() -> None:
    file = io.BytesIO()
    frames = [Image.fromarray(np.roll(PIXELS, n, 1)) for n in range(3)]
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:])
    assert refusal(file.getvalue()) == "picture_is_film"


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_verify_tells_identical_match_and_different(
    form: Form, tiny_model: Model
) -> None:
    recipe = tiny_model.recipe(7)
    data = save_work(tiny_model, recipe, form)
    same = verify(tiny_model, read_work(data))
    assert same.identical and same.match and same.max_abs_difference == 0
    assert same.encoded_again != form.exact
    near = compare_with(tiny_model, recipe, form, lambda pixels: pixels ^ 1)
    assert near.match and not near.identical
    forged = compare_with(tiny_model, recipe, form, painted_over)
    assert not forged.match and (forged.max_abs_difference or 0) > 10


def painted_over(pixels: np.ndarray) -> np.ndarray:
    pixels = pixels.copy()
    pixels[4:24, 4:24] = 255 - pixels[4:24, 4:24]
    return pixels


def compare_with(model: Model, recipe: Recipe, form: Form, change):  # type: ignore[no-untyped-def]
    pixels = change(model.render_canonical(recipe))
    data = write_work(
        pixels,
        recipe,
        style=model.style(recipe),
        fingerprint=model.fingerprint,
        statement=statement_of(model.card),
        form=form,
    )
    return verify(model, read_work(data))


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (("GIF",), "form_kind"),
        (("PNG", 3), "form_scale"),
        (("PNG", True), "form_scale"),
        (("JPEG", 1, 0), "form_quality"),
        (("JPEG", 1, 101), "form_quality"),
        (("JPEG", 1, 90.5), "form_quality"),
    ],
)
def test_a_form_that_there_is_not_is_told(asked: tuple, code: str) -> None:
    with pytest.raises(InputError) as caught:
        Form.read(*asked)
    assert caught.value.code == code


@pytest.mark.skipif(not shutil.which("exiftool"), reason="there is no exiftool")
def test_a_film_can_carry_the_same_marks(tmp_path: Path) -> None:
    statement = credited(statement_of(CARD), CREDIT)
    tags = metadata.film_tags(statement, json.dumps({"recipes": [RECIPE.to_dict()]}))
    assert json.loads(tags["comment"])["recipes"][0] == RECIPE.to_dict()
    assert tags["artist"] == CREDIT.creator and "AI" in tags["description"]
    # The smallest file of that family: its type, and our box.
    kind = (20).to_bytes(4, "big") + b"ftypisom\0\0\0\0isom"
    film = tmp_path / "film.mp4"
    film.write_bytes(kind + metadata.mp4_box(metadata.packet(statement, FINGERPRINT)))
    asked = ["exiftool", "-json", "-XMP:all", str(film)]
    told = json.loads(subprocess.run(asked, capture_output=True, check=True).stdout)[0]
    assert told["DigitalSourceType"] == AI_MADE
    assert told["ModelFingerprint"] == FINGERPRINT


def test_what_is_read_is_a_work(tmp_path: Path) -> None:
    path = tmp_path / "作品.jpeg"
    path.write_bytes(saved(Form("JPEG")))
    assert isinstance(read_work(path), SavedWork)
