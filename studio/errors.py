"""What can go wrong, as a code with parameters that any language can put in words.

``StudioError("seed_range", value="x")`` is the sentence ``error.seed_range`` of
``studio/languages/*.json``. A code travels without the ``error.`` in front; it may
be given with it. Parameters are kept short and printable, so whatever a person
sent in never comes back at them whole.
"""

from __future__ import annotations

import math

from studio.language import say

PARAM_LENGTH = 80


class StudioError(Exception):
    """A problem that a person can understand; ``str`` is one English sentence."""

    exit_status = 2

    def __init__(self, code: str, **params: object) -> None:
        self.code = code.removeprefix("error.")
        self.params = {name: _short(value) for name, value in params.items()}
        super().__init__(self.say("en"))

    def say(self, language: str = "en") -> str:
        """Return the sentence in ``language``."""
        return say(f"error.{self.code}", language, **self.params)

    def as_dict(self) -> dict[str, object]:
        """Return ``{"code", "params", "sentence"}``, safe to send as JSON."""
        return {
            "code": self.code,
            "params": dict(self.params),
            "sentence": self.say("en"),
        }


class InputError(StudioError):
    """The person's mistake: what they typed, sent or chose cannot be used."""


class RecipeError(InputError):
    """A recipe that is malformed, or does not fit the model it names."""


class PictureError(InputError):
    """A picture file that cannot be read or written, or holds no recipe."""


class ModelError(StudioError):
    """A checkpoint that is missing, has changed or is broken."""


class RunError(StudioError):
    """A training run that is missing, taken, or in the wrong state for a request."""


def _short(value: object) -> str | int | float:
    if isinstance(value, bool) or value is None:
        return str(value).lower() if value is not None else "null"
    if isinstance(value, float) and math.isfinite(value):
        return int(value) if value.is_integer() and abs(value) < 1e6 else value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else _describe_integer(value)
    text = value if isinstance(value, str) else _text(value)
    text = text[: 4 * PARAM_LENGTH]
    # Line breaks would make it more than one sentence, and lone surrogates from
    # JSON cannot be sent or printed at all.
    clean = "".join(c if c.isprintable() else " " for c in text).strip()
    return clean if len(clean) <= PARAM_LENGTH else clean[: PARAM_LENGTH - 1] + "…"


def _describe_integer(value: int) -> str:
    # Python refuses to print integers of more than 4,300 digits.
    if value.bit_length() > 256:
        return f"{'-' if value < 0 else ''}2^{value.bit_length() - 1}…"
    text = str(value)
    return text if len(text) <= PARAM_LENGTH else text[: PARAM_LENGTH - 1] + "…"


def _text(value: object) -> str:
    if isinstance(value, (dict, list, tuple, set)):
        # The whole of a long list would be built only to be cut again.
        return "{…}" if isinstance(value, dict) else "[…]"
    if isinstance(value, bytes):
        return repr(value[:PARAM_LENGTH])
    return str(value)
