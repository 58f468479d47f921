"""What somebody likes, learnt from what they choose.

A Gaussian process over the first components of w says how much a work is liked. It
never sees a number from the person: only which of a grid they took (the choice model
of Plackett and Luce), what they liked and disliked, each vote counting less as newer
ones come. Preference learning with Gaussian processes and Laplace's approximation:
Chu and Ghahramani, ICML 2005, equations 5 to 13; choosing what to show by samples of
the posterior: Thompson 1933, as in arXiv:1707.02038, section 4.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

DIMENSIONS = 64  # components of w that taste is learnt in, and that a vote tells of
REMEMBERED = 60  # newest votes that count at all
HALF_LIFE = 3.0  # choices after which a vote counts half
LAPSE = 0.1  # share of choices that are slips of the hand
# How much of a liking is a plain more or less of something, how much is a place that
# is liked, and how much the distance from the usual, in the units of the choice model
# (e to the liking is the odds).
SLOPE, BUMP, LENGTH, RADIUS = 4.0, 3.0, 0.8, 1.0
# Somebody who likes one work likes others less the further they are from it, which is
# a slope towards it and half of this share of a bowl around the usual.
BOWL = 0.8
NEWTON_STEPS, ENOUGH = 30, 1e-3
TRUSTS = 2
JITTER = 1e-4


@dataclass(frozen=True)
class Vote:
    """One act of a person: ``kind`` is ``chosen``, ``liked`` or ``disliked``.

    ``place`` is where in w the work is, ``over`` the places it was chosen over; a
    work that is only liked or disliked has none.
    """

    kind: str
    place: tuple[float, ...]
    over: tuple[tuple[float, ...], ...] = ()


def fade(votes: Sequence[Vote]) -> np.ndarray:
    """Give how much each vote counts, [N] in 0..1, the newest last and most.

    A like or dislike is one work of a grid, and lets the others age by so much less.
    """
    steps = np.array([1.0 if vote.kind == "chosen" else 0.2 for vote in votes])
    ages = steps[::-1].cumsum()[::-1] - steps
    return np.asarray(0.5 ** (ages / HALF_LIFE))


@dataclass(frozen=True)
class Belief:
    """How much works are believed to be liked: a Gaussian over likings.

    ``points`` [n, d] are the places seen, ``root`` the Cholesky factor of their
    prior covariance, ``best`` [n] the most probable whitened likings, ``sure`` the
    Cholesky factor of their precision. Made by :func:`learn`.
    """

    points: np.ndarray
    root: np.ndarray = field(repr=False)
    best: np.ndarray = field(repr=False)
    sure: np.ndarray = field(repr=False)

    def liking(self, places: np.ndarray) -> np.ndarray:
        """Give the expected liking [m] of places [m, D]; without votes all are 0."""
        if not len(self.points):
            return np.zeros(len(places))
        seen = places[:, : self.points.shape[1]]
        return self._reach(seen).T @ self.best + usual(seen)

    def samples(
        self, places: np.ndarray, count: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Draw likings [count, m] of places [m, D] as they may all be at once.

        Only what this person was seen to like, without the bowl that is expected of
        anybody. A belief without votes has none to draw.
        """
        seen = places[:, : self.points.shape[1]]
        known = self._reach(seen)  # [n, m]
        narrow = np.linalg.solve(self.sure, known)
        left = covariance(seen, seen) - known.T @ known + narrow.T @ narrow
        left[np.diag_indices_from(left)] += JITTER * (SLOPE + BUMP)
        noise = rng.standard_normal((count, len(places)))
        return known.T @ self.best + noise @ np.linalg.cholesky(left).T

    def _reach(self, seen: np.ndarray) -> np.ndarray:
        """What places [m, d] have to do with the whitened likings: [n, m]."""
        return np.linalg.solve(self.root, covariance(self.points, seen))


def usual(places: np.ndarray) -> np.ndarray:
    """Give the liking [m] of places [m, d] that is expected of anybody: a bowl.

    With slopes that people have, the top of slope and bowl is a work like others;
    without it more of something would be better for ever.
    """
    size = places.shape[1]
    return -BOWL * SLOPE * np.square(places).sum(1) / (2 * math.sqrt(size))


