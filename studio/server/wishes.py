"""What a page asks of the live socket: one recipe, to be seen now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from studio.errors import InputError, StudioError
from studio.recipe import SIZE_RANGE, Recipe, read_json
from studio.server.frames import KINDS

MESSAGE_LIMIT = 160 * 1024  # a picture of 20 KiB, and others grafted onto it
ID_MAX = 2**32 - 1


@dataclass(frozen=True)
class Wish:
    """One request: ``kind`` is ``live``, ``settled`` or ``tile``.

    ``size`` is the (height, width) of a settled picture.
    """

    identity: int
    kind: str
    recipe: Recipe
    size: tuple[int, int] | None = None


class WishError(InputError):
    """A message that is no wish; ``identity`` is its number where it has one."""

    identity: int | None = None

    @classmethod
    def about(cls, identity: int | None, problem: StudioError) -> WishError:
        """Give ``problem`` the number of the message that had it."""
        error = cls(problem.code, **problem.params)
        error.identity = identity
        return error


def read_wish(text: str | None) -> Wish:
    """Check one message of the socket, None where it was binary.

    A wish is ``{"id", "recipe", "kind", "size"?}`` in at most 160 KiB of JSON, the
    recipe's own ``size`` being left to the files that people save. Raises WishError.
    """
    identity = None
    try:
        message = _read_object(text)
        identity = _read_identity(message.get("id"))
        kind = message.get("kind", "live")
        if not isinstance(kind, str) or kind not in KINDS:
            raise InputError("message_kind", kind=kind)
        size = _read_size(message.get("size"))
        return Wish(identity, kind, Recipe.from_dict(message.get("recipe")), size)
    except StudioError as problem:
        raise WishError.about(identity, problem) from None


def _read_object(text: str | None) -> dict[str, Any]:
    if text is None:
        raise InputError("message_binary")
    # A letter has at least one byte, so most floods are refused without encoding.
    if len(text) > MESSAGE_LIMIT or len(text.encode()) > MESSAGE_LIMIT:
        raise InputError("message_too_large", limit=MESSAGE_LIMIT // 1024)
    message = read_json(text)
    if not isinstance(message, dict):
        raise InputError("message_malformed")
    return message


def _read_identity(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError("message_malformed")
    if not 0 <= value <= ID_MAX:
        raise InputError("message_malformed")
    return value


def _read_size(value: object) -> tuple[int, int] | None:
    if value is None:
        return None
    low, high = SIZE_RANGE
    if (
        isinstance(value, list)
        and len(value) == 2
        and all(type(side) is int and low <= side <= high for side in value)
    ):
        return value[0], value[1]
    raise InputError("message_size", low=low, high=high)
