"""Captions: whole, within the picture, in lines that a typesetter would set."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from studio.export.captions import NOT_FIRST, Caption, Captions, find_font, wrap

LONG = (
    "I was walking along the shore when the sun went down and the water began to glow "
)
CHINESE = "夜里，我梦见自己走在海边，远处的村庄亮着灯，风从山上吹下来，带着花的香气。"


def width(words: str) -> float:
    return sum(2.0 if ord(sign) > 0x2E80 else 1.0 for sign in words)


@pytest.mark.parametrize("text", [LONG, CHINESE, "a" * 90, LONG * 6, "海 the sea 海"])
def test_lines_keep_every_sign_and_fit(text: str) -> None:
    lines = wrap(text, width, 40)
    assert all(width(line) <= 40 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_lines_are_about_equal_and_no_comma_begins_one() -> None:
    lines = wrap(CHINESE, width, 44)
    assert all(line[0] not in NOT_FIRST for line in lines)
    lengths = [width(line) for line in wrap(LONG, width, 60)]
    assert min(lengths) > 0.6 * max(lengths)


def grey(size: tuple[int, int]) -> np.ndarray:
    return np.full((*size, 3), 128, np.uint8)


@pytest.mark.parametrize("text", ["Sea.", CHINESE, LONG * 4, "Привет, море", "かもめ"])
@pytest.mark.parametrize("size", [(96, 96), (256, 256), (256, 480), (720, 405)])
def test_captions_are_drawn_inside_the_picture(
    text: str, size: tuple[int, int]
) -> None:
    captions = Captions([Caption(text, 0, 4)], size)
    shown = captions.draw(grey(size), 2.0)
    letters = np.argwhere(shown.max(axis=2) > 160)
    assert len(letters)
    top, left = letters.min(axis=0)
    bottom, right = letters.max(axis=0)
    assert top > 0 and bottom < size[0] - 1
    assert left > 0 and right < size[1] - 1


def test_captions_fade_in_and_out_and_never_overlap() -> None:
    captions = Captions([Caption("sea", 1, 4), Caption("sky", 4, 6)], (96, 96))
    shown = [int(captions.draw(grey((96, 96)), time / 10).max()) for time in range(70)]
    assert shown[0] == shown[9] == shown[65] == 128
    assert 128 < shown[13] < shown[25] and shown[39] < shown[30]
    assert max(abs(a - b) for a, b in pairwise(shown)) < 60


def test_signs_without_a_font_are_known_before_they_become_boxes() -> None:
    assert find_font("sea 海 Ελλάδα") is not None
    assert find_font("\U00012000") is None
    assert find_font("") is not None
