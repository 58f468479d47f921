"""Runs that go on late: while directions are found, and in another version."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from trainers import tiny_run

from studio.checkpoint import fingerprint
from studio.errors import RunError
from studio.training.run import Run
from studio.training.session import Session


@pytest.mark.parametrize("how", ["paused", "stopped", "killed"])
def test_finding_directions_tells_how_far_it_is_and_can_be_ended(
    tiny_folder: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.training.run.BEAT", 0.0)
    run = tiny_run(tiny_folder, "found")
    told = []

    class Watched(Run):
        def beat(self, **changes: Any) -> None:
            super().beat(**changes)
            if self.status()["phase"] == "discovering":
                told.append(self.status())
                if how == "killed":
                    raise SystemExit
                self.request("stop" if how == "stopped" else "pause")

    with pytest.raises(SystemExit) if how == "killed" else nullcontext():
        assert Session(Watched(run.folder)).train() == how
    assert told[0]["phase"] == "discovering" and told[0]["progress"] == 0.5
    assert told[0]["eta_s"] is not None
    before = fingerprint(run.folder / "checkpoint")
    assert Session(run).train() == "done"
    assert fingerprint(run.folder / "checkpoint") == before


def test_a_run_of_an_earlier_version_goes_on_as_it_was_begun(
    tiny_folder: Path,
) -> None:
    run = tiny_run(tiny_folder, "old", plan=False, layout=False)
    Session(run, steps=6).train()
    path = run.folder / "config.json"
    settings = json.loads(path.read_text())
    for key in ("plan", "layout", "place_weight", "framing", "frozen"):
        del settings[key]  # none of these was there once
    path.write_text(json.dumps(settings))
    assert Session(run).train() == "done"


def test_a_run_whose_networks_are_no_longer_like_that_fails_with_one_sentence(
    tiny_folder: Path,
) -> None:
    run = tiny_run(tiny_folder, "old", plan=False, layout=False)
    Session(run, steps=6).train()
    run.write_settings(replace(run.settings(), plan=True, layout=True))
    with pytest.raises(RunError) as caught:
        Session(run).train()
    assert caught.value.code == "run_other_version"
    assert run.status()["error"] == str(caught.value)
