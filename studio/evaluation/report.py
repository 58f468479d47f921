"""What a model can do, measured against pictures: quality, diversity, honesty.

Every number stands beside the same number of two others from the same run: of real
pictures in place of the works (the best that could be), and of their mean image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from studio.evaluation.copies import measure_copies
from studio.evaluation.features import NAME, extract_features
from studio.evaluation.memory import Memory
from studio.evaluation.metrics import (
    density_and_coverage,
    kernel_distance,
    patch_distances,
    reached,
)
from studio.evaluation.novelty import Known, glance, see_directions, to_directions
from studio.evaluation.recognition import learn_labels
from studio.model import to_pixels

SPLITS = 4  # ways to part the pictures: their spread is that of each number
# Pictures and works of each side that are compared at a time: coverage of more pictures
# is less, so that reports of as many can be held side by side, whatever the folder.
COMPARED = 256
FEWEST = 14  # pictures: each half has five neighbours and itself
LEAST_LABELLED = 12  # pictures with a label and without it
READABLE = 0.8  # quality of a recogniser from which its word counts
GROUP = 64  # works that one looks at together

# Gauges from 0 to 1, and from where on the upper and the middle sentence are said.
LEVELS = {"quality": (0.85, 0.6), "diversity": (0.6, 0.25), "honesty": (0.97, 0.8)}
# From where honesty falls (docs/log.md): the ratio of `measure_copies` above 1, and in
# its deviations by chance; the share of works that are close to one picture.
CLINGING, CHANCES, CLOSE = 0.1, 3.0, 0.15

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Evidence:
    """Pictures and works, uint8 [M,H,W,3] and [N,H,W,3], of one size.

    `learnt` and `held` are indices of pictures that the model learnt from, and that
    were held out; None where the pictures are not known to be the model's own. Copies
    are then looked for among those that a `memory` holds. `marks` [M,K] (0 or 1) says
    which of `labels` a picture has.
    """

    pictures: np.ndarray
    works: np.ndarray
    learnt: Sequence[int] | None = None
    held: Sequence[int] = ()
    labels: Sequence[str] = ()
    marks: np.ndarray | None = None
    memory: Memory | None = None

    def with_works(self, works: np.ndarray) -> Evidence:
        """Give the same pictures, looked at but once, and other works."""
        other = replace(self, works=works)
        other.__dict__["features"] = self.features
        if self.learnt is not None:
            other.__dict__["known"] = self.known
        if len(works) == len(self.works):
            other.__dict__["yardsticks"] = self.yardsticks
        return other

    @cached_property
    def features(self) -> np.ndarray:
        """Features of the pictures, [M,1280]: they take most of the time."""
        return extract_features(self.pictures)

    @cached_property
    def mirrored(self) -> np.ndarray:
        """Features of the pictures' mirror images, [M,1280]."""
        return extract_features(self.pictures[:, :, ::-1])

    @cached_property
    def known(self) -> tuple[Known, Known]:
        """What tells copies of the pictures, by directions of features and colours."""
        pictures, directions = self.pictures, to_directions(self.features)
        turned = to_directions(self.mirrored)
        seen = Known.of(pictures, directions, see=see_directions, mirrored=turned)
        return seen, Known.of(pictures, glance(pictures), see=glance)

    @cached_property
    def mean(self) -> np.ndarray:
        """The mean of all pictures, uint8 [H,W,3]."""
        return self.pictures.mean(axis=0, dtype=np.float32).astype(np.uint8)

    @cached_property
    def yardsticks(self) -> list[tuple[dict[str, float], dict[str, float]]]:
        """What each half says of other pictures, and of the mean image."""
        flat = extract_features(self.mean[None])
        found = []
        for split in range(SPLITS):
            half, other, works = _part(len(self.pictures), len(self.works), split)
            n = len(works)
            blank, flats = (
                np.repeat(one, n, axis=0) for one in (self.mean[None], flat)
            )
            others, patched = self.features[other], self.pictures[other]
            real = _compare(self, others, patched, half, split)
            found.append((real, _compare(self, flats, blank, half, split)))
        return found


