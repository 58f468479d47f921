"""How much of what people say is understood, and how soon.

python -m benchmarks.understanding

The tables are those of `tests/data`. `phrases`: the share of which each thing that is
meant lands on one of its words. `synonyms`: single words that neither the lexicon nor
`elsewhere` has, the shares that land and that land rightly. `strangers`: words without
a place in any picture, the share that is called unknown. Times are the processor's, of
one thread in a fresh process, so that others at work on the machine do not count.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

KNOWN = "romantic sunset:1.5 over the sea, 没有村庄"
STRANGER = "rowboats near helicopters, thing{}"  # never the same word twice
ROUNDS = 200


def measure() -> dict[str, Any]:
    """Measure times first, before anything is loaded, then the tables."""
    started = time.process_time()
    from studio.latent.words import understand

    # an installed package may be called `tests` too
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    from phrasebook import (
        LANDSCAPES,
        VOCABULARIES,
        lands,
        meant,
        read,
        taken_for_known,
    )

    imported = time.process_time()
    number = count()

    def known() -> None:
        understand(KNOWN, LANDSCAPES)

    def strange() -> None:
        understand(STRANGER.format(next(number)), LANDSCAPES)

    times = {
        "import_ms": _since(started, imported),
        "first_ms": _time(known),
        "first_stranger_ms": _time(strange),
        "warm_ms": median(_time(known) for _ in range(ROUNDS)),
        "warm_stranger_ms": median(_time(strange) for _ in range(ROUNDS)),
    }
    phrases, strangers = read("phrases"), read("strangers")
    synonyms = read("synonyms")
    landed_synonyms = [
        bool(understand(row["word"], LANDSCAPES).understood) for row in synonyms
    ]
    landed = [lands(row) for row in phrases]
    unknown = {
        name: 1 - sum(taken_for_known(s, name) for s in strangers) / len(strangers)
        for name in VOCABULARIES
    }
    return {
        **times,
        "phrases": {"count": len(phrases), "landed": sum(landed) / len(landed)},
        "synonyms": {
            "count": len(synonyms),
            "landed": sum(landed_synonyms) / len(synonyms),
            "right": sum(map(meant, synonyms)) / len(synonyms),
        },
        "strangers": {"count": len(strangers), "unknown": unknown},
    }


def _since(start: float, end: float) -> float:
    return round(1000 * (end - start), 2)


def _time(act: Callable[[], None]) -> float:
    start = time.process_time()
    act()
    return _since(start, time.process_time())


if __name__ == "__main__":
    print(json.dumps(measure()))
