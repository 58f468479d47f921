"""The measuring is right; how long anything takes is never asserted here."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from benchmarks import harness
from benchmarks.harness import Page, Unavailable, medians, percentile
from benchmarks.live import slider_values


def test_percentiles_are_interpolated() -> None:
    assert percentile([4, 1, 3, 2], 0.5) == 2.5
    assert percentile([1, 2, 3, 4, 5], 0.95) == pytest.approx(4.8)
    assert percentile([7], 0.95) == 7


def test_rounds_are_summed_up_by_their_medians() -> None:
    rounds = [
        {"fps": 30.0, "ms": 9.0},
        {"fps": 10.0, "ms": 1.0},
        {"fps": 20.0, "ms": 5},
    ]
    assert medians(rounds) == {"fps": 20.0, "ms": 5.0}


def test_every_step_moves_the_slider_far_enough_to_be_seen() -> None:
    page = Page(range="", picture=(), style="")
    values = slider_values(page, 40)
    assert all(page.low <= value <= page.high for value in values)
    moves = [abs(b - a) for a, b in pairwise(values)]
    assert min(moves) > (page.high - page.low) / 3


def answer_of(measure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["benchmark", "some-model"])
    harness.report(measure, "about")


def test_the_answer_is_one_json_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer_of(lambda name: {"model": name}, monkeypatch)
    assert json.loads(capsys.readouterr().out) == {"model": "some-model"}


def test_what_is_missing_is_one_sentence_and_status_two(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure(name: str) -> dict[str, Any]:
        with harness.chromium():
            return {}

    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit) as stop:
        answer_of(measure, monkeypatch)
    said = capsys.readouterr()
    assert stop.value.code == 2
    assert "Chromium is missing" in said.err and not said.out


def test_a_model_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="no-such-model"):
        harness.model_folder("no-such-model")
