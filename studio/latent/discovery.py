"""Finding what a model's words are: directions that do what their name says.

Properties are measured in pixels and need no labels. Words are learnt from labelled
pictures: one recogniser, made from half of them, finds the direction (as
arXiv:2005.09635 does); another, made from the other half and other features, judges
it. What fails is not shown as known. All of it ends up in the checkpoint, and the
pictures are never needed again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from studio.direction import PROPERTIES, Named
from studio.evaluation.features import Glance, extract_bands
from studio.evaluation.recognition import Recogniser, learn_labels
from studio.latent.steering import (
    TOGETHER,
    Correction,
    Response,
    Sense,
    draw,
    glimpse,
    mix_styles,
    paint,
    regress,
    shrink_pixels,
)
from studio.latent.trial import FIRST_JUDGED_AGAIN, Effort, Trial, Verdict
from studio.model import Model, to_pixels

FEWEST = 24  # pictures with a label, or nothing is learnt and judged of it
LEAST_QUALITY = 0.65  # of the recogniser that finds a word; 0.5 is chance
NEAR_APPEARS, NEAR_FLIPS = 0.45, 0.2  # of a word that is worth a further search
MARGIN = 1.0  # standard units beyond the threshold that a word is moved to
NAME_LIMIT = 64  # characters, as recipes have it
MOST_WORDS = 48
FULL = Effort()

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Vocabulary:
    """Labelled pictures: uint8 [N,h,w,3], labels, and who has which: [N,K] of 0, 1.

    `told` is what the card says of them: the folder's name, the column.
    """

    pictures: np.ndarray
    names: tuple[str, ...]
    marks: np.ndarray
    told: dict[str, str]

    def learnable(self) -> Vocabulary:
        """Leave out labels too rare, too long, or called like a property."""
        counts = self.marks.sum(axis=0)
        kept = [
            k
            for k in np.argsort(-counts, kind="stable")
            if FEWEST <= counts[k] < len(self.marks)
            and 0 < len(self.names[k]) <= NAME_LIMIT
            and self.names[k].isprintable()
            and self.names[k] not in PROPERTIES
            and not self.names[k].startswith("pca-")
        ][:MOST_WORDS]
        names = tuple(self.names[k] for k in kept)
        return Vocabulary(self.pictures, names, self.marks[:, kept], self.told)


@dataclass(frozen=True)
class Found:
    """Named directions, the arrays of `words.safetensors`, and the card's entries."""

    named: tuple[Named, ...]
    arrays: dict[str, np.ndarray]
    facts: dict[str, Any]


def discover_words(
    model: Model,
    vocabulary: Vocabulary | None = None,
    tell: Tell = lambda *_: None,
    effort: Effort | None = None,
) -> Found:
    """Find the named directions of a model; words only with a vocabulary.

    `tell` hears what is done, how far, and of how much. The same model, pictures and
    machine give the same directions. Takes minutes.
    """
    effort = effort or FULL
    tell("learning", 0, 1)
    known = vocabulary.learnable() if vocabulary else None
    school = _School(known) if known and known.names else None
    w = model.map_seeds(range(effort.samples))
    w = model.truncated(w, float(model.card["default_variety"]))[:, 0]
    sense = _measure(model, school, w, tell)
    slopes = regress(w, sense.values)
    response = _respond(model, sense, w, tell)
    search = _Search(model, sense, response, w, effort)
    judge = school.judge if school else None
    trial, again = Trial(model, sense.sense, judge, effort), None
    named, dropped = [], []
    names = sense.sense.names
    for k, name in enumerate(names):
        tell(name, k, len(names))
        if not _is_worth_it(school, k):
            dropped.append(name)
            continue
        rows = search.find(k)
        verdict = trial.judge(k, rows, sense.thresholds)
        if verdict and k >= len(PROPERTIES) and _is_near(verdict):
            # what is tried again is judged by works that have not judged it before
            more = search.refine(k, rows)
            again = again or Trial(
                model, sense.sense, judge, effort, FIRST_JUDGED_AGAIN
            )
            second = again.judge(k, more, sense.thresholds)
            if second and second.certainty == "known":
                rows, verdict = more, second
        if verdict and verdict.certainty:
            named.append(_name(k, name, verdict, rows))
        else:
            dropped.append(name)
    sure = {one.name for one in named if one.certainty == "known"}
    rest = [k for k in range(len(PROPERTIES), len(names)) if names[k] not in sure]
    found = trial.find(slopes, rest)
    tell("done", len(names), len(names))
    return _pack(named, dropped, sense, slopes, w, known, found)


