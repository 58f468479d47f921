"""The data set doctor: what is in a folder of pictures, told before it is learnt from.

Reads every file once, small, and needs no torch.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from studio.errors import InputError
from studio.training.dataset import digest_file, find_pictures, open_picture
from studio.training.likeness import SIDE, glance_at
from studio.training.outliers import find_outliers

# Calibrated by eye on paintings and on fruit plates: re-encoded, recoloured, mirrored
# and slightly cropped copies are above, different works below. The second number is
# after taking away what all pictures of the folder share, such as paper around a fruit.
ALIKE, ALIKE_WITHIN = 0.96, 0.95
ENOUGH_TO_SHARE = 50  # pictures, before their mean is taken away
BLOCK = 256  # pictures compared with all others at once
GREY = 3.0  # of 255: mean distance of the channels, below which nothing has colour
ODD = 2.5  # times as long as it is broad
PROBLEMS = (
    "broken", "small", "grey", "odd", "duplicate", "near_duplicate", "outlier"
)  # fmt: skip


@dataclass(frozen=True)
class Glance:
    """What is remembered of one picture; `pixels` is float32 [16,16,3]."""

    file: str
    size: tuple[int, int]  # height, width as seen upright
    grey: bool
    digest: str
    pixels: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Diagnosis:
    """What a folder holds. `problems` maps a file to its problems."""

    files: tuple[str, ...]
    sizes: dict[str, tuple[int, int]]  # of each readable file
    problems: dict[str, dict[str, str]]  # file -> problem -> the other file, or ""

    def count(self, problem: str) -> int:
        """Give how many files have a problem."""
        return sum(problem in found for found in self.problems.values())

    @property
    def usable(self) -> int:
        """Pictures to learn from: neither broken nor the same file again."""
        return len(self.files) - self.count("broken") - self.count("duplicate")


def examine(folder: Path, resolution: tuple[int, int]) -> Diagnosis:
    """Look at every picture of a folder that is to train at a resolution (h, w).

    Raises InputError where there is no folder.
    """
    if not folder.is_dir():
        raise InputError("folder_missing", folder=str(folder))
    paths = list(find_pictures(folder))
    files = tuple(path.relative_to(folder).as_posix() for path in paths)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        seen = list(pool.map(_glance, paths, files))
    problems: dict[str, dict[str, str]] = {
        file: {"broken": ""}
        for file, glance in zip(files, seen, strict=True)
        if not glance
    }
    glances = [glance for glance in seen if glance]
    for file, problem, other in _find_problems(glances, resolution):
        problems.setdefault(file, {})[problem] = other
    return Diagnosis(files, {glance.file: glance.size for glance in glances}, problems)


def summarise(diagnosis: Diagnosis) -> dict[str, Any]:
    """Give the counts that scripts read, and the commonest sizes."""
    sizes = Counter(f"{h}x{w}" for h, w in diagnosis.sizes.values())
    return {
        "images": len(diagnosis.files),
        "usable": diagnosis.usable,
        "broken": diagnosis.count("broken"),
        "small": diagnosis.count("small"),
        "grey": diagnosis.count("grey"),
        "odd_shapes": diagnosis.count("odd"),
        "duplicates": diagnosis.count("duplicate"),
        "near_duplicates": diagnosis.count("near_duplicate"),
        "outliers": diagnosis.count("outlier"),
        "sizes": dict(sizes.most_common(5)),
        "files": {
            problem: sorted(
                f for f, found in diagnosis.problems.items() if problem in found
            )
            for problem in PROBLEMS
        },
    }


def _glance(path: Path, file: str) -> Glance | None:
    picture = open_picture(path, quick=4 * SIDE)
    if picture is None:
        return None
    image, size = picture
    pixels = glance_at(image)
    grey = float(np.ptp(pixels, axis=2).mean()) < GREY
    return Glance(file, size, grey, digest_file(path), pixels)


def _find_problems(
    glances: list[Glance], resolution: tuple[int, int]
) -> Iterator[tuple[str, str, str]]:
    """Yield (file, problem, other file); of alike files the first has no problem."""
    first: dict[str, str] = {}
    for glance in glances:
        height, width = glance.size
        if height < resolution[0] or width < resolution[1]:
            yield glance.file, "small", ""
        if glance.grey:
            yield glance.file, "grey", ""
        if max(height, width) > ODD * min(height, width):
            yield glance.file, "odd", ""
        if glance.digest in first:
            yield glance.file, "duplicate", first[glance.digest]
        first.setdefault(glance.digest, glance.file)
    once = [glance for glance in glances if first[glance.digest] == glance.file]
    for earlier, later in _alike(once):
        yield once[later].file, "near_duplicate", once[earlier].file
    for index in _unlike(once):
        yield once[index].file, "outlier", ""


def _unlike(glances: list[Glance]) -> list[int]:
    """Find what is unlike the rest; a grey picture among others is told as grey."""
    if not glances:
        return []
    found = find_outliers(np.stack([glance.pixels for glance in glances]))
    return [index for index in found if not glances[index].grey]


def _alike(glances: list[Glance]) -> Iterator[tuple[int, int]]:
    """Yield (earlier, later) of pictures that look the same, mirrored or not."""
    if len(glances) < 2:
        return
    stack = np.stack([glance.pixels for glance in glances])  # [N,16,16,3]
    many = len(stack) >= ENOUGH_TO_SHARE
    shared = stack.mean(axis=0) if many else np.zeros(1, np.float32)
    views = [
        (_directions(view), _directions(view - shared, centred=False))
        for view in (stack, stack[:, :, ::-1])
    ]
    plain, own = views[0]
    for start in range(0, len(stack), BLOCK):
        rows = slice(start, start + BLOCK)
        alike = np.zeros((len(plain[rows]), len(stack)), dtype=bool)  # [BLOCK, N]
        for others, within in views:
            same = plain[rows] @ others.T > ALIKE
            if many and same.any():
                same &= own[rows] @ within.T > ALIKE_WITHIN
            alike |= same
        for row in np.flatnonzero(np.tril(alike, start - 1).any(axis=1)):
            yield int(alike[row].argmax()), start + int(row)


def _directions(stack: np.ndarray, centred: bool = True) -> np.ndarray:
    """Give pictures [N,...] as unit vectors [N,D]; products are correlations."""
    flat = stack.reshape(len(stack), -1)
    if centred:
        flat = flat - flat.mean(axis=1, keepdims=True)
    return flat / (np.linalg.norm(flat, axis=1, keepdims=True) + 1e-6)
