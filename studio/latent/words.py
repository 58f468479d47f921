"""What a phrase means to one model: which of its words, how much, and how sure.

`understand` is the whole of it; it knows a model by its vocabulary alone. What it
cannot place it says, with the nearest that the model knows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from studio.direction import PROPERTIES
from studio.errors import InputError
from studio.latent.encoder import MARGIN, Likeness, confidence, load_encoder
from studio.latent.lexicon import (
    Entry,
    Meaning,
    Names,
    entries,
    find_entry,
    near_spellings,
    opposites,
)
from studio.latent.phrases import Wish, key_of, read_phrase
from studio.recipe import Recipe

AMOUNT_LIMIT = 3.0  # standard units
LEXICON_TRUST = 0.95
UNCERTAIN = 0.5  # times that, of a word that a model does only sometimes
SLIP_TRUST = 0.85
FAINT = 0.75  # what pulls less against a word is no contradiction
STRANGERS = 24  # that the encoder is asked about; others stay unknown
SAME_WORD = 0.72  # cosine of translations; of dog and cat 0.67
UNNAMED = "pca-"  # directions that were found, and that nobody has named
SOUGHT = "sought"  # the source of a part that seeds are chosen by, and nothing moves
FOUND = 0.25  # share of such choices that hit, from which a word is looked for


@dataclass(frozen=True)
class Part:
    """Some of the phrase, understood: ``amount`` of ``word`` in standard units.

    ``text`` stands at ``start:end`` of the phrase; a mood has a part for each word
    that it is made of. ``source`` is "exact", "lexicon" or "encoder"; or, where no
    direction leads to the word and a seed is looked for that has it, "sought".
    """

    text: str
    start: int
    end: int
    word: str
    amount: float
    confidence: float
    source: str


@dataclass(frozen=True)
class Unknown:
    """Some of the phrase that means nothing here, and the nearest word that does."""

    text: str
    start: int
    end: int
    nearest: str | None


@dataclass(frozen=True)
class Contradiction:
    """Parts that pull against each other: by one word, or by two opposite ones."""

    words: tuple[str, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Understanding:
    """A phrase in the words of a model."""

    understood: tuple[Part, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()

    @property
    def amounts(self) -> dict[str, float]:
        """The amount of each word over all parts, within +-3, without zeros."""
        total: dict[str, float] = {}
        for part in self.understood:
            total[part.word] = total.get(part.word, 0.0) + part.amount
        clamped = {word: _clamp(amount) for word, amount in total.items()}
        return {word: amount for word, amount in clamped.items() if amount}

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object that the page and scripts read."""
        return {
            "understood": [asdict(part) for part in self.understood],
            "unknown": [asdict(part) for part in self.unknown],
            "contradictions": [
                {"words": list(pair.words), "texts": list(pair.texts)}
                for pair in self.contradictions
            ],
        }


@dataclass(frozen=True)
class _Sense:
    """What a wish was found to mean."""

    meaning: Meaning
    confidence: float
    source: str


def understand(text: str, vocabulary: Collection[str]) -> Understanding:
    """Return what ``text`` means to a model whose words are ``vocabulary``.

    English, Chinese or both, with weights ("sea:1.5, -village"). Raises InputError
    for more than 2,000 characters and for weights that are not numbers.
    """
    names = _names(tuple(sorted(set(vocabulary))))
    wishes = read_phrase(text, lambda key: _look_up(key, names))
    senses = [_sense_of(wish, names) for wish in wishes]
    strangers = [i for i, sense in enumerate(senses) if sense is None]
    keys = list(dict.fromkeys(wishes[i].piece.key for i in strangers))
    keys = [key for key in keys if any(map(str.isalpha, key))][:STRANGERS]
    guesses, nearest = _guess(keys, names)
    parts: list[Part] = []
    unknown: dict[str, Unknown] = {}
    for wish, sense in zip(wishes, senses, strict=True):
        key, start, end = wish.piece.key, wish.piece.start, wish.piece.end
        if sense := sense or guesses.get(key):
            parts += _parts(text[start:end], wish, sense)
        else:
            found = Unknown(text[start:end], start, end, nearest.get(key))
            unknown.setdefault(key, found)
    merged = _merge(parts)
    return Understanding(merged, tuple(unknown.values()), _contradictions(merged))


@lru_cache(maxsize=16)
def _names(vocabulary: tuple[str, ...]) -> Names:
    return Names(vocabulary)


def _look_up(key: str, names: Names) -> str | Entry | None:
    """Return a word of the model, before that an entry of the lexicon."""
    return names.find(key) or find_entry(key)


