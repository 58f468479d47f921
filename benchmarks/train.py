"""How fast this machine trains, and what it costs: stages, overhead, memory, viewers.

    python -m benchmarks.train [FOLDER] [--seconds 20] [--sizes 64,128,224]
                               [--parts stages,pixels,viewers]

Parts are `stages` (images/s of each stage, the share lost to everything but learning,
peak memory), `pixels` (the generator's loop in latents and, at equal width, in pixels)
and `viewers` (what three pages that watch a live run cost the server). Without FOLDER
the pictures are noise of several scales: speed does not depend on what they show. Every
size is measured in a process of its own. Run it on an otherwise idle machine; `load` is
how many processes wanted the processor when it began.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

from benchmarks.harness import (
    DEFAULT_MODEL,
    ROOT,
    Server,
    Unavailable,
    model_folder,
    room_with,
    serving,
)
from benchmarks.pages import studio_command

PARTS = ("stages", "pixels", "viewers")
GOALS = {"lost_share": 0.08, "peak_mb_at_128": 3000, "viewers_core_share": 0.08}
PICTURES, PICTURE_SIDE = 48, 320
WIDTH, BATCH = 64, 4  # in pixels as in latents; more does not fit in memory at 256 px
PIXEL_SIDES = (128, 256)
VIEWERS, POLL_S = 3, 2.0  # a page in the Train room looks every two seconds
PATIENCE_S = 300.0


def make_pictures(folder: Path) -> None:
    """Write pictures of noise at several scales, as JPEG."""
    rng = np.random.default_rng(0)
    for i in range(PICTURES):
        picture = np.zeros((PICTURE_SIDE, PICTURE_SIDE, 3))
        for cells in (4, 20, 80, 320):
            noise = rng.uniform(0, 64, (cells, cells, 3)).astype(np.uint8)
            size = (PICTURE_SIDE, PICTURE_SIDE)
            picture += np.asarray(Image.fromarray(noise).resize(size))
        Image.fromarray(picture.astype(np.uint8)).save(folder / f"{i:02d}.jpg")


# -- stages -------------------------------------------------------------------------


def measure_stages(
    folder: str, side: int, seconds: float, **changes: Any
) -> dict[str, Any]:
    """Images/s of each stage at one size, the share lost, and the peak of memory.

    `changes` are settings other than their defaults.
    """
    from studio.training.autoencoder import AutoencoderPhase, make_autoencoder
    from studio.training.run import Run
    from studio.training.settings import TrainSettings
    from studio.training.trial import Trial, pace

    settings = TrainSettings(folder, f"at-{side}", resolution=(side, side), **changes)
    bench = Trial(Run.create(settings))
    bench.prepare()
    model = make_autoencoder(settings)
    first = AutoencoderPhase(settings, bench.pictures, model, bench.device)
    code, paint = (pace(first, at, seconds) for at in (0.1, 0.9))
    share = settings.patch_start
    speed = 1 / (share / code + (1 - share) / paint)
    lost = {"autoencoder": _lost(bench, first, speed, _mirror(bench, first))}

    second = bench.start_second(first)
    compose, see = (pace(second, at, seconds) for at in (0.1, 0.9))
    share = settings.feature_start
    speed = 1 / (share / compose + (1 - share) / see)
    lost["generator"] = _lost(bench, second, speed, _album(bench))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6

    bench.settings = replace(settings, family="vae")
    vae = pace(bench.start_second(first), 0.5, seconds)
    speeds = {"code": code, "paint": paint, "compose": compose, "see": see, "vae": vae}
    return {
        "images_per_s": {stage: round(speed, 2) for stage, speed in speeds.items()},
        "lost_share": {phase: round(value, 4) for phase, value in lost.items()},
        "peak_mb": round(peak),
    }


Looks = list[tuple[Callable[[], Any], float]]  # what is done, every how many kimg


def _mirror(bench: Any, phase: Any) -> Looks:
    def look() -> None:
        bench._look_at_rebuilt(phase.average, phase.images)

    return [(look, bench.settings.sample_kimg)]


def _album(bench: Any) -> Looks:
    """A sheet, and a snapshot as costly as it can be: every one is the best so far."""

    def snapshot() -> None:
        bench.album.best = None
        bench.album.snapshot(0.0)

    settings = bench.settings
    return [
        (bench.album.sheet, settings.sample_kimg),
        (snapshot, settings.snapshot_kimg),
    ]


def _lost(bench: Any, phase: Any, speed: float, looks: Looks) -> float:
    """Give the share of a long run's time that does not go into steps.

    Each upkeep is timed by itself and counted as often as it comes: a run of seconds
    would hold too few of them, or too many.
    """
    losses = {"loss": 0.0}
    each_step = _time(lambda: (bench._progress(phase), bench._order(phase, losses)), 20)
    step = bench.settings.batch / speed
    if phase.name == "autoencoder":
        step = bench.settings.autoencoder_batch / speed
        each_step += _time(lambda: phase._batch(_chance(phase)), 20)  # on these cores
    upkeep = each_step / step
    upkeep += _time(lambda: bench._save(phase)) / bench.settings.save_seconds
    upkeep += sum(_time(act) * speed / (1000 * kimg) for act, kimg in looks)
    return upkeep / (1 + upkeep)


def _chance(phase: Any) -> Any:
    from studio.training.phase import Randomness

    return Randomness(0, phase.name, phase.steps)


def _time(act: Callable[[], Any], times: int = 1) -> float:
    start = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - start) / times


# -- latents and pixels -------------------------------------------------------------


def measure_loop(side: int, in_pixels: bool, seconds: float) -> dict[str, Any]:
    """Images/s of the generator's loop, on noise in place of latents or pictures."""
    import torch

    from studio.training.device import pick_device
    from studio.training.generator import GeneratorPhase, make_networks
    from studio.training.settings import TrainSettings
    from studio.training.trial import pace

    # One halving and twice the size: its "latents" have the size of the pictures.
    stages: tuple[int, ...] = (32,) if in_pixels else (32, 64, 128, 128)
    resolution = (2 * side, 2 * side) if in_pixels else (side, side)
    settings = TrainSettings(
        "", "loop", resolution=resolution, batch=BATCH, feature_weight=0.0,
        latent_channels=3 if in_pixels else 16, generator_widths=(WIDTH,),
        discriminator_widths=(WIDTH,), encoder_widths=stages, decoder_widths=stages,
        encoder_blocks=(1,) * len(stages), decoder_blocks=(1,) * len(stages),
    )  # fmt: skip
    latents = torch.randn(64, settings.latent_channels, *settings.latent_size).half()
    networks = make_networks(settings)
    phase = GeneratorPhase(settings, latents, networks, pick_device("auto"))
    return {"images_per_s": round(pace(phase, 0.5, seconds), 2)}


