"""Whether a model's named directions do what they say, on works nobody looked at.

python -m benchmarks.words [MODEL] [FOLDER]

For each property: what +1 changes it by, in standard deviations over 200 random works,
the share that goes the right way, and what else changes. With the labelled FOLDER that
the words were learnt from, also for each word, judged by a recogniser of other
features, made from the half of the pictures that found nothing: in how many works it
appears where it was absent, how many other words come or go, and how far the work goes,
over the distance of two random works. And how many works a phrase of two words takes
until that recogniser sees both, and how many random seeds would.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.harness import DEFAULT_MODEL

if TYPE_CHECKING:
    from studio.evaluation.recognition import Recogniser
    from studio.latent.discovery import Vocabulary
    from studio.latent.trial import Trial
    from studio.model import Model

SEEDS = 3 * 2**30  # far from those that found and judged
WORKS = 200
PHRASES, TRIES = 20, 8  # of two words; after so many tries one is given up
KNOWN = ("known",)  # such words as pairs are made of
RARE = 0.25  # of works that have a word: above this, it is no art to find it
APART = 4096  # seeds from one try to the next; a try looks at some hundreds


def measure_words(name: str, folder: str | None) -> dict[str, Any]:
    """Judge every named direction of the model `name` again."""
    from studio.latent.measuring import sense_of
    from studio.latent.trial import Effort, Trial
    from studio.model import Model

    model = Model.open(name)
    sense = sense_of(model)
    if sense is None:
        return {"model": name, "words": [], "properties": []}
    began = time.process_time()
    known = _learnt(model, Path(folder)) if folder else None
    judge = _judge(known) if known else None
    trial = Trial(model, sense, judge, Effort(tried=2, judged=WORKS), SEEDS)
    found: dict[str, list[dict[str, Any]]] = {"property": [], "word": []}
    for one in model.named:
        if one.kind == "word" and judge is None:
            continue
        verdict = trial.weigh(sense.names.index(one.name), one.sigma * one.rows)
        row = {"name": one.name, "shown_as": one.certainty, **verdict.measured}
        holds = {"holds": verdict.certainty == "known", "leftover": verdict.leftover}
        found[one.kind].append({**row, **holds})
        print(found[one.kind][-1], file=sys.stderr, flush=True)
    rows = [row for kind in found.values() for row in kind]
    counts = Counter(row["holds"] for row in rows if row["shown_as"] == "known")
    return {
        "model": name,
        "works": WORKS,
        "properties": found["property"],
        "words": found["word"],
        "known_that_hold": counts[True],
        "known_that_fail": counts[False],
        "phrases": try_phrases(model, trial, known) if known else None,
        "cpu_seconds": round(time.process_time() - began, 1),
    }


def try_phrases(model: Model, trial: Trial, learnt: Vocabulary) -> dict[str, Any]:
    """Ask for pairs of known words until both are there.

    Pairs that most pictures have, of words that few works of the model have.
    """
    there = dict(zip(trial.words, (trial.fresh.told > 0).T, strict=True))
    marked = dict(zip(learnt.names, learnt.marks.T, strict=True))
    known = [one.name for one in model.named if one.certainty in KNOWN]
    rare = [word for word in known if word in there and there[word].mean() < RARE]
    pairs = sorted(
        combinations(rare, 2), key=lambda pair: -(marked[pair[0]] @ marked[pair[1]])
    )[:PHRASES]
    rows = []
    for pair in pairs:
        hits = _try(model, trial, pair)
        chance = float((there[pair[0]] & there[pair[1]]).mean())
        tries = hits.index(True) + 1 if True in hits else TRIES
        hit = round(sum(hits) / len(hits), 3)
        rows.append({"phrase": " ".join(pair), "tries": tries, "hit": hit})
        rows[-1]["by_chance"] = round(chance, 4)
    mean = float(np.mean([row["tries"] for row in rows])) if rows else None
    return {"tries": mean, "of": len(rows), "rows": rows}


def _try(model: Model, trial: Trial, pair: tuple[str, str]) -> list[bool]:
    """Say a phrase eight times, as if on eight pages; tell which works have both."""
    from studio.latent.starts import choose_start
    from studio.latent.words import direct, listen

    found = listen(" ".join(pair), model.card)
    plain = model.recipe(0)
    works = []
    for i in range(TRIES):
        seed = choose_start(found, plain, SEEDS + APART * (i + 1), model)
        works.append(direct(plain.with_seed(seed.seed), found, model.card))
    told = trial.fresh.read(model.render(works)) > 0
    columns = [trial.words.index(word) for word in pair]
    return [bool(told[row, columns].all()) for row in range(len(told))]


def _learnt(model: Model, folder: Path) -> Vocabulary:
    """Read the pictures and words that a model's directions were learnt from."""
    from studio.training.vocabulary import read_vocabulary

    column = model.card["discovery"].get("column") or None
    return read_vocabulary(folder, column, model.resolution).learnable()


def _judge(vocabulary: Vocabulary) -> Recogniser:
    """Learn words from the half of the pictures that found nothing."""
    from studio.evaluation.features import extract_bands
    from studio.evaluation.recognition import learn_labels
    from studio.latent.discovery import split

    _, other = split(len(vocabulary.pictures))
    features = extract_bands(vocabulary.pictures[other])
    return learn_labels(features, vocabulary.marks[other])


if __name__ == "__main__":
    arguments = [*sys.argv[1:], DEFAULT_MODEL][: max(1, len(sys.argv) - 1)]
    model_name, *rest = arguments
    print(json.dumps(measure_words(model_name, rest[0] if rest else None)))