def _sense_of(wish: Wish, names: Names) -> _Sense | None:
    value = wish.piece.value
    if isinstance(value, str):
        return _Sense(Meaning(((value, 1.0),), 1.0), 1.0, "exact")
    if isinstance(value, Entry):
        return _realise(value, names, LEXICON_TRUST, "lexicon")
    return None


def _correct(key: str, names: Names) -> _Sense | None:
    """Return the sense of what a word is one slip of the hand away from."""
    for near in near_spellings(key):
        if word := names.find(near):
            return _Sense(Meaning(((word, 1.0),), 1.0), SLIP_TRUST, "exact")
        if entry := find_entry(near):
            return _realise(entry, names, SLIP_TRUST * LEXICON_TRUST, "lexicon")
    return None


def _realise(entry: Entry, names: Names, trust: float, source: str) -> _Sense | None:
    meaning = names.realise(entry)
    return _Sense(meaning, trust * meaning.kept, source) if meaning else None


def _guess(
    keys: list[str], names: Names
) -> tuple[dict[str, _Sense], dict[str, str | None]]:
    """Ask the encoder about strangers: senses of some, the nearest word of all."""
    words = list(names)
    encoder = load_encoder() if keys and words else None
    if encoder is None:
        return {key: sense for key in keys if (sense := _correct(key, names))}, {}
    senses: dict[str, _Sense] = {}
    nearest: dict[str, str | None] = {}
    for key, likeness in zip(keys, encoder.compare(keys, words), strict=True):
        nearest[key] = _nearest(likeness, words, names)
        if find_entry(key):
            # the model lacks what it means, but may have it in another language
            sense = _same_word(likeness, words)
        else:
            sense = None if encoder.is_word(key) else _correct(key, names)
            sense = sense or _most_alike(likeness, words, names)
        if sense:
            senses[key] = sense
    return senses, nearest


def _same_word(likeness: Likeness, words: list[str]) -> _Sense | None:
    at = int(likeness.words.argmax())
    cosine = float(likeness.words[at])
    if cosine < SAME_WORD:
        return None
    return _Sense(Meaning(((words[at], 1.0),), 1.0), confidence(cosine), "encoder")


def _most_alike(likeness: Likeness, words: list[str], names: Names) -> _Sense | None:
    entry = int(likeness.entries.argmax())
    word = int(likeness.words.argmax())
    cosine = max(float(likeness.entries[entry]), float(likeness.words[word]))
    trust = confidence(cosine) if cosine - likeness.elsewhere > MARGIN else 0.0
    if not trust:
        return None
    if likeness.words[word] >= likeness.entries[entry]:
        return _Sense(Meaning(((words[word], 1.0),), 1.0), trust, "encoder")
    return _realise(entries()[entry], names, trust, "encoder")


def _nearest(likeness: Likeness, words: list[str], names: Names) -> str | None:
    """Return the word of the model that is nearest, itself or by an entry.

    What is measured in pixels is near to no thing, if the model knows any things.
    """
    things = np.array([word not in PROPERTIES for word in words])
    at = int(np.where(things | ~things.any(), likeness.words, -1.0).argmax())
    for entry in np.argsort(-likeness.entries)[:12]:
        if likeness.entries[entry] <= likeness.words[at]:
            break
        if meaning := names.realise(entries()[entry]):
            return max(meaning.amounts, key=lambda pair: abs(pair[1]))[0]
    return words[at]


def _parts(text: str, wish: Wish, sense: _Sense) -> Iterable[Part]:
    piece = wish.piece
    for word, amount in sense.meaning.amounts:
        yield Part(
            text,
            piece.start,
            piece.end,
            word,
            _clamp(amount * wish.weight),
            round(min(1.0, sense.confidence), 3),
            sense.source,
        )


def _merge(parts: list[Part]) -> tuple[Part, ...]:
    """Add up what is said twice in the same words; what is not wished for goes."""
    merged: dict[tuple[str, str, bool], Part] = {}
    for part in parts:
        key = key_of(part.text), part.word, part.amount < 0
        before = merged.get(key)
        total = part.amount + (before.amount if before else 0.0)
        merged[key] = replace(before or part, amount=_clamp(total))
    return tuple(part for part in merged.values() if part.amount)


def _clamp(amount: float) -> float:
    return round(max(-AMOUNT_LIMIT, min(AMOUNT_LIMIT, amount)), 3)


