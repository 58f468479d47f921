"""Minutes of training of both families on a GPU: does it run, resume, and how fast.

python -m benchmarks.gpu_smoke FOLDER [--minutes 2] [--device cuda]

Each family trains as one process that `torchrun` started, is ended in the middle by
SIGTERM and resumed. No GPU has run this yet; `--device cpu` checks the benchmark.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT, Unavailable, free_port

PATIENCE_S = 300.0  # to the first step, and from the last to the end
FAMILIES = ("gan", "vae")


def start_trainer(verb: str, *arguments: str) -> subprocess.Popen[str]:
    """Start `python -m studio VERB` under torchrun, a group of one process."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "1"]
    port = ["--master-port", str(free_port())]
    command = [*launcher, *port, "-m", "studio", verb, *arguments]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.DEVNULL)


def interrupt_half_way(
    trainer: subprocess.Popen[str], name: str, seconds: float
) -> int:
    """Let a trainer learn for so long, then end it; gives the images it had seen."""
    from studio.training.run import Run

    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and trainer.poll() is None:
        runs = Path(os.environ["STUDIO_RUNS"])
        if (runs / name).is_dir() and Run.open(name).metrics():
            break
        time.sleep(0.5)
    time.sleep(seconds)
    trainer.send_signal(signal.SIGTERM)
    trainer.wait(PATIENCE_S)
    return int(Run.open(name).status()["images_seen"])


def measure_family(
    family: str, folder: str, args: argparse.Namespace
) -> dict[str, Any]:
    """Train one family with an interruption; images/s of each phase, medians."""
    from studio.training.run import Run

    wishes = ["--family", family, "--device", args.device, "--name", family]
    minutes = ["--minutes", str(args.minutes), "--resolution", args.resolution]
    options = [part for option in args.option for part in ("--option", option)]
    trainer = start_trainer("train", folder, *wishes, *minutes, *options)
    before = interrupt_half_way(trainer, family, 20 * args.minutes)
    start_trainer("resume", family).wait()
    run = Run.open(family)
    status = run.status()
    speeds: dict[str, list[float]] = {}
    for row in run.metrics():
        if "images_per_s" in row:
            speeds.setdefault(row["phase"], []).append(row["images_per_s"])
    return {
        "phase": status["phase"],
        "error": status["error"],
        "images_seen": status["images_seen"],
        "resumed_from": before,
        "images_per_s": {k: statistics.median(v) for k, v in speeds.items()},
    }


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Measure both families. Raises Unavailable without the device."""
    import torch

    if args.device == "cuda" and not torch.cuda.is_available():
        raise Unavailable("This needs a CUDA GPU, and torch sees none.")
    gpu = torch.cuda.get_device_name() if args.device == "cuda" else "cpu"
    with tempfile.TemporaryDirectory() as runs:
        os.environ["STUDIO_RUNS"] = runs
        found = {
            family: measure_family(family, args.folder, args) for family in FAMILIES
        }
    return {"device": gpu, "torch": torch.__version__, "minutes": args.minutes, **found}


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", metavar="FOLDER")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--resolution", default="224")
    parser.add_argument("--option", action="append", default=[], metavar="KEY=VALUE")
    return parser.parse_args()


def main() -> None:
    """Print one JSON object; exit with 2 where there is no GPU."""
    try:
        print(json.dumps(measure(read_options())))
    except Unavailable as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
