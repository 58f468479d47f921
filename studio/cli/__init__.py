"""``python -m studio VERB``: the studio's functions on the command line.

Every module of verbs has ``register(verbs)``, which declares its verbs with
``studio.cli.answer.add_verb``. Exit status: 0 done, 2 the person's mistake with one
sentence on stderr, 1 ours.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

from studio.cli import runs, works
from studio.cli.answer import text
from studio.errors import InputError, StudioError
from studio.language import person_language


class _Help(argparse.HelpFormatter):
    def add_usage(
        self, usage: Any, actions: Any, groups: Any, prefix: str | None = None
    ) -> None:
        prefix = text("cli.usage") if prefix is None else prefix
        super().add_usage(usage, actions, groups, prefix)


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        # An abbreviation that works today is another option's name tomorrow.
        fixed = {"allow_abbrev": False, "add_help": False, "formatter_class": _Help}
        super().__init__(**{**options, **fixed})
        self._positionals.title = text("cli.arguments")
        self._optionals.title = text("cli.options")
        self.add_argument("-h", "--help", action="help", help=text("cli.help.help"))

    def error(self, message: str) -> NoReturn:
        # argparse only tells its own English; the common cases get sentences.
        command = self.prog
        if found := re.search(r"arguments are required: (.*)", message):
            raise InputError("cli_missing", names=found[1], command=command)
        if found := re.match(r"argument (\S+): expected one argument", message):
            raise InputError("cli_needs_value", option=found[1], command=command)
        if found := re.match(r"argument (\S+): invalid \w+ value: (.*)", message):
            raise InputError(
                "cli_bad_value",
                option=found[1],
                value=found[2].strip("'\""),
                command=command,
            )
        raise InputError("cli_usage", problem=message, command=command)


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
    parser = _Parser(prog="python -m studio", description=text("cli.description"))
    verbs = parser.add_subparsers(metavar="VERB", dest="verb")
    works.register(verbs)
    runs.register(verbs)
    if argv and not argv[0].startswith("-"):
        _check_verb(argv[0], list(verbs.choices))
    args, unknown = parser.parse_known_args(argv)
    if unknown:
        _refuse_option(unknown[0], verbs.choices.get(args.verb, parser))
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


def _refuse_option(option: str, parser: argparse.ArgumentParser) -> NoReturn:
    known = [name for name in parser._option_string_actions if name[:2] == "--"]
    near = difflib.get_close_matches(option.split("=")[0][:32], known, 1)
    place = {"option": option, "command": parser.prog}
    if near:
        raise InputError("cli_unknown_option_near", near=near[0], **place)
    raise InputError("cli_unknown_option", **place)


def _apologise(error: Exception) -> int:
    if os.environ.get("STUDIO_DEBUG"):
        traceback.print_exception(error)
    problem = f"{type(error).__name__}: {error}"
    print(text("error.unexpected", problem=problem.splitlines()[0]), file=sys.stderr)
    return 1
