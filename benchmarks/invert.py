"""How well a picture is found in a model, how it can be steered, and what is completed.

python -m benchmarks.invert [MODEL] [FOLDER] [--pictures N] [--cases N]

FOLDER holds the pictures that the model was trained on: those that were held out then
are read. Without it the model's own works are, which flatters. The perceptual distance
is measured with Lite1, polishing looks with Lite0; `above_floor` is what is left of it
when the autoencoder's own is taken away, which no w can get below. `steered`: what a
slider at +2 changes of its property, over what it changes on the model's own works.
`ghost`: the correlation of fine detail with the picture's after that slider has moved,
over that before. `fragments`: works masked by blobs over half of their cells; `seam`
is the mean gradient along the mask's edge over that elsewhere, `seam_before` the same
before anything was masked.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.harness import DEFAULT_MODEL, Unavailable, model_folder

if TYPE_CHECKING:
    from torch import Tensor

    from studio.latent.inversion import Reading
    from studio.latent.reading import Reader
    from studio.model import Model
    from studio.recipe import Recipe

PICTURES, CASES = 24, 200
DIALS = (0.0, 0.5, 1.0)
PUSH = 2.0  # of a slider
STEERED = ("brightness", "warmth", "saturation", "contrast", "horizon", "openness")
HELD_OUT = 0.1  # the share of a folder that training holds out
FIRST = 3 * 2**30  # seeds of works that no reader has learnt from
BLOB = 5  # cells, about


def measure(name: str, folder: str, pictures: int, cases: int) -> dict[str, Any]:
    """Measure everything for the model `name`."""
    from studio.latent.reading import Reader
    from studio.model import Model

    model = Model.open(str(model_folder(name)))
    reader = Reader.of(model)
    shown = _pictures(model, folder, pictures)
    rows = [_read_one(model, reader, picture) for picture in shown]
    works = [row.pop("works") for row in rows]
    return {
        "model": name,
        "pictures": len(shown),
        "held_out": bool(folder),
        **_summary(rows),
        "steered": _steer(model, works),
        "outside": _strangers(model, reader, shown),
        "fragments": measure_fragments(model, reader, cases),
    }


def _pictures(model: Model, folder: str, count: int) -> list[np.ndarray]:
    from studio.training.dataset import Pictures

    if not folder:
        seeds = range(FIRST, FIRST + count)
        return list(model.render([model.recipe(seed) for seed in seeds]))
    known = Pictures(Path(folder), model.resolution, HELD_OUT)
    return [known.whole(index) for index in known.held_out[:count]]


def _read_one(model: Model, reader: Reader, picture: np.ndarray) -> dict[str, Any]:
    from studio.latent.inversion import encode, polish, read, rebuild, to_recipe

    began = time.perf_counter()
    latents = encode(model, picture)
    first = read(model, reader, latents)
    read_ms = 1000 * (time.perf_counter() - began)
    began = time.perf_counter()
    *_, last = polish(model, reader, latents, first, picture=picture)
    polish_s = time.perf_counter() - began
    floor = _compare(rebuild(model, latents), picture)
    works = {dial: to_recipe(model, last, dial) for dial in DIALS}
    row: dict[str, Any] = {"first_reading_ms": read_ms, "polish_s": polish_s}
    row["autoencoder"] = floor
    row["first"] = _compare(_shown(model, to_recipe(model, first, 0.0)), picture)
    for dial, recipe in works.items():
        row[f"polished_{dial:g}"] = _compare(_shown(model, recipe), picture)
    return {**row, "works": (picture, works)}


def _shown(model: Model, recipe: Recipe) -> np.ndarray:
    return model.render([recipe])[0]


def _compare(made: np.ndarray, real: np.ndarray) -> dict[str, float]:
    import torch

    from studio.evaluation.features import see_maps
    from studio.evaluation.metrics import perceptual, signal_to_noise
    from studio.model import to_pixels

    pixels = [to_pixels([picture]) for picture in (made, real)]
    with torch.inference_mode():
        maps = [see_maps(one) for one in pixels]
    return {
        "psnr_db": signal_to_noise(*pixels),
        "perceptual": float(perceptual(*maps)),
    }


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Give medians of times and means of everything else."""
    told: dict[str, Any] = {}
    for key in ("first_reading_ms", "polish_s"):
        told[key] = round(statistics.median(row[key] for row in rows), 2)
    for key in (k for k in rows[0] if k not in told):
        means = {n: float(np.mean([r[key][n] for r in rows])) for n in rows[0][key]}
        told[key] = {name: round(value, 4) for name, value in means.items()}
    floor, first = (told[k]["perceptual"] for k in ("autoencoder", "first"))
    last = told["polished_0"]["perceptual"]
    told["perceptual_ratio"] = round(last / first, 3)
    told["above_floor_ratio"] = round((last - floor) / max(first - floor, 1e-9), 3)
    return told


