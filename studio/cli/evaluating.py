"""The verbs `evaluate` and `card`: what a model can do, measured and told."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.cli.answer import add_verb, answer, text
from studio.cli.discovering import find_run
from studio.cli.works import look_near, write_file
from studio.errors import InputError, ModelError, StudioError
from studio.language import LANGUAGES, person_language
from studio.model_card import list_measures, sentence_of, tell_kinds

if TYPE_CHECKING:
    import numpy as np

    from studio.evaluation.memory import Memory
    from studio.evaluation.report import Evidence
    from studio.model import Model
    from studio.training.dataset import Pictures

FIRST_SEED = 2**31  # of the works that are measured: none that a person would choose
SAMPLES = 512
FEWEST_SAMPLES, MOST_SAMPLES = 16, 10_000
SURE = 50  # works and pictures compared at a time, below which a warning is given
# Shares held out that a run may have had of which the card does not say: one that fits.
SHARES = (0.1, 0.05, 0.15, 0.2, 0.25, 0.3, 0.0)


def register(verbs: Any) -> None:
    """Declare the verbs of this module."""
    card = add_verb(verbs, "card", _card)
    card.add_argument("model", metavar="MODEL|FILE", help=text("cli.argument.carded"))
    card.add_argument("-o", "--output", metavar="FILE", help=text("cli.help.card_file"))
    card.add_argument("--language", metavar="en|zh", help=text("cli.help.language"))
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
    parser.add_argument("--inception", metavar="PATH", help=text("cli.help.inception"))
    parser.add_argument("--labels", metavar="COLUMN", help=text("cli.help.column"))
    for option in ("keep", "remember", "thumbnails"):
        parser.add_argument(
            f"--{option}", action="store_true", help=text(f"cli.help.{option}")
        )


def _card(args: argparse.Namespace) -> None:
    language = args.language or person_language()
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise InputError("card_language", language=language, known=known)
    write = _card_of_work if Path(args.model).is_file() else _card_of_model
    name, told = write(args.model, language)
    value = {"name": name, "language": language, "card": told}
    if args.output is None:
        answer(args, value, [told.rstrip()])
        return
    path = Path(args.output)
    write_file(path, told.encode())
    value["path"] = str(path)
    answer(args, value, [text("cli.render.wrote", path=path)])


def _card_of_model(name: str, language: str) -> tuple[str, str]:
    from studio.checkpoint import fingerprint, locate, model_name, read_card
    from studio.model_card import write_card

    folder = locate(name)
    name = model_name(folder)
    return name, write_card(read_card(folder), name, fingerprint(folder), language)


def _card_of_work(file: str, language: str) -> tuple[str, str]:
    from studio.checkpoint import locate, read_card
    from studio.export.work import read_work
    from studio.export.work_card import write_work_card

    recipe = read_work(Path(file)).recipe
    card = read_card(locate(recipe.model))
    return Path(file).name, write_work_card(recipe, card, look_near(recipe), language)


def _evaluate(args: argparse.Namespace) -> int | None:
    """A model is written at once or not at all: one that is left is as it was."""
    try:
        _measure(args)
    except KeyboardInterrupt:
        print(text("cli.evaluate.stopped", name=args.model), file=sys.stderr)
        return 130
    return None


def _measure(args: argparse.Namespace) -> None:
    if not FEWEST_SAMPLES <= args.samples <= MOST_SAMPLES:
        told = {"fewest": FEWEST_SAMPLES, "most": MOST_SAMPLES}
        raise InputError("evaluate_samples", samples=args.samples, **told)
    if args.thumbnails and not args.remember:
        raise InputError("evaluate_thumbnails")
    from studio.evaluation.report import evaluate
    from studio.model import Model

    folder = Path(args.folder)
    if not folder.is_dir():
        raise InputError("folder_missing", folder=args.folder)
    look = None
    if args.inception:
        from studio.evaluation.inception import measure_inception, open_inception

        look = open_inception(Path(args.inception))
    model = Model.open(args.model)
    if args.keep or args.remember:
        find_run(model.folder or Path(args.model))  # none that still trains
    tell = _Teller(args.json)
    tell("reading")
    evidence, files = gather(model, folder, args.samples, args.labels)
    if args.remember and evidence.learnt is None:
        raise InputError("evaluate_strangers", folder=args.folder, name=model.name)
    found = evaluate(evidence, tell)
    remembered = evidence.memory.files if evidence.memory else files
    _name_nearest(found["copies"], remembered)
    if look:
        tell("inception")
        seen = measure_inception(look, evidence.works, evidence.pictures)
        found["inception"] = seen
    kept = _keep(args, model, found, (evidence, files), tell)
    answer(args, {"name": model.name, **found, **kept}, _lines(found))


def _keep(
    args: argparse.Namespace,
    model: Model,
    found: dict[str, Any],
    seen: tuple[Evidence, Sequence[str]],
    tell: _Teller,
) -> dict[str, bool]:
    """Write what was found into the card, and what is needed to find copies."""
    from studio.checkpoint import amend, fingerprint
    from studio.evaluation.memory import Memory
    from studio.evaluation.nearness import FILE

    kept = {"kept": args.keep, "remembered": args.remember}
    if model.folder is None or not any(kept.values()):
        return kept
    evidence, names = seen
    facts = {"report": as_kept(model, found, len(names))} if args.keep else {}
    files: dict[str, bytes] = {}
    if args.remember:
        tell("remembering")
        learnt = list(evidence.learnt or ())
        memory = Memory.of(
            evidence.pictures[learnt],
            [names[i] for i in learnt],
            thumbnails=args.thumbnails,
            features=evidence.features[learnt],
            mirrored=evidence.mirrored[learnt],
        )
        files[FILE] = memory.pack(str(model.card["data"]["fingerprint"]))
    if fingerprint(model.folder) != model.fingerprint:
        raise InputError("evaluate_changed", name=model.name)
    try:
        amend(model.folder, facts, files)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError("cannot_write", path=model.folder, reason=reason) from None
    return kept


def _name_nearest(copies: dict[str, Any] | None, files: Sequence[str]) -> None:
    """Tell seeds and files of the works that come nearest, in place of numbers."""
    for each in copies["nearest"] if copies else ():
        each["seed"] = FIRST_SEED + each.pop("work")
        each["file"] = files[each.pop("picture")]


def as_kept(model: Model, found: dict[str, Any], pictures: int) -> dict[str, Any]:
    """Give what `evaluate` found as a card keeps it: for which weights, and whose
    pictures; of the works that come nearest the seeds, at full variety, and no files.
    """
    copies = found["copies"] and dict(found["copies"])
    if copies:
        kept = ("seed", "distance", "by")
        copies["nearest"] = [
            {key: each[key] for key in kept} for each in copies["nearest"]
        ]
    marks = {"fingerprint": model.fingerprint, "pictures": pictures}
    return {**marks, **found, "copies": copies}


def gather(
    model: Model, folder: Path, samples: int, column: str | None
) -> tuple[Evidence, list[str]]:
    """Read what a model is judged against, and make its works at full variety.

    The names of the pictures' files come along.

    Raises InputError for a folder with too few usable pictures.
    """
    import numpy as np

    from studio.evaluation.report import FEWEST, Evidence
    from studio.latent.steering import draw

    pictures, own = _read(model, folder)
    if len(pictures.images) < FEWEST:
        told = {"usable": len(pictures.images), "fewest": FEWEST}
        raise InputError("evaluate_few", folder=str(folder), **told)
    whole = np.empty((len(pictures.images), *model.resolution, 3), np.uint8)
    for i in range(len(whole)):
        whole[i] = pictures.images[i]
        pictures.images[i] = whole[i]  # not to be held twice
    labels, marks = _marks(pictures, folder, column)
    w = model.map_seeds(range(FIRST_SEED, FIRST_SEED + samples))
    evidence = Evidence(
        whole,
        draw(model, model.truncated(w, 1.0)),
        pictures.train if own else None,
        pictures.held_out if own else (),
        labels,
        marks,
        None if own else _recall(model),
    )
    return evidence, pictures.files


def _read(model: Model, folder: Path) -> tuple[Pictures, bool]:
    """Read a folder as the model's own run did, and tell whether it is that run's.

    Only what can be parted as it was is: what was held out must not count as learnt.
    """
    from studio.training.dataset import Pictures
    from studio.training.settings import FRAMINGS

    data = model.card["data"]
    framing = data.get("framing")
    pictures = Pictures(
        folder,
        model.resolution,
        SHARES[0],
        _find_left_out(folder, data.get("left_out")),
        framing if framing in FRAMINGS else "centre",
        whole=True,
    )
    if pictures.fingerprint != data.get("fingerprint"):
        return pictures, False
    share = data.get("validation_share")
    for each in (share,) if isinstance(share, (int, float)) else SHARES:
        pictures.part(each)
        if len(pictures.held_out) == data.get("held_out"):
            return pictures, True
    return pictures, False


def _find_left_out(folder: Path, digests: Any) -> list[str]:
    """Give the files that the run did not look at, by what its card says of them."""
    from studio.training.dataset import digest_file, find_pictures

    if not isinstance(digests, list) or not digests:
        return []
    paths = (
        path for path in find_pictures(folder) if digest_file(path)[:16] in digests
    )
    return [path.relative_to(folder).as_posix() for path in paths]


def _recall(model: Model) -> Memory | None:
    """Give what a model remembers of its own pictures, if it does."""
    from studio.evaluation.nearness import recall

    try:
        return recall(model.folder, model.card) if model.folder else None
    except ModelError:
        return None


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
    if found["compared"] < SURE:
        yield text("cli.evaluate.few", compared=found["compared"])
    else:
        yield text("cli.evaluate.compared", compared=found["compared"])
    for name, gauge in found["gauges"].items():
        sentence = text(sentence_of(name, gauge))
        value = f"{100 * gauge['value']:.0f}"
        yield text("cli.evaluate.gauge", name=text(f"gauge.{name}"), value=value) + (
            " " + sentence
        )
    best, blank = found["real_vs_real"], found["mean_image"]
    for kind, key, digits, height in list_measures(found):
        pair, real, flat = (side[kind][key] for side in (found, best, blank))
        scale = {"height": height} if height else {}
        yield text(
            "cli.evaluate.swd_at" if scale else f"cli.evaluate.{key}",
            **scale,
            value=f"{pair['mean']:.{digits}f}",
            spread=f"{pair['deviation']:.{digits}f}",
            real=f"{real['mean']:.{digits}f}",
            blank=f"{flat['mean']:.{digits}f}",
        )
    if told := found.get("inception"):
        sides = {"": told, "real_": told["real_vs_real"]}
        numbers = {
            f"{side}{key}": f"{values[key]:.{digits}f}"
            for side, values in sides.items()
            for key, digits in (("fid", 1), ("kid", 4))
        }
        made, real = told["compared"]
        yield text("cli.evaluate.fid", **numbers, made=made, pictures=real)
    yield from _copy_lines(found["copies"])
    if found["labels"]:
        yield from tell_kinds(found["labels"], person_language())
        if together := found["labels"].get("among_64"):
            told = {key: f"{value:.1f}" for key, value in together.items()}
            yield text("cli.evaluate.labels", **told)


def _copy_lines(copies: dict[str, Any] | None) -> Iterator[str]:
    if copies is None:
        yield text("cli.evaluate.strangers")
        return
    if "remembered" in copies:
        yield text("cli.evaluate.remembered", pictures=copies["remembered"])
    yield text("cli.evaluate.share", share=f"{100 * copies['share']:.1f}")
    yield text("cli.evaluate.close", close=f"{100 * copies['close']:.1f}")
    if copies["ratio"] is not None:
        yield text("cli.evaluate.ratio", ratio=f"{copies['ratio']:.2f}")
    for each in copies["nearest"]:
        key = "copy" if each["copy"] else "near"
        if each["by"] == "colours":
            key = "repainted"
        told = {name: f"{each[name]:.2f}" for name in ("distance", "bound")}
        told |= {"seed": str(each["seed"]), "file": each["file"]}
        yield text(f"cli.evaluate.nearest.{key}", **told)
