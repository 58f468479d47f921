"""The verb `evaluate`: what a model can do, against a folder of pictures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.cli.answer import add_verb, answer, text
from studio.errors import InputError, StudioError

if TYPE_CHECKING:
    import numpy as np

    from studio.evaluation.report import Evidence
    from studio.model import Model
    from studio.training.dataset import Pictures

FIRST_SEED = 2**31  # of the works that are measured: none that a person would choose
SAMPLES = 512
FEWEST_SAMPLES, MOST_SAMPLES = 16, 10_000
# Shares held out that a run may have had: the one that fits the card is its own.
SHARES = (0.1, 0.05, 0.15, 0.2, 0.25, 0.3, 0.0)


def register(verbs: Any) -> None:
    """Declare the verb of this module."""
    parser = add_verb(verbs, "evaluate", _evaluate)
    parser.add_argument("model", metavar="MODEL", help=text("cli.argument.model"))
    parser.add_argument("folder", metavar="FOLDER", help=text("cli.argument.judged"))
    parser.add_argument(
        "--samples",
        type=int,
        default=SAMPLES,
        metavar="N",
        help=text("cli.help.samples"),
    )
    parser.add_argument("--labels", metavar="COLUMN", help=text("cli.help.column"))


def _evaluate(args: argparse.Namespace) -> None:
    if not FEWEST_SAMPLES <= args.samples <= MOST_SAMPLES:
        told = {"fewest": FEWEST_SAMPLES, "most": MOST_SAMPLES}
        raise InputError("evaluate_samples", samples=args.samples, **told)
    from studio.evaluation.report import evaluate
    from studio.model import Model

    folder = Path(args.folder)
    if not folder.is_dir():
        raise InputError("folder_missing", folder=args.folder)
    model = Model.open(args.model)
    tell = _Teller(args.json)
    tell("reading")
    evidence = gather(model, folder, args.samples, args.labels)
    found = evaluate(evidence, tell)
    answer(args, {"name": model.name, **found}, _lines(found))


def gather(model: Model, folder: Path, samples: int, column: str | None) -> Evidence:
    """Read what a model is judged against, and make its works at full variety.

    Raises InputError for a folder with too few usable pictures.
    """
    import numpy as np

    from studio.evaluation.report import FEWEST, Evidence
    from studio.latent.steering import draw

    pictures = _read(model, folder)
    if len(pictures.images) < FEWEST:
        told = {"usable": len(pictures.images), "fewest": FEWEST}
        raise InputError("evaluate_few", folder=str(folder), **told)
    whole = np.stack([pictures.whole(i) for i in range(len(pictures.images))])
    own = pictures.fingerprint == model.card["data"].get("fingerprint")
    labels, marks = _marks(pictures, folder, column)
    w = model.map_seeds(range(FIRST_SEED, FIRST_SEED + samples))
    return Evidence(
        whole,
        draw(model, model.truncated(w, 1.0)),
        pictures.train if own else None,
        pictures.held_out if own else (),
        labels,
        marks,
    )


def _read(model: Model, folder: Path) -> Pictures:
    """Read a folder, parted as the model's own run did if it is that run's."""
    from studio.training.dataset import Pictures

    data = model.card["data"]
    pictures = Pictures(folder, model.resolution, SHARES[0])
    for share in SHARES:
        pictures.part(share)
        if len(pictures.held_out) == data.get("held_out"):
            return pictures
    return pictures


def _marks(
    pictures: Pictures, folder: Path, column: str | None
) -> tuple[tuple[str, ...], np.ndarray | None]:
    """Give the labels of a folder, if any, and which picture has which."""
    from studio.training.vocabulary import choose_labels, mark_labels

    try:
        found = choose_labels(folder, column)
    except StudioError:
        if column:
            raise
        return (), None
    return mark_labels(found, pictures.files) if found.of else ((), None)


class _Teller:
    """Prints a line for each step: to stderr where stdout is one JSON value."""

    def __init__(self, quiet: bool) -> None:
        self.stream = sys.stderr if quiet else sys.stdout

    def __call__(self, what: str) -> None:
        print(text(f"cli.evaluate.{what}"), file=self.stream, flush=True)


def _lines(found: dict[str, Any]) -> Iterator[str]:
    for name, gauge in found["gauges"].items():
        sentence = text(f"cli.evaluate.{name}.{gauge['level']}")
        value = f"{100 * gauge['value']:.0f}"
        yield text("cli.evaluate.gauge", name=text(f"gauge.{name}"), value=value) + (
            " " + sentence
        )
    best, blank = found["real_vs_real"], found["mean_image"]
    for kind, key, digits in (
        ("quality", "kid", 0),
        ("quality", "swd", 0),
        ("quality", "density", 2),
        ("diversity", "coverage", 2),
    ):
        pair, real, flat = (side[kind][key] for side in (found, best, blank))
        yield text(
            f"cli.evaluate.{key}",
            value=f"{pair['mean']:.{digits}f}",
            spread=f"{pair['deviation']:.{digits}f}",
            real=f"{real['mean']:.{digits}f}",
            blank=f"{flat['mean']:.{digits}f}",
        )
    yield from _copy_lines(found["copies"])
    if found["labels"]:
        together = found["labels"]["among_64"]
        told = {key: f"{value:.1f}" for key, value in together.items()}
        yield text("cli.evaluate.labels", **told)


def _copy_lines(copies: dict[str, Any] | None) -> Iterator[str]:
    if copies is None:
        yield text("cli.evaluate.strangers")
        return
    yield text("cli.evaluate.share", share=f"{100 * copies['share']:.1f}")
    if copies["ratio"] is not None:
        yield text("cli.evaluate.ratio", ratio=f"{copies['ratio']:.2f}")
