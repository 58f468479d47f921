"""What a person typed, in pieces: known forms, strangers, and how much of each.

Nothing here knows what a form means. Text is folded first, character by character,
so that a place in the folded text is the same place in what was typed.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from studio.errors import InputError

TEXT_LIMIT = 2000  # characters
FOLDER = Path(__file__).resolve().parent
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
LONGEST = 8  # atoms of a form

_TOKENS = re.compile(
    rf"""
    (?P<weight>:\s*[-+−]?(?:nan|inf(?:inity)?|\d[\d.]*(?:e[-+]?\d+)?)(?![^\W_{HAN}]))
  | (?P<sign>(?<![^\s,;(（，、。；!?])[-+−](?=[^\s+−-]))
  | (?P<han>[{HAN}])
  | (?P<word>[^\W_{HAN}]+(?:'[^\W_{HAN}]+)*)
  | (?P<gap>[\s'"“”_·\u200d\ufe0f\U0001f3fb-\U0001f3ff]+|[−-])
  | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)

# What a reading costs: the cheapest is taken. What means something by itself is not
# torn out of a longer word that nobody knows (the sea out of "navy"): a stranger of
# one Chinese character costs more than one of two, and each further one costs 1.
_PIECE, _SINGLE, _STOP, _WORD = 1.0, 1.2, 0.2, 3.0
_STRANGERS = (4.5, -0.5, 1.0)

Kind = str  # form, stop, bound, join, negation, degree or stranger
Lookup = Callable[[str], Any]  # what a key means, or None


@dataclass(frozen=True)
class Atom:
    """One character of Chinese, one word of another script, or one symbol."""

    text: str  # folded
    start: int
    end: int
    han: bool
    joined: bool  # nothing stands between it and the atom before


@dataclass(frozen=True)
class Piece:
    """Some atoms read together; ``value`` is what the lookup gave, or a degree."""

    key: str
    start: int
    end: int
    kind: Kind
    value: Any = None


@dataclass(frozen=True)
class Wish:
    """A form or a stranger with its weight; negative where it shall not be there."""

    piece: Piece
    weight: float


@cache
def grammar() -> dict[str, tuple[Kind, float]]:
    """Return the words that say how, by key: their kind, and how much."""
    data = json.loads((FOLDER / "grammar.json").read_text(encoding="utf-8"))
    table: dict[str, tuple[Kind, float]] = {}
    for kind in ("bound", "stop", "join", "negation"):
        table |= {key_of(word): (kind, 0.0) for word in data[kind]}
    return table | {key_of(w): ("degree", by) for w, by in data["degree"].items()}


@cache
def _traditional() -> dict[int, str]:
    data = json.loads((FOLDER / "traditional.json").read_text(encoding="utf-8"))
    pairs = zip(data["traditional"], data["simplified"], strict=True)
    return {ord(old): new for old, new in pairs}


def fold(text: str) -> str:
    """Return ``text`` of the same length in lower case, simplified, without accents."""
    return "".join(map(_fold_one, text.translate(_traditional())))


@lru_cache(maxsize=8192)
def _fold_one(character: str) -> str:
    if character in "’‘＇`":
        return "'"
    if not character.isprintable():
        return " "
    plain = unicodedata.normalize("NFKD", character)[0].lower()
    return plain if len(plain) == 1 else character


def key_of(text: str) -> str:
    """Return the key under which a form is known: folded, single spaces."""
    return _join([atom for run in _runs(fold(text)) for atom in run[1]])


def _join(atoms: Sequence[Atom]) -> str:
    key = ""
    for atom in atoms:
        between = " " if key and not atom.han and not _is_han(key[-1]) else ""
        key += between + atom.text
    return key


def _is_han(character: str) -> bool:
    return re.match(f"[{HAN}]", character) is not None


def read_phrase(text: str, lookup: Lookup) -> list[Wish]:
    """Return what ``text`` wishes for, in its order.

    ``lookup`` tells what a key means, None for a stranger. Raises InputError for
    more than 2,000 characters and for weights that are not numbers.
    """
    if len(text) > TEXT_LIMIT:
        raise InputError("words_long", limit=TEXT_LIMIT)
    wishes: list[Wish] = []
    clause = _Clause()
    for name, atoms, told in _runs(fold(text)):
        if name == "atoms":
            for piece in segment(atoms, lookup):
                clause.take(piece)
        elif name == "weight":
            clause.weigh(_read_weight(told))
        elif name == "sign":
            clause.sign(told)
        else:
            wishes += clause.end()
            clause = _Clause()
    return wishes + clause.end()


def _read_weight(told: str) -> float:
    spelled = told.lstrip(": ").replace("−", "-")
    try:
        weight = float(spelled)
    except ValueError:
        weight = math.nan
    if not math.isfinite(weight):
        raise InputError("words_weight", value=spelled)
    return weight


def _runs(folded: str) -> Iterator[tuple[str, list[Atom], str]]:
    """Yield runs of atoms, and what stands between them: weight, sign or break."""
    atoms: list[Atom] = []
    end = -1
    for found in _TOKENS.finditer(folded):
        name, told = str(found.lastgroup), found.group()
        if name == "gap":
            continue
        if name in ("han", "word") or _is_symbol(told):
            joined = found.start() == end
            atoms.append(Atom(told, *found.span(), name == "han", joined))
            end = found.end()
            continue
        if atoms:
            yield "atoms", atoms, ""
            atoms = []
        yield ("break" if name == "mark" else name), [], told
    if atoms:
        yield "atoms", atoms, ""


def _is_symbol(character: str) -> bool:
    """Tell whether it is a picture of something, such as a sun, and no punctuation."""
    return len(character) == 1 and unicodedata.category(character) == "So"


class _Clause:
    """What is between two marks: how much is said before (or after) what is wished."""

    def __init__(self) -> None:
        self.wishes: list[Wish] = []
        self.degree, self.negated, self.carried = 1.0, False, False

    def take(self, piece: Piece) -> None:
        if piece.kind == "degree":
            self.degree *= piece.value
        elif piece.kind == "negation":
            self.negated = True
        elif piece.kind == "join":
            # "without people or boats" wants neither
            self.negated |= self.carried
        elif piece.kind in ("form", "stranger"):
            # "not very bright" is no wish for great darkness
            weight = -min(self.degree, 1.0) if self.negated else self.degree
            self.wishes.append(Wish(piece, weight))
            self.degree, self.negated, self.carried = 1.0, False, self.negated

    def sign(self, told: str) -> None:
        self.negated = told != "+"

    def weigh(self, weight: float) -> None:
        if self.wishes:
            last = self.wishes[-1]
            self.wishes[-1] = replace(last, weight=last.weight * weight)
            self.carried = False

    def end(self) -> list[Wish]:
        """Return the wishes; what was said last belongs to the one before it."""
        if self.wishes and (self.negated or self.degree != 1):
            self.weigh(-1.0 if self.negated else self.degree)
        return self.wishes


# A way: its cost, where it came from and its last piece; told apart by how many
# characters of a Chinese stranger it ends in, 0, 1 or more.
_Way = tuple[float, "tuple[int, int] | None", "Piece | None"]


def segment(atoms: Sequence[Atom], lookup: Lookup) -> list[Piece]:
    """Read atoms as the cheapest row of pieces: few, long and known ones."""
    ways: list[dict[int, _Way]] = [{0: (0.0, None, None)}]
    ways += [{} for _ in atoms]
    for start in range(len(atoms)):
        for inside, (cost, _, _) in list(ways[start].items()):
            for length, more, strange, piece in _choices(atoms, start, inside, lookup):
                end = ways[start + length]
                if cost + more < end.get(strange, (math.inf, None, None))[0]:
                    end[strange] = (cost + more, (start, inside), piece)
    return _merge(_walk_back(ways))


def _choices(
    atoms: Sequence[Atom], start: int, inside: int, lookup: Lookup
) -> Iterator[tuple[int, float, int, Piece]]:
    first = atoms[start]
    for length in range(1, min(LONGEST, len(atoms) - start) + 1):
        part = atoms[start : start + length]
        if length > 1 and part[-1].han and not part[-1].joined:
            break
        piece = _recognise(part, lookup)
        if piece is not None:
            yield length, _cost(piece, part), 0, piece
    inside = inside if first.joined else 0
    cost = _STRANGERS[inside] if first.han else _WORD
    goes_on = first.han and inside > 0
    stranger = Piece(first.text, first.start, first.end, "stranger", goes_on)
    yield 1, cost, min(inside + 1, 2) if first.han else 0, stranger


def _recognise(part: Sequence[Atom], lookup: Lookup) -> Piece | None:
    key = _join(part)
    span = part[0].start, part[-1].end
    kind, amount = grammar().get(key, ("", 0.0))
    if kind in ("negation", "degree"):
        return Piece(key, *span, kind, amount)
    if (value := lookup(key)) is not None:
        return Piece(key, *span, "form", value)
    return Piece(key, *span, kind) if kind else None


def _cost(piece: Piece, part: Sequence[Atom]) -> float:
    alone = len(part) == 1 and part[0].han
    if piece.kind in ("stop", "join", "degree"):
        return _STOP * len(part)
    return _SINGLE if alone else _PIECE


def _walk_back(ways: list[dict[int, _Way]]) -> list[Piece]:
    at = len(ways) - 1
    inside = min(ways[at], key=lambda strange: ways[at][strange][0])
    pieces: list[Piece] = []
    while True:
        _, before, piece = ways[at][inside]
        if before is None or piece is None:
            return pieces[::-1]
        pieces.append(piece)
        at, inside = before


def _merge(pieces: list[Piece]) -> list[Piece]:
    """Put the characters of each Chinese stranger together."""
    merged: list[Piece] = []
    for piece in pieces:
        if piece.kind == "stranger" and piece.value and merged:
            last = merged[-1]
            key = last.key + piece.key
            merged[-1] = replace(last, key=key, end=piece.end)
        else:
            merged.append(piece)
    return merged
