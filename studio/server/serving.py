"""How the page is put on the network: the port, the settings, the early start."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import socket
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.checkpoint import list_models
from studio.errors import InputError
from studio.paths import checkpoints_folder, runs_folder
from studio.recipe import Recipe, Seed
from studio.server.routes import build_routes, default_model
from studio.server.worker import RenderWorker

if TYPE_CHECKING:
    from gradio import Blocks

    from studio.model import Model

EVERYWHERE, LOOPBACK = "0.0.0.0", "127.0.0.1"


def on_a_space() -> bool:
    """Say whether this runs on a Hugging Face Space, which is public by itself."""
    return bool(os.environ.get("SPACE_ID"))


def check_port(host: str, port: int) -> None:
    """Raise InputError where nothing can listen on ``port``, before anything loads."""
    with socket.socket() as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                raise InputError("port_taken", port=port) from problem
            reason = problem.strerror or "?"
            raise InputError("port_refused", port=port, reason=reason) from problem


def open_early(worker: RenderWorker) -> threading.Thread:
    """Open the default model and render once, beside whatever else is starting."""

    def warm() -> None:
        name = default_model(list_models())
        if name is not None:
            # A model that will not open says so to the page that asks for it.
            with contextlib.suppress(InputError):
                worker.ask(name, _render_once)

    thread = threading.Thread(target=warm, name="open early", daemon=True)
    thread.start()
    return thread


def launch_settings(
    host: str, port: int, auth: tuple[str, str] | None, worker: RenderWorker
) -> dict[str, Any]:
    """Return the arguments of ``Blocks.launch`` that keep the studio private."""
    return {
        "server_name": host,
        "server_port": port,
        "auth": auth,
        "app_kwargs": {
            "routes": build_routes(worker),
            "middleware": [Middleware(CarefulHeaders)],
            "openapi_url": None,
        },
        "max_file_size": "32mb",
        "max_threads": 16,
        "blocked_paths": [
            str(folder.resolve()) for folder in (runs_folder(), checkpoints_folder())
        ],
        "show_error": False,
        "enable_monitoring": False,
        "strict_cors": True,
        "share": False,
        "ssr_mode": False,
        "pwa": False,
        "mcp_server": False,
        "run_history": False,
        "footer_links": [],
        "quiet": True,
    }


def combine(settings: Mapping[str, Any], looks: Mapping[str, Any]) -> dict[str, Any]:
    """Join what the server and what the page want of ``launch``.

    Routes and middleware of both count; of anything else, what the server wants.
    """
    both: dict[str, Any] = {**looks, **settings, "app_kwargs": {}}
    for options in (settings, looks):
        for key, value in options.get("app_kwargs", {}).items():
            known = both["app_kwargs"].get(key)
            joined = [*known, *value] if isinstance(known, list) else known or value
            both["app_kwargs"][key] = joined
    return both


def start(page: Blocks, settings: Mapping[str, Any]) -> str:
    """Launch ``page``, return its address, and leave it serving in the background.

    Raises InputError where the port was taken in the meantime.
    """
    page.queue(max_size=32, default_concurrency_limit=1)
    waiting: Any = getattr(page, "_queue", None)
    if hasattr(waiting, "sleep_when_free"):
        # Gradio looks for work a thousand times a second, 7 % of a core at rest.
        waiting.sleep_when_free = 0.02
    try:
        page.launch(**settings, prevent_thread_lock=True)
    except OSError as problem:
        raise InputError("port_taken", port=settings["server_port"]) from problem
    # 300,000 objects of libraries stay for good: the garbage collector would stop
    # every thread for a quarter of a second to walk them, amid somebody's drag.
    gc.freeze()
    return str(page.local_url)


class CarefulHeaders:
    """Tells browsers not to guess types, tell addresses, or frame a local studio."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
        }
        if not on_a_space():
            # A Space is shown inside a frame of its hub.
            self._headers["Content-Security-Policy"] = "frame-ancestors 'self'"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; add headers to the start of each response."""

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, add if scope["type"] == "http" else send)


def _render_once(model: Model) -> None:
    model.render([Recipe(model.name, model.fingerprint, Seed(0))])
