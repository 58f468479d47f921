"""A full disk, a folder that is gone, memory that is short, a trainer that hangs."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import torch
from trainers import assert_same_state, tiny_run, train_apart

from studio.checkpoint import fingerprint, list_models
from studio.errors import RunError
from studio.model import Model
from studio.paths import ROOT
from studio.training.phase import Phase
from studio.training.run import Run
from studio.training.session import Session
from studio.training.setbacks import halve_batch, is_about_memory
from studio.training.settings import TrainSettings


@pytest.fixture(scope="module")
def calm(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that nothing came in between of."""
    return train_apart(tmp_path_factory.mktemp("calm"), tiny_folder, "calm")


class FullDisk:
    """A disk that has no room for files of some names: real half-written files."""

    def __init__(self, *names: str) -> None:
        self.names, self.full, self.met = names, True, 0
        self.fsync, self.mkdir = os.fsync, os.mkdir

    def sync(self, number: int) -> None:
        self._check(os.readlink(f"/proc/self/fd/{number}"))
        self.fsync(number)

    def make(self, path: str | Path, *rest: object, **more: object) -> None:
        self._check(str(path))
        self.mkdir(path, *rest, **more)  # type: ignore[arg-type]

    def _check(self, path: str) -> None:
        if self.full and any(name in path for name in self.names):
            self.met += 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def fill(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FullDisk]:
    def fill(*names: str) -> FullDisk:
        disk = FullDisk(*names)
        monkeypatch.setattr("os.fsync", disk.sync)
        monkeypatch.setattr("os.mkdir", disk.make)
        return disk

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("files are told apart by /proc")
    return fill


def files(run: Run) -> Iterator[Path]:
    return (path for path in run.folder.rglob("*") if path.is_file())


def assert_nothing_is_half_written(run: Run) -> None:
    hidden = [p.name for p in files(run) if p.name.startswith(".")]
    assert set(hidden) <= {".spare"}
    assert not (run.folder / ".checkpoint.new").exists()


# -- the disk -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "file",
    [".autoencoder.saf", ".latents.saf", ".generator.saf", ".checkpoint.new",
     ".checkpoint.new/.card", ".checkpoint.new/.generator", "snapshots/.0"],
)  # fmt: skip
def test_a_run_on_a_full_disk_pauses_and_goes_on_to_the_same_end(
    tiny_folder: Path, calm: Run, fill: Callable[..., FullDisk], file: str
) -> None:
    run = tiny_run(tiny_folder, "full")
    disk = fill(file)
    with pytest.raises(RunError) as caught:
        Session(run).train()
    assert caught.value.code == "disk_full" and disk.met
    status = run.status()
    assert (status["phase"], status["error"]) == ("paused", str(caught.value))
    assert_nothing_is_half_written(run)
    disk.full = False
    assert Session(run).train() == "done"
    assert run.status()["error"] is None
    assert_same_state(run, calm)
    both = [fingerprint(one.folder / "checkpoint") for one in (run, calm)]
    assert both[0] == both[1]
    seen = [
        [(row["phase"], row["images_seen"]) for row in one.metrics()]
        for one in (run, calm)
    ]
    assert [row for row in seen[0] if row[0] == "snapshot"] == [
        row for row in seen[1] if row[0] == "snapshot"
    ]


def test_a_status_that_finds_no_room_is_written_in_the_room_that_was_kept(
    tiny_folder: Path, fill: Callable[..., FullDisk]
) -> None:
    run = tiny_run(tiny_folder, "full")

    class Disk(FullDisk):
        """One on which there is room for one more file once another is gone."""

        def _check(self, path: str) -> None:
            self.full = (run.folder / ".spare").exists()
            super()._check(path)

    disk = Disk(".status", ".autoencoder.saf")
    disk.fsync, disk.mkdir = os.fsync, os.mkdir
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", disk.sync)
        with pytest.raises(RunError, match="disk is full"):
            Session(run).train()
    status = run.status()
    assert status["phase"] == "paused" and "disk is full" in status["error"]
    assert Session(run, steps=1).train() == "interrupted"
    assert (run.folder / ".spare").exists()  # for the next time


