"""The verb `discover`: find what a model's words are and write them beside it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.cli.answer import add_verb, answer, text
from studio.errors import InputError, RunError

if TYPE_CHECKING:
    from studio.training.run import Run

EVERY = 256  # samples between two lines


def register(verbs: Any) -> None:
    """Declare the verb of this module."""
    parser = add_verb(verbs, "discover", _discover)
    parser.add_argument("model", metavar="MODEL", help=text("cli.argument.model"))
    parser.add_argument("--folder", metavar="FOLDER", help=text("cli.help.folder"))
    parser.add_argument(
        "--labels", metavar="COLUMN", help=text("cli.help.discover_labels")
    )


def _discover(args: argparse.Namespace) -> None:
    if args.labels and not args.folder:
        raise InputError("discover_labels_alone", column=args.labels)
    from studio.checkpoint import locate, model_name

    folder = locate(args.model)
    run = find_run(folder)
    from studio.training.launch import labelled_pictures

    own = labelled_pictures(run) if run else None
    pictures = Path(args.folder) if args.folder else own
    if pictures is not None and not pictures.is_dir():
        raise InputError("folder_missing", folder=args.folder)
    facts = discover_into(folder, pictures, args.labels, quiet=args.json)
    answer(args, {"name": model_name(folder), **facts}, _lines(facts))


def discover_into(
    folder: Path, pictures: Path | None, column: str | None, *, quiet: bool
) -> dict[str, Any]:
    """Find the words of the checkpoint in `folder` and write them; give its facts.

    Lines of progress go to stderr where `quiet`, or else to stdout. Raises StudioError.
    """
    from studio.checkpoint import fingerprint, write_words
    from studio.latent.discovery import discover_words
    from studio.model import Model
    from studio.training.vocabulary import read_vocabulary

    model = Model.open(str(folder))
    known = pictures and read_vocabulary(pictures, column, model.resolution)
    found = discover_words(model, known or None, _Teller(quiet))
    if fingerprint(folder) != model.fingerprint:
        raise InputError("discover_changed", name=model.name)
    try:
        write_words(folder, found.arrays, found.facts)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError("cannot_write", path=folder, reason=reason) from None
    return found.facts


class _Teller:
    """Prints a line now and then: what is done, and of how much."""

    def __init__(self, quiet: bool) -> None:
        self.stream = sys.stderr if quiet else sys.stdout

    def __call__(self, what: str, done: int, of: int) -> None:
        if what == "samples" and done % EVERY:
            return
        known = what in ("learning", "samples", "done")
        key = f"cli.discover.{what}" if known else "cli.discover.name"
        line = text(key, name=what, done=done, of=of)
        print(line, file=self.stream, flush=True)


def find_run(folder: Path) -> Run | None:
    """Give the run whose checkpoint this is. Raises RunError while it trains.

    Its trainer writes the checkpoint anew at any moment: what is found would go.
    """
    from studio.training.run import Run

    folder = folder.absolute()
    run = Run(folder.parent)
    if folder.name != "checkpoint" or not (run.folder / "config.json").is_file():
        return None
    if run.alive():
        raise RunError("run_alive", name=run.name)
    return run


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    for kind in ("property", "word"):
        for certainty in ("known", "uncertain"):
            names = [
                word["name"]
                for word in facts["words"]
                if (word["kind"], word["certainty"]) == (kind, certainty)
            ]
            if names:
                key = f"cli.discover.{kind}.{certainty}"
                yield text(key, count=len(names), names=", ".join(names))
    if dropped := facts["discovery"]["dropped"]:
        told = ", ".join(dropped)
        yield text("cli.discover.dropped", count=len(dropped), names=told)