def covariance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Give the prior covariance [n, m] of the likings of places [n, d] and [m, d]."""
    size = max(1, a.shape[1])
    inner = a @ b.T / size
    own_a, own_b = np.square(a).sum(1), np.square(b).sum(1)
    apart = np.maximum(own_a[:, None] + own_b - 2 * size * inner, 0) / size
    radii = np.outer(own_a - size, own_b - size) / (2 * size)
    bumps = np.exp(-apart / (2 * LENGTH**2))
    return np.asarray(SLOPE**2 * inner + RADIUS**2 * radii + BUMP**2 * bumps, float)


def learn(votes: Sequence[Vote], dimensions: int = DIMENSIONS) -> Belief:
    """Learn from votes, oldest first; none at all gives the belief of a stranger.

    Votes may contradict each other: then it is simply less sure. Places count with
    their first ``dimensions`` numbers.
    """
    recent = list(votes)[-REMEMBERED:]
    ballots, points = _ballots(recent, dimensions)
    if not ballots:
        none = np.zeros((0, 0))
        return Belief(np.zeros((0, dimensions)), none, np.zeros(0), none)
    prior = covariance(points, points)
    prior[np.diag_indices_from(prior)] += JITTER * (SLOPE**2 + BUMP**2)
    root = np.linalg.cholesky(prior)
    best, precision = _most_probable(root, usual(points), ballots)
    return Belief(points, root, best, np.linalg.cholesky(precision))


Ballot = tuple[str, np.ndarray, float]


def _ballots(votes: Sequence[Vote], dimensions: int) -> tuple[list[Ballot], np.ndarray]:
    """Votes as (kind, indices of points, weight), the voted one first; and points."""
    index: dict[tuple[float, ...], int] = {}
    ballots = []
    for vote, weight in zip(votes, fade(votes), strict=True):
        table = np.array([p[:dimensions] for p in (vote.place, *vote.over)]).round(3)
        places = map(tuple, table.tolist())
        # The same work twice in one grid would be chosen over itself.
        rows = list(dict.fromkeys(index.setdefault(p, len(index)) for p in places))
        ballots.append((vote.kind, np.array(rows), float(weight)))
    return ballots, np.array(list(index), float)


def _most_probable(
    root: np.ndarray, mean: np.ndarray, ballots: Sequence[Ballot]
) -> tuple[np.ndarray, np.ndarray]:
    """Find the whitened likings [n] that explain the votes best, and their precision.

    A choice that they make improbable may have been a slip: it counts by how probable
    it is that it was meant, and all is found again (expectation maximisation).
    """
    v, bend = _newton(np.zeros(len(root)), root, mean, ballots)
    for _ in range(TRUSTS):
        trusted = [_trusted(ballot, root @ v + mean) for ballot in ballots]
        v, bend = _newton(v, root, mean, trusted)
    return v, bend


def _trusted(ballot: Ballot, likings: np.ndarray) -> Ballot:
    kind, rows, weight = ballot
    if kind != "chosen":
        return ballot
    odds = np.exp(likings[rows] - likings[rows].max())
    meant = (1 - LAPSE) * odds[0] / odds.sum()
    return kind, rows, weight * meant / (meant + LAPSE / len(rows))


def _newton(
    v: np.ndarray, root: np.ndarray, mean: np.ndarray, ballots: Sequence[Ballot]
) -> tuple[np.ndarray, np.ndarray]:
    """Newton's method on a convex function, halving a step that overshoots."""
    cost, slope, bend = _cost(v, root, mean, ballots)
    for _ in range(NEWTON_STEPS):
        step, size = np.linalg.solve(bend, slope), 1.0
        after = _cost(v - step, root, mean, ballots)
        while after[0] > cost and size > 1e-3:
            size /= 2
            after = _cost(v - size * step, root, mean, ballots)
        v = v - size * step
        before, (cost, slope, bend) = cost, after
        if before - cost < ENOUGH:
            break
    return v, bend


def _cost(
    v: np.ndarray, root: np.ndarray, mean: np.ndarray, ballots: Sequence[Ballot]
) -> tuple[float, np.ndarray, np.ndarray]:
    """Minus the logarithm of the posterior at ``v``, its gradient and its Hessian."""
    likings = root @ v + mean
    cost, slope = 0.5 * float(v @ v), np.zeros(len(v))
    bend = np.zeros((len(v), len(v)))
    for kind, rows, weight in ballots:
        if kind == "chosen":
            value, gradient, hessian = _choice(likings[rows])
        else:
            value, gradient, hessian = _verdict(likings[rows[:1]], kind == "liked")
            rows = rows[:1]
        cost += weight * value
        slope[rows] += weight * gradient
        bend[np.ix_(rows, rows)] += weight * hessian
    inner = root.T @ bend @ root
    inner[np.diag_indices_from(inner)] += 1
    return cost, v + root.T @ slope, inner