def test_a_line_of_metrics_is_noted_whole_or_not_at_all(tiny_folder: Path) -> None:
    run = tiny_run(tiny_folder, "full")
    run.append_metrics({"images_seen": 1})
    whole = (run.folder / "metrics.jsonl").read_bytes()
    limit = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
    limit += f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(whole) + 9},) * 2);"
    act = "from pathlib import Path; from studio.training.run import Run;"
    act += f"Run(Path({str(run.folder)!r})).append_metrics({{'images_seen': 12345}})"
    done = subprocess.run(
        [sys.executable, "-c", limit + act], cwd=ROOT, capture_output=True, text=True
    )
    assert "OSError" in done.stderr
    assert (run.folder / "metrics.jsonl").read_bytes() == whole


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_metrics_that_find_no_room_pause_the_run(tiny_folder: Path) -> None:
    run = tiny_run(tiny_folder, "full")
    path, kept = (run.folder / name for name in ("metrics.jsonl", "kept"))

    class Filling(Session):
        def _progress(self, phase: Phase) -> float:
            if phase.name == "generator" and phase.steps == 1:
                path.rename(kept)
                path.symlink_to("/dev/full")
            return super()._progress(phase)

    with pytest.raises(RunError) as caught:
        Filling(run).train()
    assert caught.value.code == "disk_full"
    assert run.status()["phase"] == "paused"
    kept.replace(path)  # at once: a device that is full has no end when it is read
    assert Session(run).train() == "done"
    rows = [row for row in run.metrics() if row["phase"] == "snapshot"]
    assert [row["images_seen"] for row in rows] == [16 + 20, 16 + 40, 16 + 48]


def test_a_sheet_that_finds_no_room_is_done_without(
    tiny_folder: Path, calm: Run, fill: Callable[..., FullDisk]
) -> None:
    run = tiny_run(tiny_folder, "full")
    disk = fill("samples/")
    assert Session(run).train() == "done"
    assert disk.met and not list((run.folder / "samples").iterdir())
    assert "no sheet" in (run.folder / "log.txt").read_text()
    assert_same_state(run, calm)


# -- the folder ---------------------------------------------------------------------


class Vandal(Session):
    """A trainer whose folder is tampered with after some steps of its generator."""

    tamper: Callable[[Path], object]

    def _progress(self, phase: Phase) -> float:
        if phase.name == "generator" and phase.steps == 3:
            type(self).tamper(self.run.folder)
        return super()._progress(phase)