# -- viewers ------------------------------------------------------------------------


def measure_viewers(folder: str, seconds: float) -> dict[str, Any]:
    """Shares of a core that the server takes, idle and with three pages watching."""
    with (
        room_with(model_folder(DEFAULT_MODEL)) as variables,
        serving(studio_command(), variables) as server,
        training(folder, variables),
    ):
        idle = _core_share(server, seconds)
        with watching(server):
            watched = _core_share(server, seconds)
    return {
        "idle_core_share": round(idle, 4),
        "watched_core_share": round(watched, 4),
        "viewers_core_share": round(watched - idle, 4),
    }


@contextlib.contextmanager
def training(folder: str, variables: dict[str, str]) -> Iterator[None]:
    """A run on one thread, from where it learns, ended afterwards."""
    command = [sys.executable, "-m", "studio", "train", folder, "--name", "live"]
    command += ["--resolution", "64", "--minutes", "60", "--option", "threads=1"]
    trainer = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **variables}, stdout=subprocess.DEVNULL
    )
    status = Path(variables["STUDIO_RUNS"]) / "live" / "status.json"
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not status.exists() or '"autoencoder"' not in status.read_text():
            if trainer.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the run to be watched did not start")
            time.sleep(0.2)
        yield
    finally:
        trainer.kill()
        trainer.wait()


