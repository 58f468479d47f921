"""What words mean: a bilingual table of forms, and each as what a model can do.

An entry of `lexicon.json` has its forms in English and Chinese, and one or more
meanings: sums of properties and labels, the first the best. A model realises of a
meaning what it knows; an entry of which it knows nothing is not understood.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache

from studio.direction import PROPERTIES
from studio.latent.phrases import FOLDER, key_of

# A second meaning is a way around what the model lacks, and as much less sure.
NEXT_BEST = 0.75
VOWELS = "aeiouy"
LONGEST = 24  # letters of a word that somebody may have meant
SLIP_LETTERS = 6  # shorter words are too near to other words
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

Amounts = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Entry:
    """A word in its forms, and what it means: alternatives, the best first."""

    name: str
    forms: tuple[str, ...]
    means: tuple[Amounts, ...]


@dataclass(frozen=True)
class Meaning:
    """Amounts by word, as the model spells them, and how much of the sense it keeps."""

    amounts: Amounts
    kept: float


@cache
def _data() -> dict[str, list]:
    return json.loads((FOLDER / "lexicon.json").read_text(encoding="utf-8"))


@cache
def entries() -> tuple[Entry, ...]:
    """Return every entry of the lexicon."""
    return tuple(
        Entry(
            entry["name"],
            (*entry["en"], *entry["zh"]),
            tuple(tuple(means.items()) for means in entry["means"]),
        )
        for entry in _data()["entries"]
    )


@cache
def elsewhere() -> tuple[str, ...]:
    """Return common words that are no business of pictures, so that none is guessed."""
    return tuple(_data()["elsewhere"])


@cache
def opposites() -> tuple[tuple[str, str], ...]:
    """Return pairs of words that cannot both be wished for."""
    return tuple((key_of(one), key_of(other)) for one, other in _data()["opposites"])


@cache
def _table() -> dict[str, Entry]:
    return {key_of(form): entry for entry in entries() for form in entry.forms}


def find_entry(key: str) -> Entry | None:
    """Return the entry that has a form of this key, in the singular if need be."""
    return next((_table()[k] for k in inflections(key) if k in _table()), None)


def inflections(key: str) -> Iterator[str]:
    """Yield the key, and what it is the plural of, as English may have it."""
    yield key
    if not key.isascii() or len(key) < 4 or not key.endswith("s"):
        return
    if key.endswith("ies"):
        yield key[:-3] + "y"
    elif key.endswith(("ches", "shes", "xes", "sses", "oes", "zes")):
        yield key[:-2]
    if not key.endswith("ss"):
        yield key[:-1]


class Names:
    """The words of one model, found by what people and the lexicon call them."""

    def __init__(self, vocabulary: Collection[str]) -> None:
        self._spelled: dict[str, str] = {}
        self._singular: dict[str, str] = {}
        for name in vocabulary:
            for key in filter(None, {key_of(name), key_of(name.split("(")[0])}):
                self._spelled.setdefault(key, name)
                # "orange" is a hue; what is short of "oranges" stays a fruit
                if key not in PROPERTIES:
                    for short in inflections(key):
                        self._singular.setdefault(short, name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(self._spelled.values()))

    def find(self, key: str) -> str | None:
        """Return the word of this key: exactly, or but for the plural."""
        if key in self._spelled:
            return self._spelled[key]
        keys = (self._singular.get(short) for short in inflections(key))
        return next((name for name in keys if name), None)

    def find_component(self, name: str) -> str | None:
        """Return the word that an entry calls ``name``, by any of its forms."""
        key = key_of(name)
        found = self._spelled.get(key) if name in PROPERTIES else self.find(key)
        if found is not None:
            return found
        entry = find_entry(key)
        forms = map(key_of, entry.forms) if entry else ()
        return next((self._spelled[f] for f in forms if f in self._spelled), None)

    def realise(self, entry: Entry) -> Meaning | None:
        """Return of an entry's meanings the one of which most is known; None: none."""
        best: Meaning | None = None
        for place, means in enumerate(entry.means):
            known = self._known(means)
            whole = sum(abs(amount) for _, amount in means)
            part = sum(abs(a) for n, a in means if self.find_component(n))
            kept = part / whole * NEXT_BEST**place
            if known and (best is None or kept > best.kept):
                best = Meaning(known, kept)
        return best

    def _known(self, means: Amounts) -> Amounts:
        amounts: dict[str, float] = {}
        for name, amount in means:
            if word := self.find_component(name):
                amounts[word] = amounts.get(word, 0.0) + amount
        return tuple((word, amount) for word, amount in amounts.items() if amount)


def near_spellings(key: str) -> Iterator[str]:
    """Yield what may have been meant by a word with one slip of the hand.

    Letters left out, doubled or in the wrong order, and one vowel for another: a
    wrong consonant more often makes another word (forest, forget) than a slip.
    """
    if not key.isascii() or not key.isalpha():
        return
    if not SLIP_LETTERS <= len(key) <= LONGEST:
        return
    for at in range(1, len(key) + 1):
        head, tail = key[:at], key[at:]
        yield from (head + letter + tail for letter in _LETTERS)
        if tail:
            yield head + tail[1:]
            yield head + tail[1:2] + tail[0] + tail[2:]
        if tail and tail[0] in VOWELS:
            yield from (head + vowel + tail[1:] for vowel in VOWELS)