def _contradictions(parts: tuple[Part, ...]) -> tuple[Contradiction, ...]:
    strong = [part for part in parts if abs(part.amount) >= FAINT]
    found: dict[tuple[str, ...], list[str]] = {}
    for i, one in enumerate(strong):
        for other in strong[i + 1 :]:
            if (words := _conflict(one, other)) and one.start != other.start:
                found.setdefault(words, []).extend((one.text, other.text))
    return tuple(
        Contradiction(words, tuple(dict.fromkeys(texts)))
        for words, texts in found.items()
    )


def _conflict(one: Part, other: Part) -> tuple[str, ...]:
    """Return the words by which two parts pull apart; none where they do not."""
    apart = one.amount * other.amount < 0
    if one.word == other.word:
        return (one.word,) if apart else ()
    pair = key_of(one.word), key_of(other.word)
    opposed = pair in opposites() or pair[::-1] in opposites()
    return (one.word, other.word) if opposed and not apart else ()


def vocabulary(card: Mapping[str, Any], *, seek: bool = True) -> tuple[str, ...]:
    """Return the words of a model, by its card: named directions, then kinds.

    To ``seek``, also those that only seeds can be chosen by. Raises InputError where
    it has none.
    """
    listed = [*_directions(card), *_kinds(card), *(sought(card) if seek else ())]
    names = [name for name in dict.fromkeys(listed) if not name.startswith(UNNAMED)]
    if not names:
        raise InputError("words_none", title=card.get("title", ""))
    return tuple(names)


def _directions(card: Mapping[str, Any]) -> list[str]:
    """Return the names that a recipe may have amounts of."""
    return [item["name"] for item in (*card.get("words", ()), *card["directions"])]


def _kinds(card: Mapping[str, Any]) -> list[str]:
    return [item["name"] for item in card.get("kinds", ())]


def sought(card: Mapping[str, Any]) -> dict[str, float]:
    """Return the words that no direction leads to and seeds can be chosen by.

    With each the share of such choices, as measured, in which the word was there.
    """
    led = {*_directions(card), *_kinds(card)}
    return {
        item["name"]: item["found"]
        for item in card.get("measures", ())
        if item["name"] not in led and item.get("found", 0) >= FOUND
    }


def temper(found: Understanding, card: Mapping[str, Any]) -> Understanding:
    """Return an understanding less sure of the words that a model is not sure of.

    What seeds alone can give is as sure as seeds have it, and says so.
    """
    still = sought(card)
    weak = {
        item["name"]: UNCERTAIN
        for item in card.get("words", ())
        if item.get("certainty") == "uncertain"
    }
    parts = []
    for part in found.understood:
        if part.word in still:
            part = replace(part, source=SOUGHT)
        trust = still.get(part.word, weak.get(part.word, 1.0))
        parts.append(replace(part, confidence=round(trust * part.confidence, 3)))
    return replace(found, understood=tuple(parts))


def listen(text: str, card: Mapping[str, Any], *, seek: bool = True) -> Understanding:
    """Return what ``text`` means to the model of ``card``, and how sure that is.

    To ``seek``, words may be looked for among seeds; what would be understood without
    that moves the work as well. Raises InputError as ``understand`` does.
    """
    found = temper(understand(text, vocabulary(card, seek=seek)), card)
    spans = {(part.start, part.end) for part in found.understood}
    spans -= {(p.start, p.end) for p in found.understood if p.source != SOUGHT}
    if not spans or not _directions(card):
        return found
    plain = temper(understand(text, vocabulary(card, seek=False)), card)
    more = [part for part in plain.understood if (part.start, part.end) in spans]
    return replace(found, understood=(*found.understood, *more))


def direct(
    recipe: Recipe, understanding: Understanding, card: Mapping[str, Any]
) -> Recipe:
    """Return ``recipe`` moved to where a phrase points in the model of ``card``.

    Words that are directions become amounts along them, in place of those that the
    recipe had; words that are only kinds become shares of kinds; words that seeds are
    chosen by change nothing here.
    """
    directions = set(_directions(card))
    kinds = set(_kinds(card)) - directions
    amounts = understanding.amounts
    for word in amounts.keys() & directions:
        recipe = recipe.with_direction(word, amounts[word])
    wanted = {word: amounts[word] for word in amounts.keys() & kinds}
    shares = sorted((word, amount) for word, amount in wanted.items() if amount > 0)
    if shares:
        most = max(amount for _, amount in shares)
        pairs = tuple((word, round(amount / most, 3)) for word, amount in shares)
        recipe = replace(recipe, kinds=pairs)
    return recipe


__all__ = [
    "Contradiction",
    "Part",
    "Understanding",
    "Unknown",
    "direct",
    "listen",
    "sought",
    "temper",
    "understand",
    "vocabulary",
]
