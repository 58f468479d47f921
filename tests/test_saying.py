"""The command line in words: `words MODEL "phrase"`, and `render --words`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.cli import main
from studio.export.work import read_work
from studio.model import Model
from studio.recipe import Recipe

NAMES = ("sunset", "sea", "village", "warmth", "softness")
Answer = Callable[..., Any]


@pytest.fixture
def spoken(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """The model `good` with named directions; `bad` has none that have a name."""
    monkeypatch.setenv("STUDIO_LANGUAGE", "en")
    model = Model.open("good")
    named = [
        replace(direction, name=name)
        for direction, name in zip(model.directions, NAMES, strict=False)
    ]
    model.write(shelf / "good", named)
    return Model.open("good")


@pytest.fixture
def told(spoken: Model, capsys: pytest.CaptureFixture[str]) -> Answer:
    """Run a command that succeeds; return the JSON that it prints."""

    def run(*argv: str) -> Any:
        assert main([*argv, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return run


def test_words_answers_with_the_keys_that_scripts_read(
    told: Answer, spoken: Model
) -> None:
    found = told("words", "good", "romantic sunset over the sea, helicopter")
    for part in found["understood"]:
        assert {"text", "word", "amount", "confidence"} <= part.keys()
        assert part["word"] in NAMES
    (stranger,) = found["unknown"]
    assert stranger["text"] == "helicopter" and stranger["nearest"] in NAMES
    recipe = Recipe.from_dict(found["recipe"])
    spoken.check(recipe)
    assert recipe.amounts.keys() == {"sunset", "sea", "warmth", "softness"}


def test_words_takes_weights_and_a_seed(told: Answer) -> None:
    found = told("words", "good", "海:1.5, -村庄", "--seed", "9")
    assert found["recipe"]["directions"] == {"sea": 1.5, "village": -1}
    assert found["recipe"]["source"] == {"seed": 9}


def test_words_speaks_in_sentences(
    spoken: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["words", "good", "sea -sea helicopter"]) == 0
    lines = capsys.readouterr().out
    assert "sea: sea +1, 100 % sure" in lines
    assert "helicopter: unknown here; the nearest known is" in lines
    assert "pull against each other" in lines
    assert main(["words", "good", "the of"]) == 0
    assert "Nothing in this phrase" in capsys.readouterr().out


def test_render_goes_where_the_words_say(told: Answer, tmp_path: Path) -> None:
    path = tmp_path / "work.png"
    render = ("render", "good", "--seed", "7", "-o", str(path))
    told(*render, "--words", "夕阳 海", "--set", "sea=2")
    assert read_work(path).recipe.amounts == {"sunset": 1, "sea": 2}


def test_render_says_on_stderr_what_it_did_not_understand(
    spoken: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "work.png")
    argv = ["render", "good", "--seed", "7", "-o", path, "--words", "sea, keyboard"]
    assert main([*argv, "--json"]) == 0
    said = capsys.readouterr()
    assert "keyboard" in said.err
    assert json.loads(said.out)["works"][0]["recipe"]["directions"] == {"sea": 1}


@pytest.mark.parametrize(
    ("model", "phrase", "part"),
    [
        ("good", "", "Nothing was said"),
        ("good", "  \n", "Nothing was said"),
        ("good", "sea:nan", "no weight"),
        ("good", "x" * 2**20, "2000 characters"),
        ("bad", "sea", "no named directions"),
        ("nowhere", "sea", "no model"),
    ],
)
def test_what_cannot_be_said_is_refused_in_one_sentence(
    model: str,
    phrase: str,
    part: str,
    spoken: Model,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "work.png"
    render = ["render", model, "--seed", "1", "--words", phrase, "-o", str(path)]
    for argv in (["words", model, phrase], render):
        assert main(argv) == 2
        said = capsys.readouterr()
        assert part in said.err and said.err.count("\n") == 1
        assert said.out == "" and not path.exists()
