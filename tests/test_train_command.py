"""`python -m studio train` and the verbs around it, as a person or script uses them."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from trainers import assert_same_state, tiny_options, tiny_run, train_apart

from studio.checkpoint import fingerprint
from studio.cli import main
from studio.cli.runs import read_value
from studio.model import Model
from studio.paths import ROOT, runs_folder
from studio.training.run import Run
from studio.training.session import Session

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """The person reads English."""
    monkeypatch.setenv("STUDIO_LANGUAGE", "en")


def refused(capsys: Capture, *argv: str | Path) -> str:
    """Run a command that must be refused; return its one sentence."""
    capsys.readouterr()
    assert main([*map(str, argv)]) == 2
    told = capsys.readouterr().err.strip()
    assert told and "\n" not in told and "Traceback" not in told
    return told


def answered(capsys: Capture, *argv: str | Path) -> Any:
    """Run a command with --json; return the one value on stdout."""
    capsys.readouterr()
    assert main([*map(str, argv), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def start(*argv: str | Path) -> subprocess.Popen[bytes]:
    """Start a command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "studio", *map(str, argv)], cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ),
    )  # fmt: skip


# -- train ------------------------------------------------------------------------


def test_train_ends_with_one_json_value_and_a_model(
    tiny_folder: Path, capsys: Capture
) -> None:
    status = answered(capsys, "train", tiny_folder, "--name", "one", *tiny_options())
    assert status["phase"] == "done" and status["images_seen"] == 64
    assert status["family"] == "gan" and status["best"]["kimg"] == 0
    assert answered(capsys, "status", "one") == status
    assert [run["name"] for run in answered(capsys, "runs")] == ["one"]
    models = {model["name"]: model for model in answered(capsys, "models")}
    assert models["one"]["ready"] and models["one"]["images"] == 12


def test_without_json_it_speaks_in_sentences(
    tiny_folder: Path, capsys: Capture
) -> None:
    tiny_run(tiny_folder, "quiet")
    for verb in ("runs", "status"):
        assert main([verb, *(["quiet"] if verb == "status" else [])]) == 0
        assert "quiet: queued, 0 images seen" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "value"),
    [("8,16", [8, 16]), ("[8,16]", [8, 16]), ("8", 8), ("1e-4", 1e-4), ("cpu", "cpu")],
)
def test_an_option_is_a_number_a_list_or_a_word(text: str, value: object) -> None:
    assert read_value(text) == value


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (["--name", "a/b"], "cannot be a name"),
        (["--resolution", "100"], "no resolution"),
        (["--resolution", "x"], "no resolution"),
        (["--resolution", "64x64x64"], "no resolution"),
        (["--kimg", "-1"], "above 0"),
        (["--kimg", "nan"], "kimg"),
        (["--kimg", "soon"], "soon"),
        (["--minutes", "5"], "either minutes or kimg"),
        (["--family", "dream"], "dream"),
        (["--device", "tpu"], "tpu"),
        (["--from", "nobody"], "nobody"),
        (["--seed", "-1"], "seed"),
        (["--option", "bach=4"], "did you mean “batch”"),
        (["--option", "batch=five"], "batch"),
        (["--option", "batch"], "batch"),
        (["--option", "rate=NaN"], "rate"),
        (["--option", "generator_widths=[8,\"9\"]"], "generator_widths"),
    ],
)  # fmt: skip
def test_mistakes_are_told_before_anything_is_made(
    tiny_folder: Path, capsys: Capture, changes: list[str], told: str
) -> None:
    command = ["train", tiny_folder, "--name", "never", *tiny_options(), *changes]
    assert told in refused(capsys, *command)
    assert not list(runs_folder().iterdir())


def test_folders_without_pictures_are_told_before_anything_is_made(
    tmp_path: Path, capsys: Capture
) -> None:
    for folder, told in ((tmp_path / "nowhere", "no folder"), (tmp_path, "usable")):
        assert told in refused(capsys, "train", folder, "--name", "never")
    assert not list(runs_folder().iterdir())


def test_a_taken_name_is_refused_and_its_run_untouched(
    tiny_folder: Path, capsys: Capture
) -> None:
    run = tiny_run(tiny_folder, "taken")
    before = {path.name: path.stat().st_mtime_ns for path in run.folder.iterdir()}
    command = ("train", tiny_folder, "--name", "taken", *tiny_options())
    assert "already a run named “taken”" in refused(capsys, *command)
    after = {path.name: path.stat().st_mtime_ns for path in run.folder.iterdir()}
    assert after == before


