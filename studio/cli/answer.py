"""What every verb shares: how it is declared and how it answers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from typing import Any

from studio.language import person_language, say

Act = Callable[[argparse.Namespace], "int | None"]


def add_verb(verbs: Any, name: str, act: Act) -> argparse.ArgumentParser:
    """Declare the verb ``name``, done by ``act``, with ``--json``; return its parser.

    ``verbs`` is what ``register`` of each module of verbs is given. The help is the
    sentence ``cli.help.NAME``. ``act`` takes the parsed arguments, answers through
    ``answer`` and returns an exit status (None: 0); problems are StudioErrors.
    """
    words = text(f"cli.help.{name}")
    parser = verbs.add_parser(name, help=words, description=words)
    parser.add_argument("--json", action="store_true", help=text("cli.help.json"))
    parser.set_defaults(act=act)
    return parser


def answer(args: argparse.Namespace, value: object, lines: Iterable[str]) -> None:
    """Print ``value`` as JSON under ``--json``, otherwise ``lines`` for a person."""
    if args.json:
        # ASCII, because a pipe may have any encoding and JSON must survive it.
        print(json.dumps(value, allow_nan=False))
        return
    for line in lines:
        print(line)


def text(key: str, /, **params: object) -> str:
    """Return the sentence ``key`` in the language of the person at the terminal."""
    return say(key, person_language(), **params)