class _School:
    """Two recognisers of the same words that share neither pictures nor features."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.names = vocabulary.names
        one, other = split(len(vocabulary.pictures))
        self.network = Glance()
        self.finder = learn_labels(
            _glance(self.network, vocabulary.pictures[one]), vocabulary.marks[one]
        )
        self.judge: Recogniser = learn_labels(
            extract_bands(vocabulary.pictures[other]), vocabulary.marks[other]
        )


def split(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Part pictures in halves, the same ones every time: to find by, to judge by."""
    order = np.random.default_rng(0).permutation(count)
    return order[::2], order[1::2]


@dataclass(frozen=True)
class _Measured:
    """The measures, and what they were of each sample, in standard units [N,K]."""

    sense: Sense
    values: np.ndarray
    thumbnails: np.ndarray
    thresholds: np.ndarray  # of words, in standard units

    def wanted(self, index: int) -> float:
        """Tell how far a move shall go: one deviation, or where a word is present."""
        if index < len(PROPERTIES):
            return 1.0
        return float(self.thresholds[index - len(PROPERTIES)]) + MARGIN


class _Search:
    """Finds moves by glimpses of works, and some words' further by whole works."""

    def __init__(
        self,
        model: Model,
        known: _Measured,
        response: Response,
        w: np.ndarray,
        effort: Effort,
    ) -> None:
        self.known, self.effort = known, effort
        self._given = (model, known.sense, response, w, known.thresholds)
        self.small = Correction(*self._given)

    @cached_property
    def whole(self) -> Correction:
        """What moves are corrected by that glimpses do not show truly enough."""
        return Correction(*self._given, drawn=paint)

    def find(self, index: int) -> np.ndarray:
        """Find a move [layers, D] of the measure `index`."""
        word = index >= len(PROPERTIES)
        steps = self.effort.word_steps if word else self.effort.steps
        return self.small.correct(index, self.known.wanted(index), steps)

    def refine(self, index: int, rows: np.ndarray) -> np.ndarray:
        """Go on from a word's move [layers, D]; a step costs three times as much."""
        wanted, steps = self.known.wanted(index), self.effort.word_steps // 2
        return self.whole.refine(index, rows, wanted, steps)


def _is_near(verdict: Verdict) -> bool:
    """Tell whether a word just missed what makes it known."""
    appears, flips = verdict.measured["appears"], verdict.measured["flips"]
    near = appears >= NEAR_APPEARS and flips <= NEAR_FLIPS
    return verdict.certainty == "uncertain" and near


def _measure(
    model: Model, school: _School | None, w: np.ndarray, tell: Tell
) -> _Measured:
    count = len(PROPERTIES) + (len(school.names) if school else 0)
    names = (*PROPERTIES, *(school.names if school else ()))
    blank = Sense(names, torch.zeros(count), torch.ones(count))
    if school:
        readers = torch.from_numpy(school.finder.weights).float()
        blank = Sense(names, blank.mean, blank.deviation, readers, school.network)
    parts, small = [], []
    for start in range(0, len(w), TOGETHER):
        tell("samples", start, 2 * len(w))
        styles = np.repeat(w[start : start + TOGETHER, None], model.layers, axis=1)
        pictures = draw(model, styles)
        parts.append(blank.see(pictures))
        small.append(shrink_pixels(to_pixels(pictures)))
    raw = np.concatenate(parts).astype(np.float64)
    mean, deviation = raw.mean(axis=0), raw.std(axis=0) + 1e-6
    sense = Sense(
        names,
        torch.from_numpy(mean).float(),
        torch.from_numpy(deviation).float(),
        blank.readers,
        blank.network,
    )
    first = len(PROPERTIES)
    thresholds = school.finder.thresholds if school else np.zeros(0)
    standard = (thresholds - mean[first:]) / deviation[first:]
    return _Measured(sense, (raw - mean) / deviation, np.concatenate(small), standard)


