"""A dream that somebody tells: sentences become keyframes, one after the other.

Each sentence is understood as a phrase is, and its seed is the one of a pool that suits
it best, less what it lies away from where the dream is: a dream goes on, it does not
begin anew with every sentence. Where nothing is understood it drifts on nearby.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.errors import InputError
from studio.latent.starts import suit
from studio.latent.walk import MOST, Keyframe
from studio.latent.words import (
    Understanding,
    direct,
    temper,
    understand,
    vocabulary,
)
from studio.recipe import Blend, Recipe, Seed, Style

if TYPE_CHECKING:
    from studio.model import Model

LIMIT = 100_000  # characters of a dream
COLUMNS = 110  # of a sentence, Chinese signs being two; longer ones are parted
POOL = 1024  # seeds of which one suits a sentence best
NEAR = 0.3  # of suiting a sentence, what a place at the usual distance must outdo
# Of what a seed is foretold to have of a word by itself, what need not be added; what
# is added of it at least; and how far all words together lead away from the seed.
TRUSTED, ADDED, FARTHEST = 0.6, 0.4, 1.8
STRAY = 0.8  # of another seed, where a sentence says nothing
SIGNS_A_SECOND = 13.0  # columns that are read in a second, without haste
LEAST, MOST_READING = 5.0, 12.0  # seconds
ALONE = 12.0  # seconds of a dream of one sentence
# A caption comes while the picture arrives and goes when it has left (shares of a way).
COMES, GOES = 0.3, 0.62

_END = re.compile(
    r"""(?:[。！？!?；]|\.(?!\d)|…)[。！？!?.…]*["'”’」』）)]*|[\r\n]+""", re.VERBOSE
)
_CLAUSE = re.compile(r"[,，、:：;—–]+\s*|\s+(?=(?:and|but|then|while|where|when)\b)")
_SHORT = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|st|prof|no|vs|etc|e\.g|i\.e|a\.m|p\.m|[a-z]))\.$", re.I
)
# How a dream is told is no part of what is seen: "I dreamt of" asks for no haze.
_TELLING = re.compile(
    r"\b(?:dream(?:ed|t|s|ing)?|suddenly|awoke|woke|fell|waved)\b(?!-)"
    r"|梦[见到里中]|做了?一?个?梦|忽然间?|突然间?|然后|后来|接着|于是|醒[来了]",
    re.I,
)


