"""The contact sheet, drawn without a model."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from studio.export import sheet as sheets
from studio.export.sheet import Entry, draw_sheet
from studio.recipe import Recipe, Seed, Style

STATEMENT = {"Description": "Made with AI (人工智能生成): by “风景” in Reverie."}
RECIPE = Recipe("tiny", "0" * 16, Seed(7))


def entries(count: int, shape: tuple[int, int] = (64, 96)) -> list[Entry]:
    white = np.full((*shape, 3), 255, np.uint8)
    return [Entry(number, RECIPE.with_seed(number), white) for number in range(count)]


def drawn(count: int, **options: str) -> Image.Image:
    title = options.get("title", "Painted landscapes")
    return Image.open(io.BytesIO(draw_sheet(entries(count), title, STATEMENT)))


@pytest.mark.parametrize("count", [1, 2, 5, 64])
def test_every_picture_has_its_place(count: int) -> None:
    pixels = np.asarray(drawn(count).convert("RGB"))
    white = (pixels == 255).all(axis=2).sum()
    assert white == count * 64 * 96


def test_large_works_are_shown_small() -> None:
    large = [Entry(1, RECIPE, np.zeros((2048, 1024, 3), np.uint8))]
    page = Image.open(io.BytesIO(draw_sheet(large, "x", STATEMENT)))
    assert page.height < 600


def test_a_caption_has_the_number_and_the_seed_where_there_is_one() -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    assert Entry(12, RECIPE, pixels).caption() == "12  seed 7"
    child = Recipe("tiny", "0" * 16, Style(((0.5,),)))
    assert Entry(3, child, pixels).caption() == "3"


def test_a_caption_tells_what_a_work_was_led_to_as_far_as_there_is_room() -> None:
    amounts = (("sea", 0.5), ("sunset", 1.5), ("trees", -2.0), ("warmth", 0.1))
    led = Recipe("tiny", "0" * 16, Seed(7), directions=amounts)
    pixels = np.full((64, 96, 3), 255, np.uint8)
    entry = Entry(1, led, pixels)
    assert entry.led() == "trees -2.0  sunset +1.5  sea +0.5"
    assert Entry(1, RECIPE, pixels).led() == ""
    page = Image.open(io.BytesIO(draw_sheet([entry], "x", STATEMENT)))
    assert page.height > drawn(1, title="x").height
    told = json.loads(page.text[sheets.KEYWORD])  # type: ignore[attr-defined]
    assert told == [{"number": 1, "recipe": led.to_dict()}]
    fits = sheets.Letters.of(15).fitting(entry.led(), 96)
    assert fits and entry.led().startswith(fits)


def test_without_chinese_letters_no_empty_boxes_are_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sheets, "FONTS", ())
    said = sheets.Letters.of(15).known(STATEMENT["Description"])
    assert said == 'Made with AI: by "" in Reverie.'
    assert drawn(2, title="风景").height > 64


def test_a_sheet_speaks_chinese_where_there_are_letters_for_it() -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    warm = RECIPE.with_direction("warmth", 1.5)
    entry = Entry(2, warm, pixels)
    assert (entry.caption("zh"), entry.led("zh")) == ("2  种子 7", "暖度 +1.5")
    pages = [draw_sheet([entry], "风景", STATEMENT, lang) for lang in ("en", "zh")]
    letters = sheets.Letters.of(15)
    assert (pages[0] != pages[1]) == bool(letters.han)
