"""SIGKILL at random moments, again and again: nothing is lost, torn or different."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors import safe_open
from trainers import assert_same_state, tiny_run

from studio.checkpoint import beside, describe, fingerprint
from studio.paths import ROOT
from studio.training.run import Run

KILLS = 12
SEED = 4
SETTINGS = {
    "kimg": 0.36,
    "patch_start": 0.5,
    "sample_kimg": 0.06,
    "snapshot_kimg": 0.06,
    "save_seconds": 0.03,
    "validation_share": 0.25,
}

# `python -m studio resume NAME` in a process of its own, but for the imports: they are
# paid once. A line on stdin is a name and after how many seconds to kill it (null for
# never); the answer is how it ended and how long it took.
PROGRAM = """
import json, os, signal, sys, time
import studio.training.session
from studio.cli import main

for line in sys.stdin:
    name, limit = json.loads(line)
    start = time.monotonic()
    child = os.fork()
    if not child:
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        os._exit(main(["resume", name]))
    if limit is not None:
        time.sleep(limit)
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    seconds = time.monotonic() - start
    print(json.dumps([os.waitstatus_to_exitcode(status), seconds]), flush=True)
"""


class Trainers:
    """Starts trainers of runs, and kills them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def train(self, run: Run, limit: float | None = None) -> tuple[int, float]:
        """Train a run, for `limit` seconds at most: the exit status and seconds."""
        assert self.process.stdin and self.process.stdout
        print(json.dumps([run.name, limit]), file=self.process.stdin, flush=True)
        code, seconds = json.loads(self.process.stdout.readline())
        return code, seconds


@pytest.fixture
def trainers() -> Iterator[Trainers]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=dict(os.environ), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    yield Trainers(process)
    assert process.stdin
    process.stdin.close()
    process.wait(60)


def assert_whole(run: Run) -> None:
    """Every file that anybody reads is whole, whenever its writer was killed."""
    json.loads((run.folder / "status.json").read_text())
    json.loads((run.folder / "config.json").read_text())
    for path in run.folder.glob("s*/[!.]*.safetensors"):
        with safe_open(path, framework="np") as file:
            assert list(file.keys()), path
    folder = run.folder / "checkpoint"
    if beside(folder, "old").exists() and not folder.exists():
        folder = beside(folder, "old")  # killed between two renames: it is brought back
    if folder.exists():
        assert describe(folder)["ready"], describe(folder)["problem"]
    elif (run.status()["best"] or {}).get("kimg") is not None:
        pytest.fail("the checkpoint is lost")


@pytest.mark.slow
def test_killed_at_random_moments_a_run_comes_to_the_same_end(
    tiny_folder: Path, trainers: Trainers
) -> None:
    calm = tiny_run(tiny_folder, "calm", **SETTINGS)
    code, seconds = trainers.train(calm)
    assert code == 0 and calm.status()["phase"] == "done"
    rng, kills, number, seen = random.Random(SEED), 0, 0, set()
    while kills < KILLS:
        number += 1
        run, code = tiny_run(tiny_folder, f"killed-{number}", **SETTINGS), 1
        patience, images = 1.0, 0
        while code and kills < KILLS:
            limit = patience * seconds * rng.uniform(0, 0.25)
            code, _ = trainers.train(run, limit)
            assert code in (0, -9), (run.folder / "log.txt").read_text()
            kills += code != 0
            assert_whole(run)
            # On a busy machine a start alone can take longer than a limit.
            stuck = run.status()["images_seen"] == images
            patience = 1.5 * patience if stuck else 1.0
            images = run.status()["images_seen"]
            seen.add(images)
        if code:
            assert trainers.train(run)[0] == 0, run.status()
        assert run.status()["phase"] == "done"
        assert_same_state(run, calm)
        both = [fingerprint(one.folder / "checkpoint") for one in (run, calm)]
        assert both[0] == both[1]
        torn = [p for p in run.folder.rglob(".*") if p.name not in (".spare", ".lock")]
        assert not torn
        rows = [row for row in run.metrics() if row["phase"] == "snapshot"]
        expected = [row for row in calm.metrics() if row["phase"] == "snapshot"]
        assert [r["images_seen"] for r in rows] == [r["images_seen"] for r in expected]
        assert [r["distance"] for r in rows] == [r["distance"] for r in expected]
    assert len(seen) > 2  # they were at work, not still starting
