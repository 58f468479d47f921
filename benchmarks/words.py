"""Whether a model's named directions do what they say, on works nobody looked at.

python -m benchmarks.words [MODEL] [FOLDER]

For each property: what +1 changes it by, in standard deviations over 200 random works,
the share that goes the right way, and what else changes. With the labelled FOLDER that
the words were learnt from, also for each word, judged by a recogniser of other
features, made from the half of the pictures that found nothing: in how many works it
appears where it was absent, how many other words come or go, and how far the work goes,
over the distance of two random works.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.harness import DEFAULT_MODEL

if TYPE_CHECKING:
    from studio.evaluation.recognition import Recogniser
    from studio.model import Model

SEEDS = 3 * 2**30  # far from those that found and judged
WORKS = 200


def measure_words(name: str, folder: str | None) -> dict[str, Any]:
    """Judge every named direction of the model `name` again."""
    from studio.latent.measuring import sense_of
    from studio.latent.trial import Effort, Trial
    from studio.model import Model

    model = Model.open(name)
    sense = sense_of(model)
    if sense is None:
        return {"model": name, "words": [], "properties": []}
    began = time.perf_counter()
    judge = _judge(model, Path(folder)) if folder else None
    trial = Trial(model, sense, judge, Effort(tried=2, judged=WORKS), SEEDS)
    found: dict[str, list[dict[str, Any]]] = {"property": [], "word": []}
    for one in model.named:
        if one.kind == "word" and judge is None:
            continue
        verdict = trial.weigh(sense.names.index(one.name), one.sigma * one.rows)
        row = {"name": one.name, "shown_as": one.certainty, **verdict.measured}
        holds = {"holds": verdict.certainty == "known", "leftover": verdict.leftover}
        found[one.kind].append({**row, **holds})
    rows = [row for kind in found.values() for row in kind]
    counts = Counter(row["holds"] for row in rows if row["shown_as"] == "known")
    return {
        "model": name,
        "works": WORKS,
        "properties": found["property"],
        "words": found["word"],
        "known_that_hold": counts[True],
        "known_that_fail": counts[False],
        "seconds": round(time.perf_counter() - began, 1),
    }


def _judge(model: Model, folder: Path) -> Recogniser:
    """Learn the model's words from the half of the pictures that found nothing."""
    from studio.evaluation.features import extract_bands
    from studio.evaluation.recognition import learn_labels
    from studio.latent.discovery import split
    from studio.training.vocabulary import read_vocabulary

    told = model.card["discovery"]
    column = told.get("column") or None
    vocabulary = read_vocabulary(folder, column, model.resolution).learnable()
    _, other = split(len(vocabulary.pictures))
    features = extract_bands(vocabulary.pictures[other])
    return learn_labels(features, vocabulary.marks[other])


if __name__ == "__main__":
    arguments = [*sys.argv[1:], DEFAULT_MODEL][: max(1, len(sys.argv) - 1)]
    model_name, *rest = arguments
    print(json.dumps(measure_words(model_name, rest[0] if rest else None)))
