"""``python -m studio VERB``: the studio's functions on the command line.

Every module of verbs has ``register(verbs)``, which declares its verbs with
``studio.cli.answer.add_verb``. Exit status: 0 done, 2 the person's mistake with one
sentence on stderr, 1 ours.
"""

from __future__ import annotations

import difflib
import os
import sys
import traceback
from collections.abc import Sequence

from studio.cli import (
    discovering,
    evaluating,
    exhibiting,
    filming,
    inverting,
    runs,
    seeking,
    words,
    works,
)
from studio.cli.answer import text
from studio.cli.parser import Parser, refuse_option
from studio.errors import InputError, StudioError
from studio.language import person_language


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character shows another, and goes on.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        status = _act(sys.argv[1:] if argv is None else list(argv))
        sys.stdout.flush()
        return status
    except StudioError as error:
        print(error.say(person_language()), file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader left, as in `... | head`. Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _apologise(error)


def _act(argv: list[str]) -> int:
    parser = Parser(prog="python -m studio", description=text("cli.description"))
    verbs = parser.add_subparsers(metavar="VERB", dest="verb")
    works.register(verbs)
    seeking.register(verbs)
    words.register(verbs)
    runs.register(verbs)
    discovering.register(verbs)
    evaluating.register(verbs)
    inverting.register(verbs)
    filming.register(verbs)
    exhibiting.register(verbs)
    if argv and not argv[0].startswith("-"):
        _check_verb(argv[0], list(verbs.choices))
    args, unknown = parser.parse_known_args(argv)
    if unknown:
        refuse_option(unknown[0], verbs.choices.get(args.verb, parser))
    if args.verb is None:
        parser.print_help()
        return 0
    return args.act(args) or 0


def _check_verb(verb: str, known: list[str]) -> None:
    if verb not in known:
        near = difflib.get_close_matches(verb[:32], known, 1)
        if near:
            raise InputError("cli_unknown_verb_near", verb=verb, near=near[0])
        raise InputError("cli_unknown_verb", verb=verb)


def _apologise(error: Exception) -> int:
    if os.environ.get("STUDIO_DEBUG"):
        traceback.print_exception(error)
    problem = f"{type(error).__name__}: {error}"
    print(text("error.unexpected", problem=problem.splitlines()[0]), file=sys.stderr)
    return 1
