"""Draws what docs/models.md shows of a model, unpicked.

python -m benchmarks.gallery MODEL FOLDER -o docs/pictures/models [--runs NAME ...]

Four pictures: the works of seeds 0 to 63 at the model's own variety, pictures of the
folder beside them, walks (from seed to seed, and along the first sliders), and with
`--runs` what the same seeds looked like while it learnt.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from studio.model import Model
from studio.paths import runs_folder
from studio.recipe import Blend, Recipe
from studio.training.dataset import find_pictures, load_picture, take_whole
from studio.training.sheet import join_sheet

COLUMNS = 8
SIDE = 112  # pixels of the longer side of each picture in a sheet
BATCH = 16
WALK = 8  # steps
FRAMES = 8  # of a run's sheets
KEPT = 6  # works of each of them: the first row


def main() -> None:
    """Draw the pictures of one model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--runs", nargs="+", default=[])
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    model = Model.open(args.model)
    drawn = {
        "sheet": draw_seeds(model, range(64)),
        "pictures": draw_pictures(model, args.folder, 32),
        "walk": draw_walks(model),
    }
    if args.runs:
        drawn["film"] = draw_film([runs_folder() / name for name in args.runs])
    written = {}
    for what, packed in drawn.items():
        path = args.output / f"{model.name}-{what}.webp"
        path.write_bytes(packed)
        written[what] = {"file": str(path), "bytes": len(packed)}
    print(json.dumps(written))


def draw_seeds(model: Model, seeds: range) -> bytes:
    """Draw the works of seeds as they come."""
    return _join(_render(model, [model.recipe(seed) for seed in seeds]))


def draw_pictures(model: Model, folder: Path, count: int) -> bytes:
    """Draw every so many pictures of a folder, framed as the model's works are."""
    files = list(find_pictures(folder))
    chosen = files[:: max(1, len(files) // count)][:count]
    loaded = [load_picture(file, model.resolution) for file in chosen]
    whole = [take_whole(one, model.resolution) for one in loaded if one is not None]
    return _join(np.stack(whole))


def draw_walks(model: Model) -> bytes:
    """Draw a row from seed to seed, then a row for each of the first three sliders."""
    steps = np.linspace(0, 1, WALK)
    first = model.recipe(1)
    recipes = [
        replace(first, source=Blend(((1, round(1 - t, 4)), (2, round(t, 4)))))
        for t in steps[1:-1]
    ]
    recipes = [first, *recipes, model.recipe(2)]
    for direction in model.directions[:3]:
        amounts = np.linspace(-3, 3, WALK)
        recipes += [
            replace(first, directions=((direction.name, round(float(a), 3)),))
            for a in amounts
        ]
    return _join(_render(model, recipes))


def draw_film(runs: list[Path]) -> bytes:
    """Draw the first row of some sheets of runs, the earliest above."""
    folders = [run / "samples" for run in runs]
    sheets = [path for one in folders for path in sorted(one.glob("[0-9]*.webp"))]
    chosen = [sheets[round(i)] for i in np.linspace(0, len(sheets) - 1, FRAMES)]
    rows = []
    for path in chosen:
        with Image.open(path) as sheet:
            height = sheet.height // 4  # of four rows
            strip = sheet.convert("RGB").crop((0, 0, sheet.width, height))
        size = (KEPT * SIDE, round(height * KEPT * SIDE / strip.width))
        rows.append(np.asarray(strip.resize(size, Image.Resampling.LANCZOS)))
    return join_sheet(np.stack(rows), 1)


def _render(model: Model, recipes: list[Recipe]) -> np.ndarray:
    parts = range(0, len(recipes), BATCH)
    return np.concatenate([model.render(recipes[i : i + BATCH]) for i in parts])


def _join(pictures: np.ndarray) -> bytes:
    scale = SIDE / max(pictures.shape[1:3])
    size = (round(pictures.shape[2] * scale), round(pictures.shape[1] * scale))
    small = [
        np.asarray(Image.fromarray(p).resize(size, Image.Resampling.LANCZOS))
        for p in pictures
    ]
    return join_sheet(np.stack(small), COLUMNS)


if __name__ == "__main__":
    main()