def _strangers(
    model: Model, reader: Reader, shown: list[np.ndarray]
) -> dict[str, float]:
    """Give the share of pictures, and of plain strangers, that are called outside."""
    from studio.latent.inversion import encode, rebuild

    def share(pictures: list[np.ndarray]) -> float:
        told = [
            reader.world.is_outside(p, rebuild(model, encode(model, p)))
            for p in pictures
        ]
        return round(sum(told) / len(told), 3)

    height, width = model.resolution
    rng = np.random.default_rng(0)
    noise = list(rng.integers(0, 256, (8, height, width, 3), np.uint8))
    blanks = [np.full_like(noise[0], value) for value in range(0, 256, 32)]
    ramp = np.linspace(0, 255, height).astype(np.uint8)[:, None, None]
    ramps = [np.broadcast_to(ramp[:: (-1) ** i], noise[0].shape) for i in range(2)]
    return {
        "pictures": share(shown),
        "noise": share(noise),
        "blanks": share(blanks),
        "ramps": share(ramps),
    }


# -- steering ---------------------------------------------------------------------


def _steer(model: Model, works: list[tuple[np.ndarray, dict]]) -> dict[str, Any]:
    known = {d.name for d in model.named if d.certainty == "known"}
    names = [name for name in STEERED if name in known]
    seeds = range(FIRST, FIRST + len(works))
    own = [model.recipe(seed) for seed in seeds]
    told: dict[str, Any] = {}
    for name in names:
        usual = _push(model, own, name)
        told[name] = {
            f"{dial:g}": round(
                _push(model, [w[dial] for _, w in works], name) / usual, 3
            )
            for dial in (0.0, 0.5)
        }
    if told:
        told["mean"] = {
            dial: round(float(np.mean([told[name][dial] for name in names])), 3)
            for dial in ("0", "0.5")
        }
        told["ghost"] = _ghost(model, works, names)
    return told


def _push(model: Model, recipes: list[Recipe], name: str) -> float:
    """Tell how much a slider at +2 changes its property on average."""
    from studio.latent.measuring import measure as measured

    moved = [recipe.with_direction(name, PUSH) for recipe in recipes]
    before, after = (measured(model, model.render(r))[name] for r in (recipes, moved))
    return float((after - before).mean())


def _ghost(
    model: Model, works: list[tuple[np.ndarray, dict]], names: list[str]
) -> dict[str, float]:
    told = {}
    for dial in (0.0, 0.5):
        ratios = []
        for picture, recipes in works:
            moved = [recipes[dial].with_direction(name, PUSH) for name in names]
            still, *others = model.render([recipes[dial], *moved])
            kept = np.mean([_alike(other, picture) for other in others])
            ratios.append(float(kept) / max(_alike(still, picture), 1e-3))
        told[f"{dial:g}"] = round(statistics.median(ratios), 3)
    return told


def _alike(made: np.ndarray, real: np.ndarray) -> float:
    """Correlate the fine detail of two pictures."""
    a, b = (_detail(picture).ravel() for picture in (made, real))
    return float(np.corrcoef(a, b)[0, 1])


def _detail(picture: np.ndarray) -> np.ndarray:
    grey = picture.astype(np.float32).mean(axis=2)
    around = [np.roll(grey, by, axis) for axis in (0, 1) for by in (-4, 4)]
    return np.asarray(grey - np.mean(around, axis=0))


# -- fragments --------------------------------------------------------------------


