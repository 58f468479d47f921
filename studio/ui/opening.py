"""The first bytes of the page: a work, before any script has run.

Gradio sends an empty page and builds it in the browser, which takes a second or
more; also what ``launch(head=...)`` is given arrives only then. This middleware puts
the room, its style and a small picture of the default model into the page itself.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from pathlib import Path

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio import checkpoint
from studio.errors import ModelError
from studio.server.guards import signed_in
from studio.server.routes import default_model

ASSETS = Path(__file__).resolve().parent / "assets"
CHARSET = b'<meta charset="utf-8" />'
PAGE_PATHS = ("", "/")
STYLES = (
    "shell.css",
    "room.css",
    "controls.css",
    "words.css",
    "folds.css",
    "rooms.css",
)
# A transparent pixel where no model has a preview.
NOTHING = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
LARGEST_PREVIEW = 512 * 1024
# Behind a proxy's prefix without its final slash, relative addresses would miss it.
SLASH = (
    '<script>if (!location.pathname.endsWith("/")) history.replaceState(null, "", '
    'location.pathname + "/" + location.search + location.hash);</script>'
)


class Opening:
    """ASGI middleware that writes the room into the page's HTML."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything through, except the page itself."""
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if scope["type"] != "http" or path not in PAGE_PATHS:
            return await self.app(scope, receive, send)
        # The room would hide Gradio's form from who has yet to sign in.
        if not signed_in(HTTPConnection(scope)):
            return await self.app(scope, receive, send)
        await self.app(scope, receive, _Rewriter(send))


class _Rewriter:
    """Holds an HTML answer back until it is whole, then sends it furnished."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.start: Message | None = None
        self.parts: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            self.start = message
        elif message["type"] == "http.response.body" and self.start is not None:
            self.parts.append(message.get("body", b""))
            if not message.get("more_body"):
                await self._finish(self.start)
        else:
            await self.send(message)

    async def _finish(self, start: Message) -> None:
        body = furnish(b"".join(self.parts))
        headers = [(k, v) for k, v in start["headers"] if k != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        await self.send({**start, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def furnish(page: bytes) -> bytes:
    """Return ``page`` with our head and the room before Gradio's own element."""
    # First of all, so that our few modules do not wait behind Gradio's hundred.
    page = page.replace(CHARSET, CHARSET + head().encode(), 1)
    return page.replace(b"<gradio-app", room().encode() + b"<gradio-app", 1)


@lru_cache(maxsize=1)
def head() -> str:
    """Return our style and the links to our modules, relative to the page.

    The style is written out, so that the first paint waits for no second request.
    """
    modules = [path.name for path in ASSETS.glob("*.js") if path.name != "opening.js"]
    preload = '<link rel="modulepreload" href="studio/assets/{}">'
    return "\n".join(
        [
            SLASH,
            f"<style>{''.join(_text(name) for name in STYLES)}</style>",
            *(preload.format(name) for name in sorted(modules)),
            '<script type="module" src="studio/assets/director.js"></script>',
        ]
    )


def room() -> str:
    """Return the room's HTML with the preview and its small script inside."""
    html = _text("room.html").replace("@opening@", _text("opening.js"))
    return html.replace("@preview@", preview())


def preview() -> str:
    """Return the default model's preview as a data address."""
    path = _preview_path()
    if path is None or path.stat().st_size > LARGEST_PREVIEW:
        return NOTHING
    return "data:image/webp;base64," + base64.b64encode(path.read_bytes()).decode()


def _preview_path() -> Path | None:
    name = default_model(checkpoint.list_models())
    try:
        path = checkpoint.locate(name) / checkpoint.PREVIEW if name else None
    except ModelError:  # taken away this very moment: the page opens without it
        return None
    return path if path and path.is_file() else None


@lru_cache(maxsize=8)
def _text(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _is_page(message: Message) -> bool:
    headers = dict(message["headers"])
    return headers.get(b"content-type", b"").startswith(b"text/html")