def evaluate(evidence: Evidence, tell: Tell = lambda what: None) -> dict[str, Any]:
    """Measure works against pictures, at least FEWEST of each.

    Numbers are pairs of mean and deviation over several halves of the pictures; each
    half is compared with the works, with the other half, and with the mean image.
    """
    tell("pictures")
    real = evidence.features
    tell("works")
    made = extract_features(evidence.works)
    tell("distances")
    rows = []
    for split, yardsticks in enumerate(evidence.yardsticks):
        half, _, works = _part(len(real), len(made), split)
        patched = evidence.works[works]
        rows.append(
            (_compare(evidence, made[works], patched, half, split), *yardsticks)
        )
    ours, theirs, blank = (_summarise([row[k] for row in rows]) for k in range(3))
    tell("copies")
    found = {
        "features": NAME,
        "samples": len(made),
        "compared": _compared(len(real), len(made)),
        **ours,
        "copies": _copies(evidence, made),
        "labels": _labels(evidence, real, made),
        "real_vs_real": theirs,
        "mean_image": blank,
    }
    return {**found, "gauges": read_gauges(found)}


def read_gauges(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give what `evaluate` found as three gauges: a value from 0 to 1 and a level.

    `quality` is where the kernel distance lies between the mean image's (0) and that of
    real pictures (1), `diversity` the coverage over that of real pictures. `honesty` is
    1 less the share of near-copies, or of works that are close to pictures, as far as
    pictures have fewer among themselves, and less what the ratio is too high (`clings`,
    where that is more of it); it is missing where copies could not be looked for.
    Levels: high, middle, low.
    """
    best, blank = found["real_vs_real"], found["mean_image"]
    ours, real, flat = (side["quality"]["kid"]["mean"] for side in (found, best, blank))
    reached, possible = (
        side["diversity"]["coverage"]["mean"] for side in (found, best)
    )
    values = {
        "quality": (flat - ours) / max(flat - real, 1e-9),
        "diversity": reached / max(possible, 1e-9),
    }
    if (copies := found["copies"]) is None:
        return {name: _gauge(name, value) for name, value in values.items()}
    usual = max(CLINGING, CHANCES * (copies["chance"] or 0.0))
    clinging = max(0.0, (copies["ratio"] or 1.0) - 1 - usual)
    copied = max(0.0, copies["share"] - copies["twins"], copies["close"] - CLOSE)
    values["honesty"] = 1 - copied - clinging
    gauges = {name: _gauge(name, value) for name, value in values.items()}
    gauges["honesty"]["clings"] = clinging > copied
    return gauges


def _gauge(name: str, value: float) -> dict[str, Any]:
    value = min(1.0, max(0.0, value))
    high, middle = LEVELS[name]
    level = "high" if value >= high else "middle" if value >= middle else "low"
    return {"value": round(value, 3), "level": level}


def _compared(real: int, made: int) -> int:
    """Give how many of each are compared at a time: half of the pictures, at most."""
    return min(COMPARED, real // 2, made)


def _compare(
    evidence: Evidence,
    features: np.ndarray,
    patched: np.ndarray,
    half: np.ndarray,
    split: int,
) -> dict[str, float]:
    """Compare features [n,F], and pictures of theirs, with half of the real ones."""
    reference = to_pixels(evidence.pictures[half])
    scales = patch_distances(to_pixels(patched), reference, split)
    return _numbers(features, evidence.features[half], scales)


def _part(
    real: int, made: int, split: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give indices of some pictures, and of as many others and works."""
    rng = np.random.default_rng(split)
    order, n = rng.permutation(real), _compared(real, made)
    return order[:n], order[n : 2 * n], rng.permutation(made)[:n]


def _numbers(
    features: np.ndarray, reference: np.ndarray, scales: dict[int, float]
) -> dict[str, float]:
    density, coverage = density_and_coverage(features, reference)
    distance = kernel_distance(features, reference)
    patches = sum(scales.values()) / len(scales)
    told = {f"swd_{height}": value for height, value in scales.items()}
    return {
        "kid": distance,
        "swd": patches,
        "density": density,
        "coverage": coverage,
        **told,
    }


def _summarise(rows: list[dict[str, float]]) -> dict[str, Any]:
    """Sort the numbers of several halves into quality and diversity, with spread."""
    told: dict[str, Any] = {"quality": {}, "diversity": {}}
    for key in rows[0]:
        values = np.array([row[key] for row in rows])
        told["diversity" if key == "coverage" else "quality"][key] = _pair(values)
    return told


def _pair(values: np.ndarray) -> dict[str, float]:
    """Give mean and deviation of what is a number; of nothing 0."""
    known = values[np.isfinite(values)]
    if not len(known):
        return {"mean": 0.0, "deviation": 0.0}
    return {"mean": float(known.mean()), "deviation": float(known.std())}


def _copies(evidence: Evidence, made: np.ndarray) -> dict[str, Any] | None:
    if evidence.learnt is None:
        memory = evidence.memory
        return None if memory is None else memory.count_copies(evidence.works)
    known, colours = evidence.known
    made, seen = to_directions(made), (glance(evidence.works), colours)
    return measure_copies(made, known, evidence.learnt, evidence.held, seen)


def _labels(
    evidence: Evidence, real: np.ndarray, made: np.ndarray
) -> dict[str, Any] | None:
    """Tell which labels works show, by readers that are right about real pictures."""
    if evidence.marks is None:
        return None
    marks, total = evidence.marks, len(evidence.marks)
    counts = marks.sum(axis=0)
    enough = (counts >= LEAST_LABELLED) & (total - counts >= LEAST_LABELLED)
    kept = np.flatnonzero(enough)
    if not len(kept):
        return None
    marks = marks[:, kept]
    readers = learn_labels(real, marks)
    shown = readers.read(made) > 0  # [N,K]
    read = readers.quality >= READABLE
    ours, theirs = _reach(marks, real, made)
    rows = [
        {
            "label": evidence.labels[int(k)],
            "real": float(marks[:, i].mean()),
            "made": float(shown[:, i].mean()) if read[i] else None,
            "reader": float(readers.quality[i]),
            "reached": _pair(ours[:, i]),
            "possible": _pair(theirs[:, i]),
        }
        for i, k in enumerate(kept)
    ]
    told: dict[str, Any] = {"each": [{**row, "level": level_of(row)} for row in rows]}
    if read.any():
        sides = {"made": shown, "real": marks > 0}
        together = {side: _distinct(has[:, read]) for side, has in sides.items()}
        told[f"among_{GROUP}"] = together
    return told


def level_of(row: dict[str, Any]) -> str | None:
    """Say whether a kind is made: high, middle or low; None where it cannot be read.

    By how often works show it over how often pictures do: those of the rarest and the
    commonest kind may be equally varied or alike, which is what `reached` tells.
    """
    if row["made"] is None:
        return None
    return str(_gauge("diversity", row["made"] / row["real"])["level"])


def _reach(
    marks: np.ndarray, real: np.ndarray, made: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give the coverage of the pictures with each label, by works and by others.

    Both [SPLITS,K]; NaN in a split of which no picture has the label.
    """
    found = np.zeros((2, SPLITS, marks.shape[1]))
    for split in range(SPLITS):
        half, other, works = _part(len(real), len(made), split)
        counts = marks[half].sum(axis=0)
        weights = marks[half] / np.maximum(counts, 1)
        for side, features in enumerate((made[works], real[other])):
            share = reached(features, real[half]) @ weights
            found[side, split] = np.where(counts > 0, share, np.nan)
    return found[0], found[1]


def _distinct(shown: np.ndarray) -> float:
    """Give how many labels GROUP pictures show together, on average; [N,K] says who."""
    rng = np.random.default_rng(0)
    size = min(GROUP, len(shown))
    groups = [rng.choice(len(shown), size, replace=False) for _ in range(32)]
    return float(np.mean([shown[group].any(axis=0).sum() for group in groups]))
