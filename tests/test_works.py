"""The verbs about works, on a real model: render, show, verify, models."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.cli import main
from studio.export.metadata import statement_of
from studio.export.saved import SavedWork
from studio.export.work import read_work, write_work
from studio.model import Model
from studio.recipe import Recipe, Seed, Style


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """The person reads English."""
    monkeypatch.setenv("STUDIO_LANGUAGE", "en")


@pytest.fixture
def answers(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command with ``--json``; return its one value."""

    def run(*argv: str | Path) -> Any:
        assert main([*map(str, argv), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command that must be refused; return its one sentence."""

    def run(*argv: str | Path) -> str:
        assert main([*map(str, argv)]) == 2
        told = capsys.readouterr()
        assert told.out == "" and told.err.count("\n") == 1
        return told.err

    return run


def resaved(work: SavedWork, **changes: Any) -> bytes:
    """Return the file of a work with other pixels or another recipe."""
    recipe = changes.get("recipe", work.recipe)
    return write_work(
        changes.get("pixels", work.pixels),
        recipe,
        style=np.array(work.w, np.float32),
        fingerprint=recipe.fingerprint,
        statement=statement_of({}),
    )


@pytest.fixture
def work(tmp_path: Path, answers: Any) -> Path:
    """The saved work of seed 7."""
    path = tmp_path / "work.png"
    answers("render", "tiny", "--seed", "7", "-o", path)
    return path


def test_a_seed_gives_the_same_file_every_time(
    work: Path, tmp_path: Path, answers: Any
) -> None:
    again = tmp_path / "new folder" / "again.png"
    told = answers("render", "tiny", "--seed", "7", "-o", again)
    assert again.read_bytes() == work.read_bytes()
    assert told["works"][0]["path"] == str(again)
    assert Recipe.from_dict(told["works"][0]["recipe"]) == read_work(work).recipe


def test_many_seeds_are_one_file_each_and_the_same_as_alone(
    work: Path, tmp_path: Path, answers: Any
) -> None:
    folder = tmp_path / "many"
    told = answers("render", "tiny", "--seeds", "5-12", "-o", folder)
    paths = [Path(entry["path"]) for entry in told["works"]]
    assert [entry["seed"] for entry in told["works"]] == list(range(5, 13))
    assert sorted(folder.iterdir()) == sorted(paths)
    assert paths[2].read_bytes() == work.read_bytes()
    assert len({read_work(path).pixels.tobytes() for path in paths}) == 8


def test_a_saved_work_is_verified_as_identical(work: Path, answers: Any) -> None:
    told = answers("show", work, "--verify")
    assert told["identical"] is True and told["match"] is True
    assert told["max_abs_difference"] == 0
    assert told["installed"] is True and told["changed"] is False
    assert told["recipe"] == read_work(work).recipe.to_dict()
    assert told["model_fingerprint"] == read_work(work).fingerprint


def test_every_option_reaches_the_recipe_and_the_pixels(
    work: Path, tmp_path: Path, answers: Any, tiny_model: Model
) -> None:
    name = tiny_model.directions[0].name
    path = tmp_path / "other.png"
    options = ["--variety", "1.1", "--set", f"{name}=+2", "--size", "48x40"]
    answers("render", "tiny", "--seed", "7", *options, "-o", path)
    saved = read_work(path)
    assert saved.recipe == Recipe(
        "tiny", tiny_model.fingerprint, Seed(7), 1.1, ((name, 2.0),), size=(48, 40)
    )
    assert saved.pixels.shape == (48, 40, 3)
    assert answers("show", path, "--verify")["identical"] is True
    plain = tmp_path / "plain.png"
    answers("render", "tiny", "--recipe", path, "--size", "32", "-o", plain)
    assert not np.array_equal(read_work(plain).pixels, read_work(work).pixels)


def test_a_recipe_that_uses_everything_comes_back(
    tmp_path: Path, answers: Any, tiny_model: Model
) -> None:
    name = tiny_model.directions[0].name
    shape = tiny_model.latent_shape
    numbers = np.linspace(-1, 1, int(np.prod(shape))).astype("<f2")
    residual = base64.b64encode(numbers.tobytes()).decode()
    identity = {"format": 1, "model": "tiny", "fingerprint": tiny_model.fingerprint}
    mask = {"h": 1, "w": 2, "data": base64.b64encode(b"\0\xff").decode()}
    recipe = {
        "source": {"blend": [[7, 0.25], [8, 0.75]]},
        "directions": {name: -1},
        "mix": [{"layers": [0], "source": {"seed": 9}, "amount": 0.5}],
        "patches": [{"mask": mask, "recipe": {**identity, "source": {"seed": 4}}}],
        "residual": {"shape": list(shape), "data": residual, "amount": 0.5},
    }
    path = tmp_path / "all.png"
    answers("render", "tiny", "--recipe", json.dumps(recipe), "-o", path)
    assert read_work(path).recipe == Recipe.from_dict({**identity, **recipe})
    assert answers("show", path, "--verify")["identical"] is True


def test_the_w_in_the_file_makes_the_same_picture(
    tmp_path: Path, answers: Any, tiny_model: Model
) -> None:
    name = tiny_model.directions[0].name
    path = tmp_path / "work.png"
    answers("render", "tiny", "--seed", "7", "--set", f"{name}=1", "-o", path)
    saved = read_work(path)
    again = Recipe("tiny", tiny_model.fingerprint, Style(saved.w), variety=1.0)
    gap = tiny_model.render_canonical(again).astype(int) - saved.pixels
    assert np.abs(gap).max() <= 1


@pytest.mark.parametrize(
    ("change", "match", "gap"), [(0, True, 0), (2, True, 2), (3, False, 3)]
)
def test_pixels_that_were_touched_are_noticed(
    change: int, match: bool, gap: int, work: Path, tmp_path: Path, answers: Any
) -> None:
    saved = read_work(work)
    pixels = saved.pixels.copy()
    up = pixels[3, 4, 1] < 128
    pixels[3, 4, 1] = pixels[3, 4, 1] + change if up else pixels[3, 4, 1] - change
    path = tmp_path / "touched.png"
    path.write_bytes(resaved(saved, pixels=pixels))
    told = answers("show", path, "--verify")
    assert told["identical"] is (change == 0)
    assert told["match"] is match and told["max_abs_difference"] == gap


def test_a_cropped_work_is_different(
    work: Path, tmp_path: Path, answers: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cropped.png"
    path.write_bytes(resaved(read_work(work), pixels=read_work(work).pixels[:-1]))
    told = answers("show", path, "--verify")
    assert told["identical"] is False and told["match"] is False
    assert told["max_abs_difference"] is None
    assert main(["show", str(path), "--verify"]) == 0
    assert "Different" in capsys.readouterr().out


def test_a_work_of_a_model_that_has_changed_is_shown_but_not_verified(
    work: Path, tmp_path: Path, answers: Any, refusal: Any
) -> None:
    saved = read_work(work)
    old = Recipe("tiny", "f" * 16, saved.recipe.source)
    path = tmp_path / "old.png"
    path.write_bytes(resaved(saved, recipe=old))
    assert answers("show", path)["changed"] is True
    assert "tiny" in refusal("show", path, "--verify")
    assert "tiny" in refusal("render", "tiny", "--recipe", path)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "other"},
        {"fingerprint": "f" * 16},
        {"directions": {"nowhere": 1}},
        {"source": {"w": [[0.0, 1.0]]}},
        {"source": {"w": [[0.0] * 16] * 50}},
        {"mix": [{"layers": [63], "source": {"seed": 1}}]},
        {"mix": [{"layers": [0], "source": {"w": [[0.0]]}}]},
        {"residual": {"shape": [1, 1, 1], "data": "AAA=", "amount": 1}},
    ],
    ids=str,
)
def test_a_recipe_that_does_not_fit_the_model_loses_nothing(
    change: dict, work: Path, refusal: Any
) -> None:
    before = work.read_bytes()
    recipe = json.dumps({"source": {"seed": 1}, **change})
    refusal("render", "tiny", "--recipe", recipe, "-o", work)
    assert work.read_bytes() == before
    assert list(work.parent.iterdir()) == [work]


def test_a_direction_that_is_not_there_is_named(refusal: Any) -> None:
    assert "nowhere" in refusal("render", "tiny", "--seed", "1", "--set", "nowhere=1")


def test_a_place_that_cannot_be_written_is_named(work: Path, refusal: Any) -> None:
    path = work / "inside a file.png"
    assert "cannot be written" in refusal("render", "tiny", "--seed", "1", "-o", path)


def test_models_tells_the_ready_and_the_broken(
    tiny_checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answers: Any,
    refusal: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("good", "bad", "odd"):
        (tmp_path / name).mkdir()
        for file in tiny_checkpoint.iterdir():
            (tmp_path / name / file.name).write_bytes(file.read_bytes())
    (tmp_path / "bad" / "generator.safetensors").write_bytes(b"\x80\x04pickle")
    card = json.loads((tmp_path / "odd" / "card.json").read_text())
    card["resolution"] = [100_000, 100_000]
    (tmp_path / "odd" / "card.json").write_text(json.dumps(card))
    monkeypatch.setenv("STUDIO_CHECKPOINTS", str(tmp_path))
    bad, good, odd = answers("models")
    assert (good["name"], good["ready"], good["problem"]) == ("good", True, None)
    assert (bad["name"], bad["ready"]) == ("bad", False) and "bad" in bad["problem"]
    assert good["resolution"] == [32, 32] and good["family"] == "gan"
    assert good["images"] == 12
    assert main(["models"]) == 0
    told = capsys.readouterr().out
    assert bad["problem"] in told and "“resolution”" in odd["problem"] in told
    assert "bad" in refusal("render", "bad", "--seed", "1")
    answers("render", "good", "--seed", "1", "-o", tmp_path / "work.png")


def test_without_a_seed_a_random_one_is_drawn_and_told(
    tmp_path: Path, answers: Any
) -> None:
    told = answers("render", "tiny", "-o", tmp_path)
    (entry,) = told["works"]
    assert entry["path"] == str(tmp_path / f"tiny-{entry['seed']}.png")
    assert read_work(Path(entry["path"])).recipe.source == Seed(entry["seed"])
