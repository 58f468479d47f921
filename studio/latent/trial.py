"""Moving works along a direction to see what it does: how far, how truly, how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from studio.direction import PROPERTIES
from studio.evaluation.features import extract_bands
from studio.evaluation.recognition import Recogniser
from studio.latent.starts import STARTS
from studio.latent.steering import TOGETHER, Sense, draw
from studio.model import Model

TRIES = 3  # secant steps on the amount
# Seeds that found nothing.
FIRST_TRIED, FIRST_JUDGED, FIRST_SOUGHT = 2**30, 2**30 + 2**20, 2**30 + 2**22
FIRST_JUDGED_AGAIN = FIRST_JUDGED + 2**19
# A property is known where +1 changes it by one standard deviation, give or take...
OWN, RIGHT = (0.75, 1.25), 0.95  # ...and this share of works the right way.
# A word is known where it appears in this share of works without it, others come or
# go in no more than this, and works stay nearer to themselves than to others.
APPEARS, FLIPS, DISTANCE = 0.7, 0.15, 0.5
# Less than this is not even shown as uncertain; nor a property that changes others
# more than itself.
DOUBTFUL_RIGHT, DOUBTFUL_APPEARS, DOUBTFUL_LEFTOVER = 0.8, 0.3, 1.0
HOPELESS = 0.25  # the same to who found the word: not worth a judge's time
# Of distance and flips, since other works may be moved further; near enough to that.
WITHIN, CLOSE = 0.95, 0.03
LESS, ENOUGH = 0.9, 0.9  # of the amount; it does where so many works have the word
PAIRS = 256


@dataclass(frozen=True)
class Effort:
    """How much is rendered: samples to learn from, works tried, works judged on.

    And steps of the search for a move: more for words, which are harder to reach; and
    seeds that are chosen for a word to tell how surely that finds it.
    """

    samples: int = 1024
    tried: int = 40
    judged: int = 80
    steps: int = 16
    word_steps: int = 32
    chosen: int = 20


@dataclass(frozen=True)
class Verdict:
    """What +1, `amount` times the move tried, was measured to do."""

    amount: float
    certainty: str  # "known", "uncertain", or "" for neither
    change: float
    effects: dict[str, float]
    leftover: float
    measured: dict[str, float]


class Trial:
    """Tries moves on works of a model, and judges them on others."""

    def __init__(
        self,
        model: Model,
        sense: Sense,
        judge: Recogniser | None,
        effort: Effort,
        seeds: int = FIRST_JUDGED,
    ) -> None:
        """Take where the seeds of the works that are judged on begin."""
        self.model, self.sense, self.recogniser = model, sense, judge
        self.effort = effort
        self.words = sense.names[len(PROPERTIES) :]
        self.tried = _Works(model, sense, None, FIRST_TRIED, effort.tried)
        self.fresh = _Works(model, sense, judge, seeds, effort.judged)

    def judge(
        self, index: int, rows: np.ndarray, present: np.ndarray
    ) -> Verdict | None:
        """Calibrate the move rows [layers, D] of the measure `index`, then judge it.

        `present` [words] is where each word begins to who found them, in standard
        units. None for a word that hardly ever appears even to them.
        """
        if index < len(PROPERTIES):
            return self.weigh(index, rows, self._calibrate_property(index, rows))
        amount, share = self._calibrate_word(index, rows, present)
        return self.weigh(index, rows, amount) if share >= HOPELESS else None

    def weigh(self, index: int, rows: np.ndarray, amount: float = 1.0) -> Verdict:
        """Judge `amount` times the move rows [layers, D] on works nobody looked at."""
        if index < len(PROPERTIES):
            return self._judge_property(index, amount, rows)
        return self._judge_word(index, amount, rows)

    def find(self, slopes: np.ndarray, wanted: Sequence[int]) -> dict[int, float]:
        """Tell how surely the measures `wanted` are found by choosing a seed for each.

        The share of choices in which the judge sees the word, the seed being that of a
        thousand of which most is foretold: `slopes` [D, K] over w.
        """
        if not wanted:
            return {}
        seeds, rows = [], []
        for turn in range(self.effort.chosen):
            first = FIRST_SOUGHT + turn * STARTS
            w = self.model.map_seeds(range(first, first + STARTS))
            best = (w @ slopes[:, list(wanted)]).argmax(axis=0)
            seeds += [first + int(row) for row in best]
        for start in range(0, len(seeds), TOGETHER):
            w = self.model.map_seeds(seeds[start : start + TOGETHER])
            rows.append(self.fresh.read(draw(self.model, self.fresh.near(w))) > 0)
        told = np.concatenate(rows).reshape(self.effort.chosen, len(wanted), -1)
        first = len(PROPERTIES)
        return {k: _short(told[:, i, k - first].mean()) for i, k in enumerate(wanted)}

    def _calibrate_property(self, index: int, rows: np.ndarray) -> float:
        """Find the amount that changes a property by one deviation on average."""
        amount = 1.0
        for _ in range(TRIES):
            change = self.tried.move(amount * rows, words=False).changes[:, index]
            own = float(change.mean())
            if abs(own - 1) < 0.05:
                break
            amount *= float(np.clip(1 / own, 0.5, 2.0)) if own > 0.05 else 1.0
        return amount

    def _calibrate_word(
        self, index: int, rows: np.ndarray, present: np.ndarray
    ) -> tuple[float, float]:
        """Find the amount that takes works as far as they may go, and no further.

        Less where more of the other words would come or go than may, or less does. Also
        the share of works without the word in which it then is, all to who found it.
        """
        first = len(PROPERTIES)
        before = self.tried.values[:, first:] > present
        word, amount = index - first, 1.0
        absent = ~before[:, word]
        for _ in range(TRIES):
            moved, after = self._try(amount * rows, present)
            room = WITHIN * DISTANCE / max(moved.distance, 1e-6)
            if before.shape[1] > 1:
                flips = np.delete(before != after, word, axis=1).mean()
                room = min(room, WITHIN * FLIPS / max(float(flips), 1e-6))
            if abs(room - 1) < CLOSE:
                break
            amount *= float(np.clip(room, 0.6, 1.6))
        if not absent.any():
            return amount, 1.0
        share = float(after[absent, word].mean())
        less = float(self._try(LESS * amount * rows, present)[1][absent, word].mean())
        return (LESS * amount, less) if less >= ENOUGH else (amount, share)

    def _try(self, rows: np.ndarray, present: np.ndarray) -> tuple[_Moved, np.ndarray]:
        """Move works; tell which words they have to who found those: [N, words]."""
        moved = self.tried.move(rows)
        return moved, (self.tried.values + moved.changes)[
            :, len(PROPERTIES) :
        ] > present

    def _judge_property(self, index: int, amount: float, rows: np.ndarray) -> Verdict:
        moved = self.fresh.move(amount * rows, words=False)
        own = moved.changes[:, index]
        measured = {
            "own": _short(own.mean()),
            "right": _short((own > 0).mean()),
            "distance": _short(moved.distance),
        }
        known = OWN[0] <= own.mean() <= OWN[1] and (own > 0).mean() >= RIGHT
        doubtful = (
            own.mean() > 0.3
            and (own > 0).mean() >= DOUBTFUL_RIGHT
            and _leftover(moved, index) <= DOUBTFUL_LEFTOVER
        )
        return self._verdict(index, amount, moved, measured, known, doubtful)

    def _judge_word(self, index: int, amount: float, rows: np.ndarray) -> Verdict:
        moved = self.fresh.move(amount * rows)
        k = index - len(PROPERTIES)
        before, after = self.fresh.told > 0, moved.told > 0
        absent = ~before[:, k]
        appears = float(after[absent, k].mean()) if absent.any() else 0.0
        others = np.delete(before != after, k, axis=1)
        flips = float(others.mean()) if others.size else 0.0
        measured = {
            "appears": _short(appears),
            "flips": _short(flips),
            "distance": _short(moved.distance),
            "judge": _short(self.recogniser.quality[k] if self.recogniser else 0.5),
            "before": _short(before[:, k].mean()),
        }
        known = appears >= APPEARS and flips <= FLIPS and moved.distance <= DISTANCE
        doubtful = appears >= DOUBTFUL_APPEARS
        return self._verdict(index, amount, moved, measured, known, doubtful)

    def _verdict(
        self,
        index: int,
        amount: float,
        moved: _Moved,
        measured: dict[str, float],
        known: bool,
        doubtful: bool,
    ) -> Verdict:
        mean = moved.changes.mean(axis=0)
        return Verdict(
            amount=amount,
            certainty="known" if known else "uncertain" if doubtful else "",
            change=round(moved.change, 4),
            effects=dict(
                zip(self.sense.names, (_short(number) for number in mean), strict=False)
            ),
            leftover=_short(_leftover(moved, index)),
            measured=measured,
        )


@dataclass(frozen=True)
class _Moved:
    """Works after a move: changes in standard units [N,K], what the judge says."""

    changes: np.ndarray
    told: np.ndarray
    change: float  # mean of a pixel, 0..1
    distance: float  # that, over the same between two works by chance


class _Works:
    """Works of a model as they are, to compare with what becomes of them."""

    def __init__(
        self,
        model: Model,
        sense: Sense,
        judge: Recogniser | None,
        first: int,
        count: int,
    ) -> None:
        self.model, self.sense, self.recogniser = model, sense, judge
        self.styles = self.near(model.map_seeds(range(first, first + count)))
        self.pictures = draw(model, self.styles)
        self.values = sense.see(self.pictures)
        one, other = self._pairs(count)
        self.usual = _mean_apart(self.pictures[one], self.pictures[other])
        self.told = self.read(self.pictures)

    def near(self, w: np.ndarray) -> np.ndarray:
        """Give styles of w [N,D] at the variety that works are made at."""
        return self.model.truncated(w, float(self.model.card["default_variety"]))

    def move(self, rows: np.ndarray, *, words: bool = True) -> _Moved:
        """Move every work by rows [layers, D]; without `words` those go unread."""
        pictures = draw(self.model, (self.styles + rows).astype(np.float32))
        values = self.sense.see(pictures, words=words)
        change = _mean_apart(pictures, self.pictures)
        return _Moved(
            values - self.values[:, : values.shape[1]],
            self.read(pictures) if words else np.zeros((len(pictures), 0)),
            change,
            change / max(self.usual, 1e-6),
        )

    def read(self, pictures: np.ndarray) -> np.ndarray:
        """Give how far above its threshold each word is to the judge, [N,K]."""
        if self.recogniser is None:
            return np.zeros((len(pictures), 0))
        return self.recogniser.read(extract_bands(pictures))

    def _pairs(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(0)
        one = rng.integers(0, count, PAIRS)
        return one, (one + rng.integers(1, max(2, count), PAIRS)) % count


def _leftover(moved: _Moved, index: int) -> float:
    others = np.delete(moved.changes.mean(axis=0), index)
    return float(np.sqrt((others**2).mean()))


def _mean_apart(one: np.ndarray, other: np.ndarray) -> float:
    """Give the mean difference of pixels of two stacks of pictures, 0..1."""
    gaps = [
        np.abs(a.astype(np.int16) - b).mean() for a, b in zip(one, other, strict=True)
    ]
    return float(np.mean(gaps)) / 255


def _short(number: float) -> float:
    return round(float(number), 3)