def replace_by_a_file(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.write_text("a file")


@pytest.mark.parametrize("tamper", [shutil.rmtree, replace_by_a_file])
def test_a_run_whose_folder_is_gone_ends_and_does_not_bring_it_back(
    tiny_folder: Path, tamper: Callable[[Path], object]
) -> None:
    run = tiny_run(tiny_folder, "gone")
    vandal = type("Vandal", (Vandal,), {"tamper": staticmethod(tamper)})
    with pytest.raises(RunError) as caught:
        vandal(run).train()
    assert caught.value.code == "run_gone"
    assert not run.folder.is_dir()
    assert "gone" not in {model["name"] for model in list_models()}


def test_a_run_that_may_not_write_says_where(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tiny_run(tiny_folder, "shut")
    replace, shut = os.replace, [True]

    def refuse(source: str | Path, target: str | Path) -> None:
        if shut and str(target).endswith("generator.safetensors"):
            reason = os.strerror(errno.EROFS)
            raise OSError(errno.EROFS, reason, str(source), None, str(target))
        replace(source, target)

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(RunError) as caught:
        Session(run).train()
    assert caught.value.code == "cannot_write" and "Read-only" in str(caught.value)
    assert run.status()["phase"] == "paused"
    shut.clear()
    assert Session(run).train() == "done"


# -- memory -------------------------------------------------------------------------


class Greedy(Session):
    """A trainer that asks the machine for more than it has, at one step."""

    times = 1

    def _progress(self, phase: Phase) -> float:
        if phase.name == "generator" and phase.steps == 1 and self.times:
            self.times -= 1
            self.ask()
        return super()._progress(phase)

    def ask(self) -> None:
        torch.empty(2**55)


class GreedyOnCuda(Greedy):
    def ask(self) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")


class GreedyOfPython(Greedy):
    def ask(self) -> None:
        bytearray(2**62)


@pytest.mark.parametrize("greedy", [Greedy, GreedyOnCuda, GreedyOfPython])
def test_a_run_that_is_short_of_memory_goes_on_with_half_the_batch(
    tiny_folder: Path, greedy: type[Greedy]
) -> None:
    run = tiny_run(tiny_folder, "large", batch=20, kimg=0.06)
    assert greedy(run).train() == "done"
    settings = run.settings()
    assert (settings.batch, settings.autoencoder_batch, settings.halved) == (8, 2, True)
    assert "the batch is 8 from now on" in (run.folder / "log.txt").read_text()
    assert run.status()["images_seen"] == 20 + 64  # 8 a step, up to 60
    assert Model.open("large").render([Model.open("large").recipe(1)]).any()


def test_a_second_time_it_ends_with_advice(tiny_folder: Path) -> None:
    run = tiny_run(tiny_folder, "large", batch=8)
    session = Greedy(run)
    session.times = 2
    with pytest.raises(RunError) as caught:
        session.train()
    assert caught.value.code == "out_of_memory" and "batch of 4" in str(caught.value)
    status = run.status()
    assert (status["phase"], status["error"]) == ("failed", str(caught.value))
    assert Session(run).train() == "done"  # it can be tried again, later
    assert run.settings().batch == 4


@pytest.mark.parametrize(
    ("before", "after"), [((16, 8), (8, 4)), ((12, 3), (4, 1)), ((4, 2), (4, 1))]
)
def test_half_a_batch_is_one_that_can_be(
    before: tuple[int, int], after: tuple[int, int]
) -> None:
    settings = TrainSettings("f", "n", batch=before[0], autoencoder_batch=before[1])
    smaller = halve_batch(settings)
    assert smaller and (smaller.batch, smaller.autoencoder_batch) == after
    assert halve_batch(smaller) is None
    assert halve_batch(TrainSettings("f", "n", batch=4, autoencoder_batch=1)) is None


def test_other_errors_are_not_taken_for_a_lack_of_memory() -> None:
    assert not is_about_memory(
        RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    )
    assert not is_about_memory(ValueError("out of memory"))


# -- a trainer that hangs -----------------------------------------------------------


def test_stop_ends_a_trainer_that_hangs_and_its_run_goes_on(tiny_folder: Path) -> None:
    run = tiny_run(tiny_folder, "hung")
    Session(run, steps=6).train()
    trainer = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        os.kill(trainer.pid, signal.SIGSTOP)
        run.write_status(trainer.pid, phase="generator")
        run.request("pause")
        path = run.folder / "status.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"heartbeat": 1.0}))
        assert run.status()["stalled"]
        run.request("stop")
        assert trainer.wait(10) is not None and not psutil.pid_exists(trainer.pid)
    finally:
        trainer.kill()
    assert run.status()["phase"] == "stopped" and run.requested() is None
    assert Session(run).train() == "done"


def test_stop_only_asks_a_trainer_that_is_well(tiny_folder: Path) -> None:
    run = tiny_run(tiny_folder, "well")
    trainer = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    run.write_status(trainer.pid, phase="generator")
    run.request("stop")
    time.sleep(0.2)
    assert trainer.poll() is None and run.requested() == "stop"
    trainer.kill()
    trainer.wait()