def test_a_start_that_cannot_be_leaves_the_name_free(
    tiny_folder: Path, tmp_path: Path, capsys: Capture
) -> None:
    for name in "ab":
        (tmp_path / f"{name}.jpg").write_bytes(b"no picture")
    name = f"free-{time.monotonic_ns()}"
    told = refused(capsys, "train", tmp_path, "--name", name, *tiny_options())
    assert "fewer than two usable pictures" in told
    if not torch.cuda.is_available():
        command = ("train", tiny_folder, "--name", name, "--device", "cuda")
        assert "cuda" in refused(capsys, *command)
    assert not (runs_folder() / name).exists()


def test_a_second_trainer_of_a_run_is_refused(
    tiny_folder: Path, capsys: Capture
) -> None:
    run = tiny_run(tiny_folder, "held")
    with run.hold():
        assert "already being trained" in refused(capsys, "resume", "held")
    assert run.status()["phase"] == "queued"


def test_verbs_about_a_missing_run_tell_so(capsys: Capture) -> None:
    for verb in ("status", "pause", "resume", "stop"):
        assert "no run named “ghost”" in refused(capsys, verb, "ghost")
    assert "no run named" in refused(capsys, "publish", "ghost", "--as", "model")


def test_a_damaged_run_is_told_and_the_others_are_listed(
    tiny_folder: Path, capsys: Capture
) -> None:
    for name in ("good", "bad"):
        tiny_run(tiny_folder, name)
    (runs_folder() / "bad" / "config.json").write_text("{")
    (runs_folder() / "bad" / "status.json").write_text("{")
    listed = {run["name"]: run for run in answered(capsys, "runs")}
    phases = {name: run["phase"] for name, run in listed.items()}
    assert phases == {"good": "queued", "bad": "failed"}
    assert "damaged" in listed["bad"]["error"]
    for verb in ("status", "resume"):
        assert "damaged" in refused(capsys, verb, "bad")


def test_a_request_to_a_trainer_that_was_killed_is_forgotten(
    tiny_folder: Path, capsys: Capture
) -> None:
    run = tiny_run(tiny_folder, "old")
    Session(run, steps=12).train()
    (run.folder / "stop").touch()
    assert answered(capsys, "resume", "old")["phase"] == "done"


def test_requests_to_a_run_that_rests_are_refused(
    tiny_folder: Path, capsys: Capture
) -> None:
    tiny_run(tiny_folder, "resting").write_status(phase="paused")
    for verb in ("stop", "pause"):
        assert "not running" in refused(capsys, verb, "resting")


# -- publish ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with one that was trained, named `trained`."""
    folder = tmp_path_factory.mktemp("trained")
    train_apart(folder, tiny_folder, "trained")
    return folder


