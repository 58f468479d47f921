"""A run's folder, read by anyone at any moment, whatever happened to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from studio.errors import InputError, RunError, StudioError
from studio.paths import runs_folder
from studio.training.run import Run, check_name, list_runs
from studio.training.settings import TrainSettings


def make(name: str = "one") -> Run:
    return Run.create(TrainSettings("pictures", name))


def overwrite(run: Run, **changes: Any) -> None:
    path = run.folder / "status.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def code_of(caught: pytest.ExceptionInfo[StudioError]) -> str:
    return caught.value.code


# -- names ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/b", "../a", "/etc", "a\\b", ".hidden", "-rf", "a b", "a\n",
     "x" * 65, "x" * 300, "a.", "nul\0", "日 落", "a:b", "😀", "𠀀" * 64, "\ud800"],
)  # fmt: skip
def test_impossible_names_are_refused_everywhere(name: str) -> None:
    for attempt in (check_name, make, Run.open):
        with pytest.raises(RunError) as caught:
            attempt(name)
        assert code_of(caught) == "run_name"
    assert not runs_folder().exists() or not list(runs_folder().iterdir())


@pytest.mark.parametrize("name", ["a", "Night-2.v1", "x" * 64, "7", "日落", "画" * 64])
def test_plain_names_are_taken(name: str) -> None:
    assert Run.open(make(name).name).folder.name == name


def test_a_name_is_one_however_its_letters_are_composed() -> None:
    assert make("cafe\u0301").name == "café" == Run.open("cafe\u0301").name


def test_a_taken_name_is_refused_and_its_run_untouched() -> None:
    make()
    before = (runs_folder() / "one" / "config.json").read_bytes()
    with pytest.raises(RunError) as caught:
        Run.create(TrainSettings("elsewhere", "one"))
    assert code_of(caught) == "run_exists"
    assert (runs_folder() / "one" / "config.json").read_bytes() == before


def test_a_folder_of_runs_that_cannot_be_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runs").write_text("a file")
    monkeypatch.setenv("STUDIO_RUNS", str(tmp_path / "runs"))
    with pytest.raises(RunError) as caught:
        make()
    assert code_of(caught) == "cannot_write"


def test_a_run_that_is_not_there_is_missing() -> None:
    with pytest.raises(RunError) as caught:
        Run.open("one")
    assert code_of(caught) == "run_missing"


def test_runs_are_listed_newest_first() -> None:
    assert list_runs() == []
    for i, name in enumerate(("old", "new", "middle")):
        path = make(name).folder / "config.json"
        os.utime(path, (1000 + 10 * (i == 1) + 5 * (i == 2),) * 2)
    (runs_folder() / "not-a-run").mkdir()
    assert [run.name for run in list_runs()] == ["new", "middle", "old"]


# -- status -----------------------------------------------------------------------


def test_a_new_run_is_queued_and_remembers_its_settings() -> None:
    run = make()
    status = run.status()
    assert status["name"] == "one" and status["phase"] == "queued"
    assert status["images_seen"] == 0 and not status["stalled"]
    assert run.settings() == TrainSettings("pictures", "one")
    assert "pid" not in status and "heartbeat" not in status


def test_a_trainer_that_is_gone_reads_interrupted() -> None:
    run = make()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    overwrite(run, phase="generator", pid=gone.pid, images_per_s=3.0, eta_s=5)
    status = run.status()
    assert status["phase"] == "interrupted" and not run.alive()
    assert status["images_per_s"] is None and status["eta_s"] is None


def test_another_process_with_the_same_number_reads_interrupted() -> None:
    run = make()
    run.write_status(phase="generator")
    assert run.alive()
    noted = json.loads((run.folder / "status.json").read_text())["pid_started"]
    overwrite(run, pid_started=noted - 3600)
    assert run.status()["phase"] == "interrupted"


def test_an_ended_run_stays_as_it_ended() -> None:
    run = make()
    for phase in ("done", "paused", "stopped", "interrupted", "failed"):
        run.write_status(phase=phase)
        assert run.status()["phase"] == phase and not run.alive()


def test_a_silent_heart_is_stalled_but_not_dead() -> None:
    run = make()
    run.write_status(phase="generator")
    assert run.status()["stalled"] is False
    overwrite(run, heartbeat=time.time() - 1000)
    status = run.status()
    assert status["stalled"] is True and status["phase"] == "generator"
    run.write_status()
    assert run.status()["stalled"] is False


def test_status_merges_and_keeps_what_was_told_before() -> None:
    run = make()
    run.write_status(best={"kimg": 3}, images_seen=5)
    run.write_status(images_seen=9)
    assert run.status()["best"] == {"kimg": 3} and run.status()["images_seen"] == 9


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[1]", b'"text"', b"\xff\xfe", b'{"phase": NaN}',
     b'{"images_seen": 1e999}', b"[" * 100_000],
)  # fmt: skip
def test_a_damaged_status_reads_interrupted(content: bytes) -> None:
    run = make()
    (run.folder / "status.json").write_bytes(content)
    assert run.status()["phase"] == "interrupted" and not run.alive()
    json.dumps(run.status(), allow_nan=False)
    run.write_status(phase="done")
    assert run.status()["phase"] == "done"


@pytest.mark.parametrize(
    "changes",
    [
        {"pid": "x"},
        {"pid": None},
        {"pid": -1},
        {"pid": 10**30},
        {"pid": os.getpid(), "pid_started": None},
        {"pid": os.getpid(), "pid_started": "x"},
        {"phase": 7},
        {"phase": ["generator"]},
        {"phase": "dreaming", "pid": None},
    ],
)
def test_a_status_with_strange_values_reads_interrupted(
    changes: dict[str, Any],
) -> None:
    run = make()
    overwrite(run, **{"phase": "generator", **changes, "heartbeat": "x"})
    assert run.status()["phase"] == "interrupted"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"null", b"5", b"[]", b"[1]", b"\xff\xfe", b'{"a": NaN}']
)
def test_a_damaged_config_is_told(content: bytes) -> None:
    run = make()
    (run.folder / "config.json").write_bytes(content)
    with pytest.raises(RunError) as caught:
        run.settings()
    assert code_of(caught) == "run_damaged"
    assert run.status()["phase"] == "queued"


def test_a_config_that_lacks_a_value_or_has_a_foreign_one_is_told() -> None:
    run = make()
    for content in ({"folder": "f"}, {"folder": 5, "name": "n"}):
        (run.folder / "config.json").write_text(json.dumps(content))
        with pytest.raises(InputError):
            run.settings()


def test_a_run_of_another_version_is_read_or_told() -> None:
    run = make()
    path = run.folder / "config.json"
    path.write_text(json.dumps({"folder": "f", "name": "n"}))
    assert not run.settings().layout and not run.settings().place_weight
    path.write_text(json.dumps({"folder": "f", "name": "n", "wings": 2}))
    with pytest.raises(RunError, match=r"another version.*wings"):
        run.settings()


def test_long_work_gives_signs_of_life_but_not_each_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = make()
    run.write_status(phase="discovering")
    run.beat(progress=0.25)
    assert run.status()["progress"] is None
    monkeypatch.setattr("studio.training.run.BEAT", 0.0)
    overwrite(run, heartbeat=1.0)
    assert run.status()["stalled"]
    run.beat(progress=0.5)
    assert run.status()["progress"] == 0.5 and not run.status()["stalled"]


# -- requests ---------------------------------------------------------------------


def test_requests_reach_a_living_run_and_stop_comes_first() -> None:
    run = make()
    assert run.requested() is None
    run.request("pause")
    assert run.requested() == "pause"
    run.request("stop")
    assert run.requested() == "stop"
    run.clear_requests()
    assert run.requested() is None


def test_a_run_that_is_not_running_takes_no_requests() -> None:
    run = make()
    run.write_status(phase="paused")
    with pytest.raises(RunError) as caught:
        run.request("stop")
    assert code_of(caught) == "run_not_running" and run.requested() is None


def test_a_run_has_one_trainer_at_a_time() -> None:
    run = make()
    with run.hold(), pytest.raises(RunError) as caught, Run(run.folder).hold():
        pass
    assert code_of(caught) == "run_taken"
    with run.hold():
        pass


# -- metrics ----------------------------------------------------------------------


def test_metrics_come_back_as_they_were_noted() -> None:
    run = make()
    assert run.metrics() == []
    rows = [{"images_seen": 10 * i, "loss": 0.5 / (i + 1)} for i in range(3)]
    for row in rows:
        run.append_metrics(row)
    assert run.metrics() == rows


@pytest.mark.parametrize(
    "torn", [b'{"images_seen": 30, "lo', b"\xff\xfe\n", b"7\n", b"{}\n", b"\0" * 50]
)
def test_a_torn_line_is_skipped_and_then_gone(torn: bytes) -> None:
    run = make()
    for seen in (10, 20):
        run.append_metrics({"images_seen": seen})
    with (run.folder / "metrics.jsonl").open("ab") as file:
        file.write(torn)
    assert [row["images_seen"] for row in run.metrics()] == [10, 20]
    run.rewind_metrics(0, 20)
    run.append_metrics({"images_seen": 30})
    assert [row["images_seen"] for row in run.metrics()] == [10, 20, 30]


def test_rewinding_drops_what_came_after() -> None:
    run = make()
    for seen in (10, 20, 30):
        run.append_metrics({"images_seen": seen})
    run.rewind_metrics(0, 20)
    assert [row["images_seen"] for row in run.metrics()] == [10, 20]


def test_the_log_is_on_disk_and_on_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = make()
    run.log("all is well")
    assert "all is well" in (run.folder / "log.txt").read_text()
    assert "all is well" in capsys.readouterr().out


def test_reading_a_run_needs_no_torch(tmp_path: Path) -> None:
    run = make()
    run.write_status(phase="done")
    program = (
        "import sys; from studio.cli import main; "
        "assert main(['status', 'one', '--json']) == 0; "
        "assert main(['runs', '--json']) == 0; "
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