@torch.no_grad()
def _respond(model: Model, known: _Measured, w: np.ndarray, tell: Tell) -> Response:
    """Learn what each layer does, from the samples and as many of mixed styles."""
    mixed = mix_styles(w, model.layers)
    parts, small = [], [known.thumbnails]
    for start in range(0, len(mixed), TOGETHER):
        tell("samples", len(w) + start, 2 * len(w))
        styles = torch.from_numpy(mixed[start : start + TOGETHER])
        pixels = glimpse(model, styles)
        parts.append(known.sense.raw(pixels).numpy())
        small.append(shrink_pixels(pixels))
    raw = np.concatenate(parts).astype(np.float64)
    values = (raw - raw.mean(axis=0)) / (raw.std(axis=0) + 1e-6)
    plain = np.repeat(w[:, None], model.layers, axis=1)
    return Response.of(
        np.concatenate([plain, mixed]),
        np.concatenate([known.values, values]),
        np.concatenate(small),
    )


@torch.no_grad()
def _glance(network: Glance, pictures: np.ndarray) -> np.ndarray:
    parts = [
        network(to_pixels(pictures[i : i + 16])).numpy()
        for i in range(0, len(pictures), 16)
    ]
    return np.concatenate(parts)


def _is_worth_it(school: _School | None, index: int) -> bool:
    if school is None or index < len(PROPERTIES):
        return True
    return bool(school.finder.quality[index - len(PROPERTIES)] >= LEAST_QUALITY)


def _name(index: int, name: str, verdict: Verdict, rows: np.ndarray) -> Named:
    length = float(np.linalg.norm(rows))
    return Named(
        name=name,
        sigma=round(verdict.amount * length, 5),
        change=verdict.change,
        effects=verdict.effects,
        rows=(rows / max(length, 1e-9)).astype(np.float32),
        kind="property" if index < len(PROPERTIES) else "word",
        certainty=verdict.certainty,
        leftover=verdict.leftover,
        measured=verdict.measured,
    )


def _pack(
    named: list[Named],
    dropped: list[str],
    measured: _Measured,
    slopes: np.ndarray,
    w: np.ndarray,
    vocabulary: Vocabulary | None,
    found: dict[int, float],
) -> Found:
    sense = measured.sense
    offsets = -(w.mean(axis=0).astype(np.float64) @ slopes)  # [K]
    foretold = w @ slopes + offsets
    arrays = {"readouts": np.concatenate([slopes, offsets[None]]).T.astype(np.float32)}
    if named:
        arrays["rows"] = np.stack([one.rows for one in named])
    if sense.readers is not None:
        deviation = sense.deviation[len(PROPERTIES) :, None]
        # in standard units, so that half precision is enough
        arrays["readers"] = (sense.readers / deviation).numpy()
    measures = [
        {
            "name": name,
            "kind": "property" if k < len(PROPERTIES) else "word",
            "mean": float(f"{float(sense.mean[k]):.6g}"),
            "deviation": float(f"{float(sense.deviation[k]):.6g}"),
            "foretold": _correlation(foretold[:, k], measured.values[:, k]),
            **({"found": found[k]} if k in found else {}),
        }
        for k, name in enumerate(sense.names)
    ]
    facts = {
        "words": [one.describe() for one in named],
        "measures": measures,
        "discovery": {
            "samples": len(w),
            "dropped": dropped,
            **(vocabulary.told if vocabulary else {}),
        },
    }
    return Found(tuple(named), arrays, facts)


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    spread = a.std() * b.std()
    if spread < 1e-9:
        return 0.0
    return round(float(((a - a.mean()) * (b - b.mean())).mean() / spread), 3)