@pytest.fixture
def gallery(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of checkpoints beside the trained run."""
    monkeypatch.setenv("STUDIO_RUNS", str(trained))
    monkeypatch.setenv("STUDIO_CHECKPOINTS", str(tmp_path / "checkpoints"))
    return tmp_path / "checkpoints"


def test_a_published_run_is_a_model(gallery: Path, capsys: Capture) -> None:
    facts = gallery.parent / "facts.json"
    facts.write_text(json.dumps({"rights": "mine", "source": "the attic"}))
    command = ("publish", "trained", "--as", "my-sea", "--data", facts)
    assert answered(capsys, *command)["name"] == "my-sea"
    model = Model.open("my-sea")
    assert model.card["title"] == "My Sea" and model.card["data"]["rights"] == "mine"
    assert model.card["data"]["images"] == 12
    assert model.fingerprint == Model.open("trained").fingerprint
    assert [path.name for path in gallery.iterdir()] == ["my-sea"]


def test_a_taken_model_name_needs_force(gallery: Path, capsys: Capture) -> None:
    answered(capsys, "publish", "trained", "--as", "sea", "--title", "First")
    again = ("publish", "trained", "--as", "sea", "--title", "Second")
    assert "already a model named “sea”" in refused(capsys, *again)
    assert Model.open("sea").card["title"] == "First"
    answered(capsys, *again, "--force")
    assert Model.open("sea").card["title"] == "Second"
    assert [path.name for path in gallery.iterdir()] == ["sea"]


def test_an_earlier_snapshot_can_be_published(
    tiny_folder: Path, gallery: Path, capsys: Capture
) -> None:
    name = f"long-{time.monotonic_ns()}"
    shape = {"kimg": 2.1, "snapshot_kimg": 1, "sample_kimg": 9, "batch": 60}
    run = tiny_run(tiny_folder, name, **shape)
    Session(run).train()
    before = fingerprint(run.folder / "checkpoint")
    told = {}
    for kimg in (1, 2):
        publish = ("publish", name, "--as", f"sea-{kimg}", "--kimg", str(kimg))
        answered(capsys, *publish)
        told[kimg] = Model.open(f"sea-{kimg}")
        assert told[kimg].card["training"]["best"]["kimg"] == kimg
        assert told[kimg].directions
    ones, twos = (told[kimg].map_seeds(range(2)) for kimg in (1, 2))
    assert not np.allclose(ones, twos)
    assert fingerprint(run.folder / "checkpoint") == before
    missing = ("publish", name, "--as", "sea-3", "--kimg", "3")
    assert "kept no snapshot at 3 kimg; it has: 1, 2" in refused(capsys, *missing)


@pytest.mark.parametrize("content", ["{", "[1]", "null", '{"a": NaN}'])
def test_facts_that_are_no_json_object_are_refused(
    gallery: Path, capsys: Capture, content: str
) -> None:
    facts = gallery.parent / "facts.json"
    facts.write_text(content)
    told = refused(capsys, "publish", "trained", "--as", "sea", "--data", facts)
    assert "not a readable JSON file" in told
    assert not gallery.exists()


def test_a_run_without_a_model_cannot_be_published(
    tiny_folder: Path, gallery: Path, capsys: Capture
) -> None:
    name = f"young-{time.monotonic_ns()}"
    tiny_run(tiny_folder, name)
    assert "has no model yet" in refused(capsys, "publish", name, "--as", "sea")


@pytest.mark.parametrize("name", ["", "..", "a/b", "x" * 300])
def test_impossible_model_names_are_refused(
    gallery: Path, capsys: Capture, name: str
) -> None:
    assert "cannot be a name" in refused(capsys, "publish", "trained", "--as", name)


def test_train_from_a_model_starts_with_it(
    tiny_folder: Path, gallery: Path, capsys: Capture
) -> None:
    answered(capsys, "publish", "trained", "--as", "parent")
    name = f"child-{time.monotonic_ns()}"
    command = ("train", tiny_folder, "--name", name, "--from", "parent")
    status = answered(capsys, *command, *tiny_options())
    assert status["phase"] == "done" and status["images_seen"] == 48
    card = Model.open(name).card
    assert card["training"]["base"] == "parent"


# -- a trainer that is killed -----------------------------------------------------


def wait_for(run: Run, images: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a trainer in another process has seen some images."""
    while run.status()["images_seen"] < images and process.poll() is None:
        time.sleep(0.01)


def test_a_killed_run_reads_interrupted_and_resumes_to_the_same_end(
    tiny_folder: Path, capsys: Capture
) -> None:
    changes = {"kimg": 0.12, "snapshot_kimg": 0.05, "patch_start": 0.5}
    options = tiny_options(**changes)
    process = start("train", tiny_folder, "--name", "killed", *options)
    try:
        while not (runs_folder() / "killed" / "status.json").exists():
            assert process.poll() is None
            time.sleep(0.05)
        run = Run.open("killed")
        wait_for(run, random.choice([0, 1]), process)  # 1: its second phase
        time.sleep(random.uniform(0, 0.8))
    finally:
        process.send_signal(signal.SIGKILL)
        killed = process.wait() != 0
    if killed:  # else it was fast, and done
        assert answered(capsys, "status", "killed")["phase"] == "interrupted"
        assert answered(capsys, "resume", "killed")["phase"] == "done"
    calm = tiny_run(tiny_folder, "calm", **changes)
    assert Session(calm).train() == "done"
    assert_same_state(run, calm)
    folders = (run.folder / "checkpoint", calm.folder / "checkpoint")
    assert fingerprint(folders[0]) == fingerprint(folders[1])


def test_a_detached_trainer_works_on_and_heeds_the_stop_verb(
    tiny_folder: Path, capsys: Capture
) -> None:
    options = tiny_options(kimg=900, snapshot_kimg=900, sample_kimg=900)
    command = ("train", tiny_folder, "--name", "apart", *options, "--detach")
    assert answered(capsys, *command)["phase"] == "queued"
    run = Run.open("apart")
    deadline = time.monotonic() + 300
    while run.status()["phase"] != "autoencoder":
        assert time.monotonic() < deadline, (run.folder / "log.txt").read_text()
        time.sleep(0.05)
    assert "already" in refused(capsys, "resume", "apart", "--detach")
    answered(capsys, "stop", "apart")
    while run.alive():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert run.status()["phase"] == "stopped"
