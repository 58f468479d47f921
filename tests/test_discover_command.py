"""`python -m studio discover`: what it says, what it refuses, what it leaves behind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from trainers import tiny_run

from benchmarks import words
from studio.checkpoint import describe, read_card
from studio.cli import main
from studio.errors import InputError
from studio.latent.trial import Effort
from studio.training.vocabulary import read_vocabulary


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the verb take seconds: how much is rendered is not what is tested here."""
    least = Effort(samples=64, tried=6, judged=12, steps=2, word_steps=2)
    monkeypatch.setattr("studio.latent.discovery.FULL", least)


def labelled_folder(folder: Path, count: int = 56) -> Path:
    """Dark and light pictures, two tags of which the table knows."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    lines = ["file,artist,tags"]
    for i in range(count):
        light = 150 if i % 2 else 20
        picture = light + rng.integers(0, 60, (40, 40, 3))
        Image.fromarray(picture.astype(np.uint8)).save(folder / f"{i}.png")
        lines.append(f"{i}.png,nobody,{'day calm' if i % 2 else 'night'}")
    (folder / "labels.csv").write_text("\n".join(lines), "utf-8")
    return folder


@pytest.mark.usefixtures("little")
def test_properties_are_found_and_written(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["discover", "good", "--json"]) == 0
    told = capsys.readouterr()
    value = json.loads(told.out)
    assert value["name"] == "good"
    assert "warmth" in told.err  # progress
    card = read_card(shelf / "good")
    assert card["words"] == value["words"] and card["measures"]
    assert describe(shelf / "good")["ready"]
    assert sorted(path.name for path in shelf.iterdir()) == ["bad", "good"]


@pytest.mark.usefixtures("little", "shelf")
def test_words_come_from_the_tags_of_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = labelled_folder(tmp_path / "labelled")
    assert main(["discover", "good", "--folder", str(folder), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    names = [entry["name"] for entry in value["measures"] if entry["kind"] == "word"]
    assert sorted(names) == ["calm", "day", "night"]
    assert value["discovery"]["column"] == "tags"
    assert str(tmp_path) not in json.dumps(value)  # no path of a person


@pytest.mark.usefixtures("little")
def test_the_benchmark_judges_words_and_tries_phrases(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = labelled_folder(tmp_path / "labelled")
    monkeypatch.setattr("studio.latent.trial.HOPELESS", 0.0)
    monkeypatch.setattr("studio.latent.discovery.NEAR_APPEARS", 0.0)
    monkeypatch.setattr("studio.latent.discovery.NEAR_FLIPS", 1.0)
    monkeypatch.setattr("studio.latent.trial.DOUBTFUL_APPEARS", 0.0)
    monkeypatch.setattr(words, "WORKS", 8)
    monkeypatch.setattr(words, "RARE", 1.1)
    monkeypatch.setattr(words, "KNOWN", ("known", "uncertain"))
    assert main(["discover", "good", "--folder", str(folder), "--json"]) == 0
    found = words.measure_words("good", str(folder))
    card = read_card(shelf / "good")
    assert len(found["properties"] + found["words"]) == len(card["words"])
    assert {row["name"] for row in found["words"]} == {"calm", "day", "night"}
    # "calm" and "day" are on the same pictures: the pair that comes first
    assert sorted(found["phrases"]["rows"][0]["phrase"].split()) == ["calm", "day"]
    assert 1 <= found["phrases"]["tries"] <= words.TRIES


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nobody"], "nobody"),
        (["good", "--folder", "nowhere"], "nowhere"),
        (["good", "--labels", "fruit"], "fruit"),
        (["../good"], "good"),
    ],
)
@pytest.mark.usefixtures("shelf")
def test_what_cannot_be_is_refused_in_one_sentence(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["discover", *arguments]) == 2
    error = capsys.readouterr().err
    assert told in error and len(error.splitlines()) == 1


def test_a_broken_model_is_told_and_left(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shelf / "bad" / "generator.safetensors").write_bytes(b"none")
    assert main(["discover", "bad"]) == 2
    assert "generator.safetensors" in capsys.readouterr().err


def test_a_run_that_trains_is_left_alone(
    shelf: Path,
    tiny_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = tiny_run(tiny_folder, "busy")
    shutil.copytree(shelf / "good", run.folder / "checkpoint")
    monkeypatch.setattr("studio.training.run.Run.alive", lambda _: True)
    assert main(["discover", "busy"]) == 2
    assert "busy" in capsys.readouterr().err


def test_a_column_that_is_not_there_and_no_labels_are_told(tmp_path: Path) -> None:
    folder = labelled_folder(tmp_path / "labelled", 4)
    with pytest.raises(InputError) as raised:
        read_vocabulary(folder, "colour", (32, 32))
    assert raised.value.code == "labels_column"
    (folder / "labels.csv").unlink()
    with pytest.raises(InputError) as raised:
        read_vocabulary(folder, None, (32, 32))
    assert raised.value.code == "labels_none"


def test_another_column_can_be_asked_for(tmp_path: Path) -> None:
    folder = labelled_folder(tmp_path / "labelled", 4)
    found = read_vocabulary(folder, "artist", (32, 32))
    assert found.names == ("nobody",) and found.pictures.shape == (4, 128, 128, 3)
    assert found.marks.tolist() == [[1.0]] * 4


@pytest.mark.usefixtures("little")
def test_publishing_can_find_the_words_of_the_runs_own_labels(
    shelf: Path, tmp_path: Path
) -> None:
    run = tiny_run(labelled_folder(tmp_path / "labelled"), "made")
    shutil.copytree(shelf / "good", run.folder / "checkpoint")
    assert main(["publish", "made", "--as", "sea", "--discover", "--json"]) == 0
    names = {entry["name"] for entry in read_card(shelf / "sea")["measures"]}
    assert {"warmth", "night"} <= names
    assert "measures" not in read_card(run.folder / "checkpoint")