def measure_fragments(model: Model, reader: Reader, cases: int) -> dict[str, Any]:
    """Complete works of which half is masked, and compare what is completed."""
    import torch

    rng = np.random.default_rng(0)
    mean = _mean_picture(model)
    nearer: list[tuple[bool, bool]] = []
    seams: list[tuple[float, float]] = []
    for case in range(cases):
        own, other = model.recipe(FIRST + 2 * case), model.recipe(FIRST + 2 * case + 1)
        with torch.inference_mode():
            latents = model._latents([own])[0]
        real, stranger = model.render([own, other])
        cover = _blobs(rng, model)
        made = _complete(model, reader, latents, torch.from_numpy(cover))
        nearer.append(_nearer(made, real, mean, stranger, cover))
        seams.append((_seam(made, cover), _seam(real, cover)))
    both = np.array(nearer)
    return {
        "cases": cases,
        "nearer_than_mean": round(float(both[:, 0].mean()), 3),
        "nearer_than_random": round(float(both[:, 1].mean()), 3),
        "nearer_than_both": round(float(both.all(axis=1).mean()), 3),
        "seam": round(float(np.mean(seams, axis=0)[0]), 3),
        "seam_before": round(float(np.mean(seams, axis=0)[1]), 3),
    }


def _mean_picture(model: Model) -> np.ndarray:
    seeds = range(FIRST - 256, FIRST)
    parts = [model.render([model.recipe(s) for s in seeds[i : i + 16]]) for i in
             range(0, 256, 16)]  # fmt: skip
    return np.concatenate(parts).mean(axis=0)


def _blobs(rng: np.random.Generator, model: Model) -> np.ndarray:
    """Cover half of the cells by blobs: [h,w] of 0 and 1."""
    from PIL import Image

    height, width = model.latent_shape[1:]
    coarse = rng.standard_normal((height // BLOB + 2, width // BLOB + 2))
    rough = Image.fromarray(coarse.astype(np.float32))
    field = np.asarray(rough.resize((width, height), Image.Resampling.BICUBIC))
    return (field > np.median(field)).astype(np.float32)


def _complete(
    model: Model, reader: Reader, latents: Tensor, cover: Tensor
) -> np.ndarray:
    from studio.latent.inversion import read, to_recipe

    found: Reading = read(model, reader, latents, cover)
    return _shown(model, replace(to_recipe(model, found, 1.0, cover), size=None))


def _nearer(
    made: np.ndarray,
    real: np.ndarray,
    mean: np.ndarray,
    stranger: np.ndarray,
    cover: np.ndarray,
) -> tuple[bool, bool]:
    hidden = _enlarge(1 - cover, real.shape[:2])[..., None]

    def off(picture: np.ndarray) -> float:
        return float((np.square(picture - real.astype(np.float32)) * hidden).sum())

    return off(made) < off(mean), off(made) < off(stranger)


def _seam(picture: np.ndarray, cover: np.ndarray) -> float:
    """Give the mean gradient along a mask's edge over the mean elsewhere."""
    grey = picture.astype(np.float32).mean(axis=2)
    mask = _enlarge(cover, grey.shape)
    edge, elsewhere = [], []
    for axis in (0, 1):
        steps = np.abs(np.diff(grey, axis=axis))
        along = np.diff(mask, axis=axis) != 0
        edge.append(steps[along])
        elsewhere.append(steps[~along])
    return float(np.concatenate(edge).mean() / np.concatenate(elsewhere).mean())


def _enlarge(cells: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    rows, columns = (
        side // count for side, count in zip(size, cells.shape, strict=True)
    )
    return cells.repeat(rows, axis=0).repeat(columns, axis=1)


def main() -> None:
    """Run as a command."""
    parser = argparse.ArgumentParser(description="How well pictures are read.")
    parser.add_argument("model", nargs="?", default=DEFAULT_MODEL, metavar="MODEL")
    parser.add_argument("folder", nargs="?", default="", metavar="FOLDER")
    parser.add_argument("--pictures", type=int, default=PICTURES)
    parser.add_argument("--cases", type=int, default=CASES)
    given = parser.parse_args()
    try:
        found = measure(given.model, given.folder, given.pictures, given.cases)
    except Unavailable as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
