"""A word that a person teaches: a direction learnt from a few works they marked.

Works are places in w (see `space`), in standard deviations of the model's works. A
handful of examples in hundreds of dimensions say little, so what is likely is known
before: an average example is drawn from a normal distribution that is wide where what
is measured changes, and a little where pictures change much at all. Given n examples,
each a standard deviation around that average, its most probable place is
C (C + 1/n)^-1 times their mean (conjugate normal; Bishop 2006, equation 2.141 f.);
a word leads from the average of what it is not to that of what it is, which among
equal spreads is Fisher's discriminant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from studio.errors import InputError
from studio.latent.phrases import key_of, read_phrase
from studio.recipe_fields import NAME_LIMIT

FEWEST, MOST = 6, 20  # works that are marked as "more of this"
MOST_LESS = 20
SAME = 0.02  # of the distance of two works by chance: nearer ones are one work
# How wide the prior is along all that is measured, together, and along all else.
MEASURED, WIDE = 3.0, 0.5
AXES = 64  # of the prior that are looked along, the widest; the others say nothing
LONGEST = 3.0  # standard deviations of +1
SETS = 300  # sets of works by chance that those of a person are compared with
KNOWN = (0.7, 0.95)  # agreement and certainty from which a word counts as known


@dataclass(frozen=True)
class Lesson:
    """What was learnt. `change` [D] is the change of place that +1 makes.

    `agreement` is the share of marked works that a word learnt without them judges
    rightly, `sure` the share of sets of works by chance that agree less.
    """

    change: np.ndarray = field(repr=False)
    agreement: float
    sure: float

    @property
    def certainty(self) -> str:
        """Say "known" or "uncertain", as of the words of a model."""
        known = self.agreement >= KNOWN[0] and self.sure >= KNOWN[1]
        return "known" if known else "uncertain"


def check_name(text: object) -> str:
    """Return a name that phrases can say: one word or a few, in any language.

    Raises InputError for what is too long, or is no word when it is typed.
    """
    name = " ".join(text.split()) if isinstance(text, str) else ""
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        raise InputError("taught_name", value=name, limit=NAME_LIMIT)
    if not is_sayable(name):
        raise InputError("taught_name_unsayable", value=name)
    return name


def is_sayable(name: str) -> bool:
    """Tell whether a phrase that is this name means the name and nothing else.

    "sea:2", "no fog" and "<b>" are not.
    """
    if not re.fullmatch(r"[\w\s'’·-]+", name) or not any(map(str.isalpha, name)):
        return False
    own = key_of(name)
    plain = read_phrase(name, lambda key: None)
    known = read_phrase(name, lambda key: key if key == own else None)
    said = bool(plain) and all(wish.weight == 1 for wish in plain)
    return said and [wish.piece.value for wish in known] == [own]


class Teacher:
    """Learns words in one model."""

    def __init__(
        self, spreads: np.ndarray, slopes: np.ndarray, strangers: np.ndarray
    ) -> None:
        """Take what is known of the model's space before anything is marked.

        `spreads` [D] are those of w along its components, `slopes` [K, D] how what is
        measured grows with each component of a place (K may be 0), `strangers` [N, D]
        places of works by chance.
        """
        # along the prior's own axes each number of a place is drawn in by itself
        widths, axes = np.linalg.eigh(_prior(spreads, slopes))
        self._widths, self._axes = np.maximum(widths[-AXES:], 0), axes[:, -AXES:]
        self._strangers = strangers @ self._axes

    def teach(self, more: np.ndarray, less: np.ndarray) -> Lesson:
        """Learn from places [n, D] of what it is, and [m, D] of what it is not.

        Raises InputError where they are too few, too many, the same, or have nothing
        in common.
        """
        more, less = (_distinct(places) @ self._axes for places in (more, less))
        _check(more, less)
        scores = self._scores(more, less)
        agreement = float((scores > 0).mean())
        if scores.mean() <= 0 or agreement < 0.5:
            raise InputError("taught_nothing_common", count=len(more))
        whole = self._mean(more) - self._mean(less)
        unit = whole / np.linalg.norm(whole)
        usual = less.mean(axis=0) if len(less) else 0.0
        reach = float((more.mean(axis=0) - usual) @ unit)
        change = min(LONGEST, reach) * self._axes @ unit
        sure = self._surer(float(scores.mean()), len(more), len(less))
        return Lesson(change, round(agreement, 3), round(sure, 3))

    def _scores(self, more: np.ndarray, less: np.ndarray) -> np.ndarray:
        """Say how rightly each work is judged by a word learnt without it: [n + m].

        In standard deviations beyond the middle of what it is and is not; where
        nothing was marked as "less", beyond the average work.
        """
        both = bool(len(less))
        own, other = self._mean(more), self._mean(less)
        liked = _judge(self._without_each(more), other, more, both)
        if not both:
            return liked
        rejected = -_judge(own, self._without_each(less), less, both)
        return np.concatenate([liked, rejected])

    def _without_each(self, places: np.ndarray) -> np.ndarray:
        """Give the average as it is without each of these works: [N, D]."""
        count = len(places) - 1
        if not count:
            return np.zeros_like(places)
        return (places.sum(axis=0) - places) / count * self._pull(count)

    def _mean(self, places: np.ndarray) -> np.ndarray:
        """Give the most probable average [D] of works like these."""
        if not len(places):
            return np.zeros(places.shape[1])
        return np.asarray(places.mean(axis=0) * self._pull(len(places)))

    def _pull(self, count: int) -> np.ndarray:
        """Give what takes the mean of so many works to their probable average."""
        return self._widths / (self._widths + 1 / count)

    def _surer(self, score: float, more: int, less: int) -> float:
        chance = np.random.default_rng(0)
        lower = 0
        for _ in range(SETS):
            rows = chance.choice(len(self._strangers), more + less, replace=False)
            drawn = self._strangers[rows]
            lower += self._scores(drawn[:more], drawn[more:]).mean() < score
        return min(0.99, lower / SETS)


def foretell_taught(
    steps: Mapping[str, np.ndarray], places: np.ndarray
) -> dict[str, np.ndarray]:
    """Foretell how much of taught words works have: [N] each, in deviations.

    `steps` [D] are changes of place, `places` [N, D].
    """
    return {
        name: places @ (step / max(float(np.linalg.norm(step)), 1e-9))
        for name, step in steps.items()
    }


def _prior(spreads: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """Give the prior covariance [D, D] of the average of what a word names."""
    wide = np.diag(spreads / spreads.sum()) * WIDE
    if not len(slopes):
        wide = np.diag(spreads**2 / np.square(spreads).sum())
        return wide * (WIDE + MEASURED)
    units = slopes / np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-9)
    return wide + MEASURED * units.T @ units / len(units)


def _judge(
    own: np.ndarray, other: np.ndarray, places: np.ndarray, both: bool
) -> np.ndarray:
    """Say how far places [N, D] are on the side of `own`: [N], deviations."""
    word = own - other
    middle = (own + other) / 2 if both else 0.0
    inner = (word * (places - middle)).sum(axis=1)
    return np.asarray(inner / np.maximum(np.linalg.norm(word, axis=-1), 1e-9))


def _distinct(places: np.ndarray) -> np.ndarray:
    """Keep of works that are one and the same the first."""
    kept: list[np.ndarray] = []
    near = SAME * np.sqrt(2 * places.shape[1])
    for place in places:
        if all(np.linalg.norm(place - other) > near for other in kept):
            kept.append(place)
    return np.array(kept).reshape(-1, places.shape[1])


def _check(more: np.ndarray, less: np.ndarray) -> None:
    if len(more) < FEWEST:
        raise InputError("taught_few", count=len(more), fewest=FEWEST, most=MOST)
    if len(more) > MOST or len(less) > MOST_LESS:
        raise InputError("taught_many", count=max(len(more), len(less)), most=MOST)
    near = SAME * np.sqrt(2 * more.shape[1])
    for place in less:
        if (np.linalg.norm(more - place, axis=1) <= near).any():
            raise InputError("taught_both")