@dataclass(frozen=True)
class Moment:
    """One sentence of a dream and the work that it became."""

    text: str
    found: Understanding
    recipe: Recipe
    seconds: float

    @property
    def keyframe(self) -> Keyframe:
        """The work as a keyframe."""
        return Keyframe(self.recipe, self.seconds)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object that the page and scripts read."""
        told = {"text": self.text, "seconds": self.seconds}
        return told | self.found.to_dict() | {"recipe": self.recipe.to_dict()}


@dataclass(frozen=True)
class Pool:
    """Seeds with their w [N, D] at a variety, and what is foretold of each by word."""

    seeds: range
    w: np.ndarray
    values: dict[str, np.ndarray]

    @classmethod
    def of(cls, model: Model, variety: float, first: int = 0) -> Pool:
        """Take 1,024 seeds from ``first`` on."""
        from studio.latent.measuring import foretell

        seeds = range(first, first + POOL)
        w = model.truncated(model.map_seeds(seeds), variety)
        return cls(seeds, w[:, 0], foretell(model, w))

    def choose(self, found: Understanding, here: np.ndarray | None) -> int:
        """Choose what suits best and is not far from ``here``, a w [D]."""
        fits = suit(found, self.values)
        return int((fits - NEAR * self._distances(here)).argmax())

    def ease(self, recipe: Recipe, index: int) -> Recipe:
        """Give a recipe of seed number ``index`` with what it lacks of its words.

        The seed was chosen because it has them; all of them on top, in a sentence that
        says many things, would leave what the model paints well.
        """
        added = {}
        for name, amount in recipe.amounts.items():
            has = float(self.values[name][index]) if name in self.values else 0.0
            share = 1 - TRUSTED * max(0.0, has / amount)
            added[name] = amount * max(ADDED, share)
        far = math.hypot(*added.values())
        scale = min(1.0, FARTHEST / far) if far else 1.0
        for name, amount in added.items():
            recipe = recipe.with_direction(name, round(scale * amount, 3))
        return recipe

    def neighbour(self, here: np.ndarray, turn: int) -> int:
        """Choose one of those nearest to ``here``, another one each turn."""
        near = np.argsort(self._distances(here))
        return int(near[1 + (7 * turn) % 48])

    def _distances(self, here: np.ndarray | None) -> np.ndarray:
        """Give distances from ``here``, the usual one being 1."""
        if here is None:
            return np.zeros(len(self.seeds))
        distances = np.linalg.norm(self.w - here, axis=1)
        return distances / max(float(np.median(distances)), 1e-9)


def split(text: str) -> list[str]:
    """Give the sentences of a text in any language, in order, none too long to read.

    Raises InputError for a text without any, with more than 500, or far too long.
    """
    if len(text) > LIMIT:
        raise InputError("dream_heavy", limit=LIMIT)
    sentences: list[str] = []
    begin, open_end = 0, ""
    for end in [*(found.end() for found in _END.finditer(text)), len(text)]:
        part = text[begin:end]
        begin = end
        whole = (open_end + part).strip()
        if _SHORT.search(whole) and end < len(text) and "\n" not in part:
            open_end += part  # "Dr." ends no sentence
            continue
        open_end = ""
        if any(map(str.isalnum, whole)):
            sentences += _parted(" ".join(whole.split()))
    if not sentences:
        raise InputError("dream_empty")
    if len(sentences) > MOST:
        raise InputError("dream_long", count=len(sentences), limit=MOST)
    return sentences


def columns(text: str) -> int:
    """Count how wide a text is, signs of Chinese and Japanese being two columns."""
    return sum(2 if sign >= "\u2e80" else 1 for sign in text)


def _parted(sentence: str) -> list[str]:
    """Part a sentence that is too long for a caption, at a pause or between words."""
    if columns(sentence) <= COLUMNS:
        return [sentence]
    pauses = [found.end() for found in _CLAUSE.finditer(sentence)]
    gaps = [found.end() for found in re.finditer(r"\s+", sentence)]
    middle = len(sentence) / 2
    for places in (pauses, gaps, [len(sentence) // 2]):
        inner = [at for at in places if 0.2 < at / len(sentence) < 0.8]
        if inner:
            at = min(inner, key=lambda place: abs(place - middle))
            return _parted(sentence[:at].strip()) + _parted(sentence[at:].strip())
    return [sentence]


def hear(sentences: Iterable[str], card: Mapping[str, Any]) -> list[Understanding]:
    """Understand sentences by the words of a model; one without any hears nothing."""
    try:
        words = vocabulary(card)
    except InputError:
        return [Understanding() for _ in sentences]
    # Blanks of the same length, so that places in the text stay what they are.
    told = (_TELLING.sub(lambda found: " " * len(found[0]), s) for s in sentences)
    return [temper(understand(text, words), card) for text in told]


def stage(
    model: Model,
    sentences: Sequence[str],
    heard: Sequence[Understanding],
    base: Recipe,
    last: Recipe | None = None,
    pool: Pool | None = None,
    first: int = 0,
) -> list[Moment]:
    """Give each sentence its work, going on from ``last``, or beginning at ``base``.

    ``base`` is a recipe whose variety and size all take; ``first`` is the number of
    the first sentence in its dream. Words that nobody says any more are gone with the
    next sentence that says something.
    """
    pool = pool or Pool.of(model, base.variety)
    plain = replace(base, directions=(), taught=(), kinds=(), mix=(), patches=())
    plain = replace(plain, residual=None)
    moments: list[Moment] = []
    for turn, (text, found) in enumerate(zip(sentences, heard, strict=True), first):
        here = model.style(last).mean(axis=0) if last else None
        if found.amounts:
            index = pool.choose(found, here)
            there = replace(plain, source=Seed(pool.seeds[index]))
            recipe = pool.ease(direct(there, found, model.card), index)
        elif last is None or here is None:
            recipe = base
        else:
            recipe = _stray(last, pool, pool.neighbour(here, turn))
        last = recipe
        moments.append(Moment(text, found, recipe, reading_time(text)))
    return moments


def _stray(recipe: Recipe, pool: Pool, index: int) -> Recipe:
    """Give a work a little way from another."""
    source = recipe.source
    if isinstance(source, Style):
        rows = np.asarray(source.rows)
        moved = rows + 0.4 * STRAY * (pool.w[index] - rows)
        return replace(recipe, source=Style(tuple(map(tuple, moved.round(4).tolist()))))
    pairs = source.pairs if isinstance(source, Blend) else ((source.seed, 1.0),)
    # What weighs least makes way; weights of a blend are from 0 to 1.
    kept = [pair for pair in pairs if pair[1] > 0.2 and pair[0] != pool.seeds[index]]
    return replace(recipe, source=Blend((*kept[:6], (pool.seeds[index], STRAY))))


def reading_time(text: str) -> float:
    """Give the seconds in which a sentence is read, and its picture seen."""
    seconds = 2.5 + columns(text) / SIGNS_A_SECOND
    return round(max(LEAST, min(MOST_READING, seconds)), 1)


def caption_times(
    texts: Sequence[str], seconds: Sequence[float]
) -> list[tuple[str, float, float]]:
    """Give when each text is shown, by how long the way from its work to the next is.

    A caption begins while the picture arrives and ends before the next one begins.
    """
    if len(texts) == 1:
        return [(texts[0], 0.0, sum(seconds))]
    times, now = [], 0.0
    for index, (text, way) in enumerate(zip(texts, seconds, strict=True)):
        start = max(0.0, now - COMES * seconds[index - 1]) if index else 0.0
        times.append((text, start, now + GOES * way))
        now += way
    return times
