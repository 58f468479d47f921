"""One trainer a device: the others wait in line, and begin by themselves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from trainers import tiny_options, tiny_run

from studio.cli import main
from studio.paths import ROOT, runs_folder
from studio.training.orders import GO, Interrupted, Orders
from studio.training.queue import Queue
from studio.training.run import Run
from studio.training.session import Session

ENDLESS = {"kimg": 900.0, "snapshot_kimg": 900.0, "sample_kimg": 900.0}


def start(*argv: str | Path) -> subprocess.Popen[bytes]:
    """Start a command in a process of its own."""
    command = [sys.executable, "-m", "studio", *map(str, argv)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, env=dict(os.environ)
    )


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def phase(name: str) -> str | None:
    path = runs_folder() / name / "status.json"
    return Run(path.parent).status()["phase"] if path.exists() else None


@pytest.fixture
def busy(tiny_folder: Path) -> Iterator[threading.Event]:
    """The CPU is taken by a run named `first` until the event is set."""
    run, done, taken = tiny_run(tiny_folder, "first"), threading.Event(), []

    def hold() -> None:
        with Queue(run, "cpu", Orders(run)).turn():
            run.write_status(phase="generator", device="cpu")
            taken.append(True)
            done.wait(300)
            run.write_status(phase="done")

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    until(lambda: bool(taken))
    yield done
    done.set()
    thread.join()


def meanwhile(run: Run, act: Callable[[], object]) -> threading.Thread:
    """Do something as soon as a run waits for `first`."""

    def wait() -> None:
        until(lambda: run.status()["behind"] == "first")
        act()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def test_a_second_run_waits_and_begins_by_itself(
    tiny_folder: Path, busy: threading.Event, capsys: pytest.CaptureFixture[str]
) -> None:
    run, told = tiny_run(tiny_folder, "second"), []

    def look() -> None:
        told.append(run.status()["phase"])
        busy.set()

    meanwhile(run, look)
    assert Session(run).train() == "done"
    assert told == ["queued"] and run.status()["behind"] is None
    assert "waits until first is done" in (run.folder / "log.txt").read_text()


@pytest.mark.parametrize(("what", "phase"), [("pause", "paused"), ("stop", "stopped")])
def test_a_run_that_waits_heeds_requests(
    tiny_folder: Path, busy: threading.Event, what: str, phase: str
) -> None:
    run = tiny_run(tiny_folder, "second")
    meanwhile(run, lambda: run.request(what))
    assert Session(run).train() == phase
    assert run.status()["phase"] == phase and run.requested() is None
    assert not busy.is_set()


def test_a_signal_ends_the_waiting(tiny_folder: Path, busy: threading.Event) -> None:
    run = tiny_run(tiny_folder, "second")
    meanwhile(run, lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert Session(run).train() == "interrupted"


def test_another_device_is_free(tiny_folder: Path, busy: threading.Event) -> None:
    run = tiny_run(tiny_folder, "second")
    with Queue(run, "cuda", Orders(run)).turn():
        assert run.status()["behind"] is None


def test_who_came_first_goes_first(tiny_folder: Path, busy: threading.Event) -> None:
    names, order, threads = ("b", "a", "c"), [], []

    def stand(run: Run) -> None:
        with Queue(run, "cpu", Orders(run)).turn():
            run.write_status(phase="starting")
            order.append(run.name)
        run.write_status(phase="done")

    for name in names:
        run = tiny_run(tiny_folder, name)
        threads.append(threading.Thread(target=stand, args=[run], daemon=True))
        threads[-1].start()
        until(lambda run=run: run.status()["behind"] is not None)
    behind = [Run.open(name).status()["behind"] for name in names]
    assert behind == ["first", "b", "a"]
    busy.set()
    for thread in threads:
        thread.join(300)
    assert order == list(names)


def test_one_who_waits_and_hangs_is_passed_by(
    tiny_folder: Path, busy: threading.Event
) -> None:
    hung, run = (tiny_run(tiny_folder, name) for name in ("hung", "second"))
    hung.write_status(phase="queued", queued_at=1.0, device="cpu")
    queue = Queue(run, "cpu", Orders(run))
    queue._joined = time.time()
    assert queue._ahead() == ("hung", False)
    path = hung.folder / "status.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"heartbeat": 1.0}))
    assert queue._ahead() == ("first", True)


def test_a_request_to_one_whose_turn_it_is_is_left_to_the_trainer(
    tiny_folder: Path,
) -> None:
    run = tiny_run(tiny_folder, "hasty")
    run.request("stop")
    orders = Orders(run)
    try:
        with Queue(run, "cpu", orders).turn():
            assert orders.current() != GO
    except Interrupted:
        pytest.fail("a resumed run must come to leave its model")


def test_of_two_starts_in_the_same_instant_one_trains_and_one_waits(
    tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = tiny_options(**ENDLESS)
    processes = {
        name: start("train", tiny_folder, "--name", name, *options) for name in "ab"
    }
    until(lambda: {phase("a"), phase("b")} == {"queued", "autoencoder"})
    first, second = ("a", "b") if phase("b") == "queued" else ("b", "a")
    until(lambda: Run.open(second).status()["behind"] == first)
    assert main(["status", second]) == 0
    assert f"waits until “{first}” is done" in capsys.readouterr().out
    processes[first].kill()  # the system gives its device back
    until(lambda: phase(second) == "autoencoder")
    assert phase(first) == "interrupted"
    Run.open(second).request("stop")
    assert processes[second].wait(60) == 0 and phase(second) == "stopped"
    processes[first].wait()