@contextlib.contextmanager
def watching(server: Server) -> Iterator[None]:
    """Three pages that look at all runs and at one, as the Train room does."""
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            for path in ("studio/runs", "studio/runs/live"):
                with urllib.request.urlopen(server.url + path, timeout=30) as answer:
                    answer.read()
            over.wait(POLL_S)

    people = [threading.Thread(target=look) for _ in range(VIEWERS)]
    for person in people:
        person.start()
    try:
        yield
    finally:
        over.set()
        for person in people:
            person.join()


def _core_share(server: Server, seconds: float) -> float:
    process = psutil.Process(server.process.pid)
    before, start = sum(process.cpu_times()[:2]), time.monotonic()
    time.sleep(seconds)
    used = sum(process.cpu_times()[:2]) - before
    return used / (time.monotonic() - start)


# -- all of it ----------------------------------------------------------------------


def apart(part: str, folder: str, side: int, seconds: float) -> dict[str, Any]:
    """Measure in a process of its own; raises RuntimeError with its last words."""
    command = [sys.executable, "-m", "benchmarks.train", folder, "--one", part]
    command += ["--sizes", str(side), "--seconds", str(seconds)]
    with tempfile.TemporaryDirectory() as runs:
        room = {**os.environ, "STUDIO_RUNS": runs}
        done = subprocess.run(
            command, cwd=ROOT, env=room, capture_output=True, text=True
        )
    if done.returncode:
        raise RuntimeError(f"{part} at {side} px failed:\n{done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure_pixels(folder: str, seconds: float) -> dict[str, Any]:
    found: dict[str, Any] = {"width": WIDTH, "batch": BATCH}
    for side in PIXEL_SIDES:
        latents, pixels = (
            apart(part, folder, side, seconds)["images_per_s"]
            for part in ("latents", "pixels")
        )
        gain = round(latents / pixels, 1)
        found[str(side)] = {"latents": latents, "pixels": pixels, "gain": gain}
    return found


def measure(args: argparse.Namespace, folder: str) -> dict[str, Any]:
    """Measure the parts that were asked for."""
    load = os.getloadavg()[0]
    found: dict[str, Any] = {"load": round(load, 2), "cores": os.cpu_count()}
    found["goals"] = GOALS
    for part in args.parts.split(","):
        if part == "stages":
            found[part] = {
                str(side): apart("stages", folder, side, args.seconds)
                for side in args.sizes
            }
        elif part == "pixels":
            found[part] = measure_pixels(folder, args.seconds)
        elif part == "viewers":
            found[part] = measure_viewers(folder, args.seconds)
        else:
            raise Unavailable(f"There is no part {part}; choose of {', '.join(PARTS)}.")
    return found


def measure_one(args: argparse.Namespace) -> dict[str, Any]:
    """Measure one thing in this very process."""
    [side] = args.sizes
    if args.one == "stages":
        with contextlib.redirect_stdout(sys.stderr):  # what a run says
            return measure_stages(args.folder, side, args.seconds)
    return measure_loop(side, args.one == "pixels", args.seconds)


def read_sizes(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed and cost of training.")
    add = parser.add_argument
    add("folder", nargs="?", default="", metavar="FOLDER")
    add("--seconds", type=float, default=20.0, help="for each figure")
    add("--sizes", type=read_sizes, default=[64, 128, 224], metavar="64,128,224")
    add("--parts", default=",".join(PARTS), metavar=",".join(PARTS))
    add("--one", choices=("stages", "latents", "pixels"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    try:
        if args.one:
            result = measure_one(args)
        else:
            with tempfile.TemporaryDirectory() as made:
                if not args.folder:
                    make_pictures(Path(made))
                result = measure(args, args.folder or made)
    except Unavailable as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
