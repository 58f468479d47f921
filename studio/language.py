"""Every sentence that a person reads, in each language, behind one function."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "zh")
FOLDER = Path(__file__).resolve().parent / "languages"

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@cache
def table(language: str) -> dict[str, str]:
    """Return all sentences of ``language`` by dotted key; treat it as read-only.

    A language that we do not speak gives the English table.
    """
    code = language if language in LANGUAGES else "en"
    return json.loads((FOLDER / f"{code}.json").read_text(encoding="utf-8"))


def say(key: str, language: str = "en", /, **params: object) -> str:
    """Return the sentence ``key`` in ``language`` with its ``{placeholders}`` filled.

    Never raises: a missing key falls back to English and then to the key itself,
    a missing parameter stays as its placeholder, because a sentence about one
    problem must not become a second problem.
    """
    sentence = table(language).get(key) or table("en").get(key) or key
    return _PLACEHOLDER.sub(
        lambda found: str(params.get(found.group(1), found.group(0))), sentence
    )


def person_language() -> str:
    """Return the language of the person at the terminal: ``"en"`` or ``"zh"``.

    The first that is set of STUDIO_LANGUAGE, LC_ALL, LC_MESSAGES and LANG decides.
    """
    for name in ("STUDIO_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"
