"""Who may speak to our routes, how much, and how often.

Gradio's ``--auth`` protects Gradio's own routes, not those handed to ``launch``
in ``app_kwargs``, and its cross-origin rules do not reach sockets: so every route
of ours, the socket too, passes :func:`admit` first.
"""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from studio.errors import InputError, ModelError, StudioError

Endpoint = Callable[[Request], Awaitable[Response]]

_STATUS = {
    "not_signed_in": 401,
    "other_origin": 403,
    "training_off": 403,
    "not_found": 404,
    "too_slow": 408,
    "body_too_large": 413,
    "too_fast": 429,
    "internal": 500,
    "busy": 503,
}
_PORTS = {"http": 80, "https": 443}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class AccessError(InputError):
    """A request that this person, or this page, may not make."""


def admit(connection: HTTPConnection) -> None:
    """Let a request or a socket pass, or raise AccessError with the reason."""
    if not from_own_page(connection):
        raise AccessError("other_origin", origin=connection.headers.get("origin", ""))
    if not signed_in(connection):
        raise AccessError("not_signed_in")


def signed_in(connection: HTTPConnection) -> bool:
    """Say whether a login is not needed, or the cookie of a current one is there."""
    app = connection.app
    if getattr(app, "auth_dependency", None) is not None:
        return False
    if app.auth is None:
        return True
    for kind in ("access-token", "access-token-unsecure"):
        token = connection.cookies.get(f"{kind}-{app.cookie_id}")
        if token is not None and token in app.tokens:
            return True
    return False


def is_demo() -> bool:
    """Say whether strangers share this studio: a Space, or STUDIO_MODE=demo.

    STUDIO_MODE=own says that a Space is its owner's alone; one on ZeroGPU cannot train
    all the same, for its card is lent by the minute.
    """
    mode = os.environ.get("STUDIO_MODE")
    own = mode == "own" and not os.environ.get("SPACES_ZERO_GPU")
    return mode == "demo" or (bool(os.environ.get("SPACE_ID")) and not own)


def admit_training() -> None:
    """Let what trains or takes pictures in pass, or raise AccessError with why not."""
    if is_demo():
        raise AccessError("training_off")


def from_own_page(connection: HTTPConnection) -> bool:
    """Say whether the page that asks, if a page asks, was served by this studio.

    A browser names the page's ``Origin`` on every socket, every POST and every
    request across origins; a program or a plain address bar names none.
    """
    headers = connection.headers
    # No page can forge this one, but browsers send it to trustworthy addresses only.
    if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return "origin" not in headers and connection.scope.get("method") == "GET"
    origin = headers.get("origin")
    if origin is None:
        return True
    page, host = _site(origin), headers.get("host", "")
    if not page:
        return False
    own = [host]
    if _may_be_behind_a_proxy(connection, host):
        own.append(headers.get("x-forwarded-host", "").split(",")[0])
    scheme = origin.partition("://")[0]
    return any(page == _site(f"{scheme}://{name.strip()}") for name in own)


def _site(address: str) -> tuple[str, int | None] | None:
    """Return the host and port of ``address``, None where it has no host."""
    try:
        parts = urlsplit(address.lower())
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname and not parts.username else None


def _may_be_behind_a_proxy(connection: HTTPConnection, host: str) -> bool:
    # A page elsewhere could add X-Forwarded-Host to a fetch, except where Gradio's
    # cross-origin rules forbid it (a loopback Host), or the browser vouches for the
    # request; to a socket no page can add a header at all.
    site = _site(f"http://{host}")
    return (
        connection.scope["type"] == "websocket"
        or (site is not None and site[0] in _LOOPBACK)
        or connection.headers.get("sec-fetch-site") == "same-origin"
    )


def status_of(error: StudioError) -> int:
    """Return the HTTP status that fits ``error``."""
    if error.code in _STATUS:
        return _STATUS[error.code]
    return 404 if isinstance(error, ModelError) else 400


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body of ``request``; InputError as soon as it passes ``limit``."""
    told = f"{limit // 2**20} MB" if limit >= 2**20 else f"{limit // 2**10} KB"
    problem = InputError("body_too_large", limit=told)
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared[:20]) > limit:
        raise problem
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise problem
        chunks.append(chunk)
    return b"".join(chunks)


class TokenBucket:
    """Lets ``rate`` things a second pass, and ``burst`` at once after a rest."""

    def __init__(
        self,
        rate: float,
        burst: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._tokens, self._since = burst, clock()

    def take(self) -> bool:
        """Say whether one more may pass now."""
        now = self._clock()
        earned = (now - self._since) * self._rate
        self._tokens = min(self._burst, self._tokens + earned)
        self._since = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
