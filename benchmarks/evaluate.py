"""Whether what is measured of models can be believed, and what it costs.

python -m benchmarks.evaluate [MODEL] FOLDER [--pictures N] [--calibrate]

FOLDER holds the labelled pictures that the model learnt from. `report_s` and
`report_mb`: the whole of `evaluate` as a command. `near_ms`: the three nearest pictures
of one work, warm, the median of twenty; `near_ready_ms`: the first time. `calibration`:
half of the pictures in place of works, against the other half, as they are and spoilt
in five ways, each from a little to much: the gauges that ought to fall must fall, step
by step, and the others stay. `breaches` lists where they do not; it should be empty.
With `--calibrate` only that is measured.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from benchmarks.harness import DEFAULT_MODEL, ROOT, Unavailable, model_folder

if TYPE_CHECKING:
    from studio.evaluation.report import Evidence
    from studio.training.dataset import Pictures

PICTURES, ROUNDS = 800, 20
HELD = 5  # every so manyth picture counts as held out
STEPS = (1, 2, 3)
# What each way of spoiling has to lower; what else it may not.
LOWERS = {
    "blur": ("quality",),
    "noise": ("quality",),
    "colour": ("quality",),
    "dropping": ("diversity",),
    "memorising": ("honesty",),
}
# Quality and diversity are not wholly apart: works like nothing here cover nothing.
FREE = {"blur": ("diversity",), "noise": ("diversity",), "colour": ("diversity",)}
STILL = 0.05  # how far a gauge may fall that should stay, or be above the real one
EVEN = 0.01  # a step may be so much too high: chance


def measure(name: str, folder: Path, count: int, only: bool) -> dict[str, Any]:
    """Measure the report of a model, the search of one work, and the calibration."""
    checkpoint = model_folder(name)
    found: dict[str, Any] = {"model": checkpoint.name}
    if not only:
        found |= {**_near(checkpoint), **_report(name, folder)}
    rows = dict(_calibrate(checkpoint, folder, count))
    return {**found, "calibration": rows, "breaches": list(_breaches(rows))}


def _report(name: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "studio", "evaluate", name, str(folder), "--json"]
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise Unavailable(f"evaluate ended with {done.returncode}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    return {
        "report_s": round(time.perf_counter() - begun, 1),
        "report_mb": round(peak),
    }


def _near(checkpoint: Path) -> dict[str, float]:
    from studio.checkpoint import read_card
    from studio.errors import ModelError
    from studio.evaluation.nearness import recall
    from studio.model import Model

    try:
        memory = recall(checkpoint, read_card(checkpoint))
    except ModelError as problem:
        raise Unavailable(str(problem)) from problem
    model = Model.open(str(checkpoint))
    works = model.render([model.recipe(seed) for seed in range(ROUNDS)])
    times = []
    for work in (works[0], *works):
        begun = time.perf_counter()
        memory.find(work)
        times.append(1000 * (time.perf_counter() - begun))
    near = round(statistics.median(times[1:]), 1)
    return {"near_ms": near, "near_ready_ms": round(times[0], 1)}


def _calibrate(
    checkpoint: Path, folder: Path, count: int
) -> Iterator[tuple[str, dict[str, float]]]:
    """Give the gauges of real pictures, and of those spoilt: `blur-2` and so on."""
    from studio.evaluation.report import evaluate

    evidence, works, marks = _evidence(checkpoint, folder, count)
    for name, spoilt in _spoil(evidence, works, marks):
        found = evaluate(evidence.with_works(spoilt))
        row = {key: gauge["value"] for key, gauge in found["gauges"].items()}
        print(name, row, file=sys.stderr, flush=True)
        yield name, row


def _evidence(
    checkpoint: Path, folder: Path, count: int
) -> tuple[Evidence, np.ndarray, np.ndarray]:
    """Give pictures to judge against, others in place of works, and their labels."""
    from studio.checkpoint import read_card
    from studio.evaluation.report import Evidence
    from studio.training.dataset import Pictures
    from studio.training.vocabulary import choose_labels, mark_labels

    size = tuple(read_card(checkpoint)["resolution"])
    pictures = Pictures(folder, size, 0.0)
    chosen = np.random.default_rng(0).permutation(len(pictures.images))[:count]
    whole = _take(pictures, chosen)
    names = [pictures.files[i] for i in chosen]
    _, marks = mark_labels(choose_labels(folder, None), names)
    known, works = whole[0::2], whole[1::2]
    held = range(0, len(known), HELD)
    learnt = [i for i in range(len(known)) if i not in held]
    return Evidence(known, works, learnt, held), works, marks[1::2]


def _take(pictures: Pictures, chosen: np.ndarray) -> np.ndarray:
    return np.stack([pictures.whole(int(i)) for i in chosen])


def _spoil(
    evidence: Evidence, works: np.ndarray, marks: np.ndarray
) -> Iterator[tuple[str, np.ndarray]]:
    yield "real", works
    for step in STEPS:
        yield f"blur-{step}", _blur(works, 2**step)
        yield f"noise-{step}", _noise(works, 10 * 2**step)
        yield f"colour-{step}", _tint(works, 0.2 * step)
        yield f"dropping-{step}", _drop(works, marks, 0.1 * step)
        yield f"memorising-{step}", _copy(works, evidence, (0.2, 0.5, 1.0)[step - 1])


def _blur(pictures: np.ndarray, times: int) -> np.ndarray:
    """Make them so many times smaller, and as large as before."""
    height, width = pictures.shape[1:3]
    small = (max(1, width // times), max(1, height // times))
    images = [Image.fromarray(p).resize(small, Image.Resampling.BOX) for p in pictures]
    return np.stack([np.asarray(image.resize((width, height))) for image in images])


def _noise(pictures: np.ndarray, deviation: float) -> np.ndarray:
    chance = np.random.default_rng(0).normal(0, deviation, pictures.shape)
    return np.clip(pictures + chance, 0, 255).astype(np.uint8)


def _tint(pictures: np.ndarray, share: float) -> np.ndarray:
    """Carry a share of each colour over to the next one."""
    mixed = (1 - share) * pictures + share * np.roll(pictures, 1, axis=3)
    return mixed.astype(np.uint8)


def _drop(pictures: np.ndarray, marks: np.ndarray, share: float) -> np.ndarray:
    """Leave out all that has one of a share of the labels; others come twice."""
    rng = np.random.default_rng(0)
    gone = rng.permutation(marks.shape[1])[: max(1, round(share * marks.shape[1]))]
    left = np.flatnonzero(~marks[:, gone].any(axis=1))
    return pictures[rng.choice(left, len(pictures))]


def _copy(works: np.ndarray, evidence: Evidence, share: float) -> np.ndarray:
    """Put pictures that were learnt from in place of a share, moved by 4 pixels."""
    rng = np.random.default_rng(0)
    which = rng.permutation(len(works))[: round(share * len(works))]
    found, learnt = works.copy(), rng.permutation(np.asarray(evidence.learnt))
    source = evidence.pictures[np.resize(learnt, len(which))]
    moved = np.pad(source, ((0, 0), (4, 0), (4, 0), (0, 0)), mode="edge")
    found[which] = moved[:, : source.shape[1], : source.shape[2]]
    return found


def _breaches(rows: dict[str, dict[str, float]]) -> Iterator[str]:
    """Name each gauge that rises where it ought to fall, and falls where to stay."""
    real = rows["real"]
    for way, lowered in LOWERS.items():
        steps = [real, *(rows[f"{way}-{step}"] for step in STEPS)]
        for gauge in real:
            values = [row[gauge] for row in steps]
            if gauge in lowered:
                if any(b > a + EVEN for a, b in pairwise(values)):
                    yield f"{way}: {gauge} is not monotone, {values}"
                if values[-1] > values[0] - STILL:
                    yield f"{way}: {gauge} does not fall, {values}"
            elif gauge not in FREE.get(way, ()) and min(values) < values[0] - STILL:
                yield f"{way}: {gauge} falls, {values}"
    for name, row in rows.items():
        for gauge, value in row.items():
            if value > real[gauge] + STILL:
                yield f"{name}: {gauge} is above that of real pictures, {value}"


def main() -> None:
    """Run it as a command; print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default=DEFAULT_MODEL, metavar="MODEL")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--pictures", type=int, default=PICTURES, metavar="N")
    parser.add_argument("--calibrate", action="store_true")
    args = parser.parse_args()
    try:
        found = measure(args.model, args.folder, args.pictures, args.calibrate)
    except Unavailable as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
