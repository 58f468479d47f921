"""A run that has stopped getting better ends by itself, its best snapshot kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from trainers import assert_same_state, tiny_run

from studio.cli import main
from studio.model import Model
from studio.training.patience import Patience
from studio.training.run import Run
from studio.training.session import Session
from studio.training.settings import TrainSettings

# Nothing is learnt at this rate, so that no snapshot is better than the first.
DULL: dict[str, Any] = {
    "rate": 1e-12,
    "kimg": 0.3,
    "sample_kimg": 9.0,
    "validation_share": 0.25,
}


def snapshots(run: Run) -> list[dict[str, Any]]:
    return [row for row in run.metrics() if row["phase"] == "snapshot"]


def test_a_run_without_improvement_ends_by_itself_and_says_why(
    tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tiny_run(tiny_folder, "dull", patience=2, **DULL)
    assert Session(run).train() == "done"
    rows = snapshots(run)
    assert len(rows) == 3  # the best and two that were no better
    status = run.status()
    assert (status["phase"], status["ended"]) == ("done", "patience")
    assert status["images_seen"] == rows[-1]["images_seen"] == 100 + 60
    best = Model.open("dull").card["training"]
    assert best["images_seen"] == rows[0]["images_seen"]
    assert "no better for 2 snapshots" in (run.folder / "log.txt").read_text()
    capsys.readouterr()
    assert main(["status", "dull"]) == 0
    assert "ended by itself" in capsys.readouterr().out


def test_a_kill_does_not_make_it_forget_how_long_it_waited(tiny_folder: Path) -> None:
    changes = {**DULL, "patience": 1}
    whole, parts = (tiny_run(tiny_folder, name, **changes) for name in ("one", "two"))
    assert Session(whole).train() == "done"
    assert Session(parts, steps=25 + 7).train() == "interrupted"
    assert Session(parts).train() == "done"
    assert_same_state(parts, whole)
    seen = [[row["images_seen"] for row in snapshots(run)] for run in (whole, parts)]
    assert seen[0] == seen[1] and len(seen[0]) == 2


def test_without_patience_a_run_goes_on_to_its_end(tiny_folder: Path) -> None:
    run = tiny_run(tiny_folder, "patient", patience=0, **{**DULL, "kimg": 0.06})
    assert Session(run).train() == "done"
    assert run.status()["ended"] is None
    assert len(snapshots(run)) == 3


def test_nothing_is_told_by_pictures_that_were_learnt_from() -> None:
    patience = Patience(TrainSettings("f", "n", patience=1), held_out=0)
    patience.note(better=False, progress=1.0)
    assert not patience.is_over()


def test_waiting_counts_from_where_paint_is_learnt() -> None:
    patience = Patience(TrainSettings("f", "n", patience=2), held_out=9)
    for _ in range(5):
        patience.note(better=False, progress=0.4)
    assert not patience.is_over()
    for _ in range(2):
        patience.note(better=False, progress=0.6)
    assert patience.is_over()
    patience.note(better=True, progress=0.6)
    assert not patience.is_over()
    dreamy = Patience(TrainSettings("f", "n", family="vae", patience=1), held_out=9)
    dreamy.note(better=False, progress=0.1)
    assert dreamy.is_over()