def _choice(likings: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """The first of these was chosen: minus log of its softmax, with derivatives."""
    top = likings.max()
    odds = np.exp(likings - top)
    shares = odds / odds.sum()
    value = float(top + math.log(odds.sum()) - likings[0])
    gradient = shares.copy()
    gradient[0] -= 1
    return value, gradient, np.diag(shares) - np.outer(shares, shares)


def _verdict(liking: np.ndarray, liked: bool) -> tuple[float, np.ndarray, np.ndarray]:
    """This one was liked, or not: minus log of the logistic, with derivatives."""
    sign = 1.0 if liked else -1.0
    share = 1 / (1 + np.exp(np.clip(sign * liking, -50, 50)))
    value = float(np.logaddexp(0, -sign * liking)[0])
    return value, -sign * share, np.diag(share * (1 - share))


@dataclass(frozen=True)
class Leaning:
    """A property that is liked (amount 0..1) or disliked (-1..0), and how sure that is.

    ``amount`` is 1 for somebody who always takes what has most of it, ``sure`` (0.5..1)
    how seldom chance alone would have led less far.
    """

    property: str
    amount: float
    sure: float


# A weaker leaning, or one that chance brings about in one of so many properties, is
# not put in words.
LEAST_AMOUNT, LEAST_SURE = 0.2, 0.99
ALIKE = 0.6  # cosine above which two properties are one to somebody's taste
BEST_OF_NINE = 1.485  # expected deviations by which the best of nine is above them
STRANGERS, DRAWS = 256, 32


def leanings(votes: Sequence[Vote], slopes: dict[str, np.ndarray]) -> list[Leaning]:
    """Say which properties are liked, the surest leanings first, none twice.

    ``slopes`` has for each property how it grows with each component of a place [D].
    A property is liked where what was chosen had more of it than the rest of its
    grid, in that grid's own spread. Of several that grow together, the surest one
    stands for all.
    """
    weights = np.sqrt(fade(votes))  # words change less quickly than grids
    found = []
    for name, slope in slopes.items():
        gains = np.array([_gain(vote, slope) for vote in votes])
        whole = float(np.sqrt(np.square(weights[gains != 0]).sum()))
        if not whole:
            continue
        pull = float(weights @ gains)
        sure = 0.5 * (1 + math.erf(abs(pull) / whole / math.sqrt(2)))
        amount = pull / float(weights[gains != 0].sum()) / BEST_OF_NINE
        if abs(amount) >= LEAST_AMOUNT and sure >= LEAST_SURE:
            amount = float(np.clip(amount, -1, 1))
            found.append((sure, Leaning(name, round(amount, 2), round(sure, 2))))
    found.sort(key=lambda one: -one[0])
    return _told_once([leaning for _, leaning in found], slopes)


def _gain(vote: Vote, slope: np.ndarray) -> float:
    """How much more of a property a work has than others, in deviations; 0 unknown."""
    seen = slope[: len(vote.place)]
    if vote.kind == "chosen":
        grid = np.array([vote.place, *vote.over]) @ seen
        spread = float(grid.std())
        return float(grid[0] - grid.mean()) / spread if spread > 1e-9 else 0.0
    size = float(np.linalg.norm(seen))
    own = float(np.dot(vote.place, seen)) / size if size > 0 else 0.0
    return own if vote.kind == "liked" else -own


def _told_once(found: list[Leaning], slopes: dict[str, np.ndarray]) -> list[Leaning]:
    units = {one.property: slopes[one.property] for one in found}
    units = {name: slope / np.linalg.norm(slope) for name, slope in units.items()}
    told: list[Leaning] = []
    for one in found:
        if all(abs(units[one.property] @ units[t.property]) < ALIKE for t in told):
            told.append(one)
    return told


def certainty(belief: Belief, place: np.ndarray, rng: np.random.Generator) -> float:
    """Say how sure it is (0..1) that ``place`` [D] is liked more than works by chance.

    0 is a coin's toss, 1 a promise.
    """
    if not len(belief.points):
        return 0.0
    works = rng.standard_normal((STRANGERS, belief.points.shape[1]))
    seen = np.concatenate([place[None, : works.shape[1]], works])
    draws = belief.samples(seen, DRAWS, rng)
    better = float((draws[:, :1] > draws[:, 1:]).mean())
    return round(max(0.0, 2 * better - 1), 2)
