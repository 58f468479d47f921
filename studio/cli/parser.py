"""The parser that every command shares: its own words are the person's language."""

from __future__ import annotations

import argparse
import difflib
import re
from typing import Any, NoReturn

from studio.cli.answer import text
from studio.errors import InputError


class _Help(argparse.HelpFormatter):
    def add_usage(
        self, usage: Any, actions: Any, groups: Any, prefix: str | None = None
    ) -> None:
        prefix = text("cli.usage") if prefix is None else prefix
        super().add_usage(usage, actions, groups, prefix)


class Parser(argparse.ArgumentParser):
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


def refuse_option(option: str, parser: argparse.ArgumentParser) -> NoReturn:
    """Raise InputError about an option that does not exist, with the nearest one."""
    known = [name for name in parser._option_string_actions if name[:2] == "--"]
    near = difflib.get_close_matches(option.split("=")[0][:32], known, 1)
    place = {"option": option, "command": parser.prog}
    if near:
        raise InputError("cli_unknown_option_near", near=near[0], **place)
    raise InputError("cli_unknown_option", **place)
