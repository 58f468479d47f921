"""Films: how fast they are made, whether memory stays flat, and whether they flow.

python -m benchmarks.film [MODEL] [--minutes 5]

`frames_per_s` are those of a film of 256 px, encoded, without captions or sound;
`memory_mb` is the process's own memory after the first ten seconds and at the end of
a film of some minutes, and the most in between. A loop's seam is the difference of its
last frame from its first (grey levels, mean over pixels), beside that of the frames
next to it; `largest_step` is the largest difference of neighbours over their median.
`dreams` are the tables of `tests/data`: of sentences that name something the model
knows, the share whose keyframe has it, by its recipe, and the share in whose picture it
is measured as half a standard deviation more than usual.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from benchmarks.harness import model_folder, report

if TYPE_CHECKING:
    from studio.latent.walk import Walk
    from studio.model import Model
    from studio.recipe import Recipe

SIDE, FPS = 256, 24
MEGABYTE = 2**20
SEEDS = (1, 5, 9, 12, 17, 23)
SECONDS = 20.0
SETTLED = 10 * FPS  # frames after which memory shall not grow
SEEN = 0.5  # standard deviations more than usual


def measure(name: str, minutes: float = 5.0) -> dict[str, Any]:
    """Measure speed and memory first, then how films flow and what dreams get."""
    from studio.model import Model

    model = Model.open(str(model_folder(name)))
    model.render([model.recipe(seed) for seed in range(16)])
    return {
        "model": model.name,
        "size": [SIDE, SIDE],
        "frames_per_s": film_speed(model, SECONDS)[0],
        "memory_mb": film_speed(model, 60 * minutes)[1],
        "minutes": minutes,
        "flow": {"loop": flow(loop_of(model)), **{w: flow_of(model, w) for w in WAYS}},
        "dreams": dreams(model),
    }


WAYS = ("around", "along")


def loop_of(model: Model, seconds: float = SECONDS) -> tuple[Model, Walk]:
    """A loop through six works."""
    from studio.filming import Plan
    from studio.latent.walk import Keyframe

    works = tuple(Keyframe(model.recipe(seed)) for seed in SEEDS)
    return model, Plan(works, loop=True, seconds=seconds).walk(model)


def flow_of(model: Model, way: str) -> dict[str, float]:
    """How a drift around one work, or along a word, flows."""
    from studio.filming import Plan
    from studio.latent.walk import Keyframe

    words = [*model.named, *model.directions]
    amounts = ((words[0].name, 1.0),) if way == "along" else ()
    work = (Keyframe(model.recipe(SEEDS[0])),)
    plan = Plan(work, way, amounts=amounts, seconds=SECONDS)
    return flow((model, plan.walk(model)))


def film_speed(model: Model, seconds: float) -> tuple[float, dict[str, float]]:
    """Frames a second of a film, and its memory in MB: settled, at its end, most."""
    from studio.export.film import Format, count_frames, shoot, write_film
    from studio.filming import rendering

    walk = loop_of(model, seconds)[1]
    process, seen = psutil.Process(), []

    def progress(done: int) -> bool:
        if done % FPS == 0:
            seen.append((done, process.memory_info().rss / MEGABYTE))
        return True

    frames = count_frames(seconds, FPS)
    recipes = (walk.recipe_at(index / FPS) for index in range(frames))
    with tempfile.TemporaryDirectory() as folder, rendering(model) as render:
        start = time.perf_counter()
        path, shape = Path(folder) / "film.mp4", Format((SIDE, SIDE), FPS)
        write_film(path, shoot(recipes, render), shape, progress=progress)
        taken = time.perf_counter() - start
    after = [megabytes for done, megabytes in seen if done >= min(SETTLED, frames // 2)]
    memory = {"settled": after[0], "end": after[-1], "most": max(after)}
    told = {key: round(value, 1) for key, value in memory.items()}
    return round(frames / taken, 2), told


def flow(walked: tuple[Model, Walk]) -> dict[str, float]:
    """Differences of neighbouring frames, in grey levels."""
    model, walk = walked
    frames = round(walk.seconds * FPS)
    steps, first, before = [], None, None
    for start in range(0, frames, 8):
        moments = range(start, min(start + 8, frames))
        recipes = [walk.recipe_at(index / FPS) for index in moments]
        for pixels in model.render(recipes).astype(np.float32):
            if before is not None:
                steps.append(float(np.abs(pixels - before).mean()))
            first = pixels if first is None else first
            before = pixels
    assert first is not None and before is not None
    seam = float(np.abs(first - before).mean())
    return {
        "seam": round(seam, 3),
        "beside_seam": round(max(steps[0], steps[-1]), 3),
        "median_step": round(float(np.median(steps)), 3),
        "largest_step": round(max([*steps, seam]) / float(np.median(steps)), 2),
    }


def dreams(model: Model) -> dict[str, Any]:
    """What sentences of the twelve dreams get, by language."""
    from studio.latent.dream import Pool, hear, stage
    from tests.phrasebook import read

    pool = Pool.of(model, float(model.card["default_variety"]))
    told: dict[str, Any] = {}
    for language in ("en", "zh"):
        named, got, seen = 0, 0, 0
        for dream in (one for one in read("dreams") if one["language"] == language):
            texts = [text for text, _ in dream["sentences"]]
            heard = hear(texts, model.card)
            moments = stage(model, texts, heard, model.recipe(0), pool=pool)
            numbers = _numbers(model, [moment.recipe for moment in moments])
            pairs = zip(moments, dream["sentences"], strict=True)
            for index, (moment, (_, meant)) in enumerate(pairs):
                words = moment.found.amounts.keys() & set(meant)
                named, got = named + bool(meant), got + bool(words)
                seen += any(
                    np.sign(moment.found.amounts[word]) * numbers[word][index] > SEEN
                    for word in words & numbers.keys()
                )
        shares = {"in_recipe": got / named, "in_picture": seen / named}
        told[language] = {"sentences": named} | {
            key: round(share, 3) for key, share in shares.items()
        }
    return told


def _numbers(model: Model, recipes: list[Recipe]) -> dict[str, np.ndarray]:
    from studio.latent.measuring import measure as look

    return look(model, model.render(recipes))


def _arguments() -> float:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--minutes", type=float, default=5.0)
    known, rest = parser.parse_known_args()
    sys.argv[1:] = rest
    return float(known.minutes)


if __name__ == "__main__":
    MINUTES = _arguments()
    report(lambda name: measure(name, MINUTES), "How films are made and how they flow.")
