"""The verb `exhibit`: works and films become one folder that opens anywhere."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.cli.answer import add_verb, answer, text
from studio.errors import InputError, ModelError, RecipeError
from studio.language import LANGUAGES

if TYPE_CHECKING:
    from studio.export.exhibit import Piece
    from studio.export.saved import SavedWork

TEXTS = (("--title", "TEXT"), ("--artist", "NAME"), ("--statement", "TEXT"))
LICENCE = ("--licence", "TEXT")


def register(verbs: Any) -> None:
    """Declare the verb of this module."""
    parser = add_verb(verbs, "exhibit", _exhibit)
    words = text("cli.argument.hung")
    parser.add_argument("files", metavar="FILE", nargs="+", help=words)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FOLDER",
        required=True,
        help=text("cli.help.exhibit_output"),
    )
    for option, name in (*TEXTS, LICENCE):
        words = text(f"cli.help.exhibit_{option[2:]}")
        parser.add_argument(option, metavar=name, default="", help=words)
    parser.add_argument(
        "--language",
        metavar="LANG",
        default="",
        help=text("cli.help.exhibit_language"),
    )


def _exhibit(args: argparse.Namespace) -> None:
    if args.language not in ("", *LANGUAGES):
        raise InputError("exhibit_language", value=args.language)
    from studio.export.exhibit import PIECES, Exhibit, hang
    from studio.export.hanging import read_file

    if len(args.files) > PIECES:
        raise InputError("exhibit_many", count=len(args.files), limit=PIECES)
    read = [read_file(Path(name)) for name in args.files]
    told = Curator()
    pieces = tuple(told.piece(found) for found, _ in read)
    exhibit = Exhibit(
        pieces,
        title=args.title.strip(),
        artist=args.artist.strip(),
        statement=args.statement.strip(),
        licence=args.licence.strip(),
        language=args.language,
    )
    folder = Path(args.output)
    hang(exhibit, folder, (bring for _, bring in read))
    value = {
        "folder": str(folder),
        "page": str(folder / "index.html"),
        "works": exhibit.files,
        "unexplained": told.unknown,
    }
    for model in told.unknown:
        print(text("cli.exhibit.unexplained", model=model), file=sys.stderr)
    lines = [text("cli.exhibit.done", page=folder / "index.html", count=len(pieces))]
    answer(args, value, lines)


class Curator:
    """Writes the wall texts. What is usual for a model is measured once."""

    def __init__(self) -> None:
        self.unknown: list[str] = []
        self._models: dict[str, tuple[Any, Any]] = {}

    def piece(self, found: Piece | SavedWork) -> Piece:
        """Return a work with its wall text; films are pieces already."""
        from studio.export.exhibit import Piece
        from studio.export.hanging import piece_of

        if isinstance(found, Piece):
            return found
        model = found.recipe.model
        card: Mapping[str, Any] | None = None
        told: Mapping[str, Sequence[str]] | None = None
        if model not in self.unknown:
            try:
                card, told = self._explain(found)
            except (ModelError, RecipeError):
                # Gone, changed or broken: the work hangs, with the file's own words.
                self.unknown.append(model)
        piece = piece_of(found, card, told)
        return replace(piece, size=found.size)

    def _explain(
        self, work: SavedWork
    ) -> tuple[Mapping[str, Any], Mapping[str, Sequence[str]]]:
        from studio.latent.explanation import explain
        from studio.latent.usual import look_at
        from studio.latent.wall_text import tell

        model, usual = self._open(work.recipe.model)
        model.check(work.recipe)
        found = explain(model.card, work.recipe, look_at(model, work.recipe, usual))
        return model.card, {code: tell(found, code) for code in LANGUAGES}

    def _open(self, name: str) -> tuple[Any, Any]:
        if name not in self._models:
            from studio.checkpoint import locate

            # From a file of anybody's: a name that is listed, and never a path.
            locate(name)
            from studio.latent.usual import usual_of
            from studio.model import Model

            model = Model.open(name)
            self._models[name] = (model, usual_of(model))
        return self._models[name]
