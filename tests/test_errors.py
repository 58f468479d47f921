"""Errors: one short sentence, safe to print and to send."""

from __future__ import annotations

import json

import pytest

from studio.errors import InputError, ModelError, PictureError, RecipeError, StudioError


def test_an_error_is_its_sentence_in_any_language() -> None:
    error = InputError("seed_range", value="x", high=9)
    assert str(error) == "A seed is a whole number from 0 to 9; “x” is not."
    assert error.say("zh") == "种子是 0 到 9 的整数；“x”不是。"
    assert error.as_dict() == {
        "code": "seed_range",
        "params": {"value": "x", "high": 9},
        "sentence": str(error),
    }
    assert StudioError("error.seed_range").code == "seed_range"


def test_mistakes_end_with_status_two() -> None:
    for kind in (InputError, RecipeError, PictureError, ModelError):
        assert kind("seed_range").exit_status == 2


@pytest.mark.parametrize(
    "value",
    [
        *("x" * 1_000_000, "日" * 1_000_000, b"\xff" * 1_000_000, [1] * 1_000_000),
        *({"a": "b" * 1_000_000}, 10**10_000, -(10**10_000), float("nan"), object),
    ],
    ids=lambda value: repr(type(value)),
)
def test_whatever_was_sent_comes_back_short(value: object) -> None:
    error = InputError("seed_range", value=value, high=1)
    assert len(str(error)) < 200 and len(error.say("zh")) < 200
    assert len(json.dumps(error.as_dict(), allow_nan=False)) < 2_000


@pytest.mark.parametrize("value", ["a\nb", "a\r\nb", "\x1b[2J", "\ud800", "a\u2028b"])
def test_a_value_cannot_break_the_sentence_or_the_terminal(value: str) -> None:
    sentence = str(InputError("seed_range", value=value, high=1))
    assert sentence.isprintable()
    sentence.encode("utf-8")
