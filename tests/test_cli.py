"""The command line: answers, refusals and exit statuses without a model."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from studio.cli import main, options
from studio.errors import InputError
from studio.export.metadata import statement_of
from studio.export.work import write_work
from studio.recipe import Recipe, Seed

ROOT = Path(__file__).resolve().parent.parent
RECIPE = Recipe("nowhere", "0123456789abcdef", Seed(7), variety=0.5)
Refusal = Callable[..., str]


@pytest.fixture(autouse=True)
def empty_studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A studio without models, and a person who reads English."""
    monkeypatch.setenv("STUDIO_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("STUDIO_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("STUDIO_LANGUAGE", "en")


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Refusal:
    """Run a command that must be refused; return its one sentence."""

    def run(*argv: str) -> str:
        assert main(argv) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.count("\n") == 1 and len(told.err) < 400
        return told.err

    return run


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A saved work of a model that is not installed."""
    pixels = np.zeros((8, 8, 3), np.uint8)
    style = np.zeros((2, 4), np.float32)
    data = write_work(
        pixels,
        RECIPE,
        style=style,
        fingerprint=RECIPE.fingerprint,
        statement=statement_of({}),
    )
    path = tmp_path / "work.png"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("seed", ["-1", "4294967296", str(2**64), "1e308", "x", ""])
def test_a_seed_that_is_none_is_refused(seed: str, refusal: Refusal) -> None:
    assert "4294967295" in refusal("render", "m", "--seed", seed)


@pytest.mark.parametrize("seeds", ["", "5", "9-5", "a-b", "1-2-3", "1-4294967296"])
def test_a_range_of_seeds_that_is_none_is_refused(seeds: str, refusal: Refusal) -> None:
    assert "seed" in refusal("render", "m", "--seeds", seeds)


def test_a_million_seeds_in_one_go_are_refused(refusal: Refusal) -> None:
    assert "10000" in refusal("render", "m", "--seeds", "0-4294967295")


@pytest.mark.parametrize(
    "typed", ["", "=", "a", "=1", "a=", "a=x", "a=nan", "a=inf", "a=1e9", "a=11"]
)
def test_a_setting_that_is_none_is_refused(typed: str, refusal: Refusal) -> None:
    assert "amount" in refusal("render", "m", "--seed", "1", "--set", typed)


@pytest.mark.parametrize("typed", ["", "nan", "-0.1", "1.6", "1e999", "x" * 10_000])
def test_a_variety_that_is_none_is_refused(typed: str, refusal: Refusal) -> None:
    assert "Variety" in refusal("render", "m", f"--variety={typed}")


@pytest.mark.parametrize("typed", ["", "0", "15", "4097", "512x", "1x2x3", "9" * 9999])
def test_a_size_that_is_none_is_refused(typed: str, refusal: Refusal) -> None:
    assert "size" in refusal("render", "m", "--size", typed)


@pytest.mark.parametrize(
    ("typed", "size"),
    [
        ("512", (512, 384)),
        ("384x512", (384, 512)),
        ("20", (20, 16)),
        ("16×16", (16, 16)),
    ],
)
def test_one_number_keeps_the_proportions(typed: str, size: tuple[int, int]) -> None:
    assert options.fit_size(options.parse_size(typed), (128, 96)) == size


def test_options_are_read_as_typed() -> None:
    assert options.parse_seeds("100-163") == range(100, 164)
    assert options.parse_setting("pca-01=+1.5") == ("pca-01", 1.5)
    assert options.parse_setting(" 日落 = -.5 ") == ("日落", -0.5)
    assert options.parse_variety("0.8") == 0.8


def test_recipes_come_from_text_files_and_pictures(work: Path, tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(RECIPE.to_json(), encoding="utf-8")
    for given in (RECIPE.to_json(), str(path), str(work)):
        assert Recipe.from_dict(options.load_recipe(given)) == RECIPE


@pytest.mark.parametrize("given", ["", "x", "nowhere.json", "a\0b", "{", "[]", "{NaN}"])
def test_a_recipe_that_is_none_is_refused(given: str, refusal: Refusal) -> None:
    assert "recipe" in refusal("render", "m", "--recipe", given)


def test_a_recipe_file_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    with path.open("wb") as file:
        file.truncate(2**34)  # sparse: takes no space on the disk
    with pytest.raises(InputError) as caught:
        options.load_recipe(str(path))
    assert caught.value.code == "recipe_too_long"


def test_one_seed_or_a_range_but_not_both(refusal: Refusal) -> None:
    assert "both" in refusal("render", "m", "--seed", "1", "--seeds", "1-2")


def test_works_are_pictures_and_many_go_to_a_folder(
    tmp_path: Path, refusal: Refusal
) -> None:
    path = str(tmp_path / "work.gif")
    assert ".png" in refusal("render", "m", "--seed", "1", "-o", path)
    Path(path).write_bytes(b"mine")
    assert "folder" in refusal("render", "m", "--seeds", "1-2", "-o", path)
    assert Path(path).read_bytes() == b"mine"


def test_a_model_that_is_not_there_is_named(refusal: Refusal) -> None:
    assert "nowhere" in refusal("render", "nowhere", "--seed", "1")


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        (["rendr"], "render"),
        (["zzz"], "zzz"),
        (["x" * 1_000_000], "xxx"),
        (["render"], "MODEL"),
        (["show", "a.png", "--verfy"], "--verify"),
        (["render", "m", "--seed"], "--seed"),
        (["models", "extra"], "extra"),
        (["--zzz"], "--zzz"),
    ],
    ids=lambda part: str(part)[:20],
)
def test_a_mistyped_command_gets_one_sentence(
    argv: list[str], part: str, refusal: Refusal
) -> None:
    assert part in refusal(*argv)


def test_sentences_are_in_the_language_of_the_person(
    monkeypatch: pytest.MonkeyPatch, refusal: Refusal
) -> None:
    monkeypatch.setenv("STUDIO_LANGUAGE", "zh")
    assert "种子" in refusal("render", "m", "--seed", "x")
    assert "没有" in refusal("rendr")


def test_show_tells_the_recipe_of_a_work(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(work), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["recipe"] == RECIPE.to_dict()
    assert told["model_fingerprint"] == RECIPE.fingerprint
    assert told["installed"] is False and told["changed"] is False
    assert main(["show", str(work)]) == 0
    assert "not installed" in capsys.readouterr().out


def test_a_work_of_a_model_that_is_not_installed_cannot_be_verified(
    work: Path, refusal: Refusal
) -> None:
    assert "nowhere" in refusal("show", str(work), "--verify", "--json")


def test_show_refuses_what_is_no_work(tmp_path: Path, refusal: Refusal) -> None:
    path = tmp_path / "notes.png"
    path.write_text("not a picture")
    assert "PNG" in refusal("show", str(path))
    assert "cannot be read" in refusal("show", str(tmp_path / "none.png"))


def test_models_of_an_empty_studio_are_an_empty_list(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["models", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["models"]) == 0
    assert "No model" in capsys.readouterr().out


def test_no_verb_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    told = capsys.readouterr().out
    assert "render" in told and "show" in told


def test_help_is_in_the_language_of_the_person(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STUDIO_LANGUAGE", "zh")
    with pytest.raises(SystemExit) as caught:
        main(["render", "--help"])
    assert caught.value.code == 0
    told = capsys.readouterr().out
    assert "用法" in told and "种子" in told
    assert not re.search(r"usage|options|arguments|show|exit", told)


def test_our_own_mistakes_end_with_status_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> list[dict]:
        raise RuntimeError("a fuse\nblew")

    monkeypatch.setattr("studio.checkpoint.list_models", broken)
    assert main(["models", "--json"]) == 1
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1 and "a fuse" in told.err


def run_python(code: str, *argv: str, **variables: str) -> subprocess.CompletedProcess:
    """Run Python in a new process at the repository's root."""
    return subprocess.run(
        [sys.executable, "-c", code, *argv],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


PLAIN_READ = """
import sys
from studio.cli import main
status = main(sys.argv[1:])
heavy = {"torch", "gradio"} & set(sys.modules)
assert not heavy, heavy
sys.exit(status)
"""


def test_plain_reads_import_neither_torch_nor_gradio(work: Path) -> None:
    for argv in (["models", "--json"], ["show", str(work), "--json"]):
        done = run_python(PLAIN_READ, *argv)
        assert done.returncode == 0, done.stderr
        json.loads(done.stdout)


def test_a_terminal_without_chinese_still_gets_an_answer(work: Path) -> None:
    code = "import sys; from studio.cli import main; sys.exit(main(sys.argv[1:]))"
    plain = {"PYTHONIOENCODING": "ascii", "STUDIO_LANGUAGE": "zh"}
    assert run_python(code, "show", str(work), **plain).returncode == 0
    done = run_python(code, "show", str(work) + "x", **plain)
    assert done.returncode == 2 and "Traceback" not in done.stderr
