"""Real servers for tests: Gradio with our routes, on a free port."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from studio.server.serving import LOOPBACK, launch_settings, start
from studio.server.worker import RenderWorker

# Who asks this machine alone need not read the certificates of the world, every time.
NEAR: dict[str, Any] = {"verify": False, "trust_env": False, "timeout": 300}


@dataclass
class Server:
    """A running studio: its address, its worker, and the cookie of who signed in."""

    address: str
    worker: RenderWorker
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        options["headers"] = {**self.headers, **options.get("headers", {})}
        return httpx.request(method, f"{self.address}{path}", **NEAR, **options)

    def socket(self, **headers: str) -> ClientConnection:
        address = self.address.replace("http", "ws", 1) + "studio/live"
        return connect(address, additional_headers={**self.headers, **headers})

    def sign_in(self, user: str, password: str) -> None:
        form = {"username": user, "password": password}
        cookies = httpx.post(f"{self.address}login", data=form, **NEAR).cookies
        crumbs = "; ".join(f"{name}={value}" for name, value in cookies.items())
        self.headers = {"cookie": crumbs}


@contextmanager
def serving(auth: tuple[str, str] | None = None) -> Iterator[Server]:
    """Serve an empty page and our routes until the block ends."""
    import gradio

    with gradio.Blocks(analytics_enabled=False) as page:
        gradio.HTML("")
    worker = RenderWorker()
    settings = launch_settings(LOOPBACK, free_port(), auth, worker)
    try:
        yield Server(start(page, settings), worker)
    finally:
        page.close(verbose=False)
        worker.close()


def recipe_of(server: Server, name: str) -> dict[str, Any]:
    card = server.get(f"studio/models/{name}").json()
    known = {"model": card["name"], "fingerprint": card["fingerprint"]}
    return {"format": 1, **known, "source": {"seed": 7}}


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def send(client: ClientConnection, identity: int, recipe: Any, **more: Any) -> None:
    """Wish for a picture; `kind` and `size` may be given."""
    client.send(json.dumps({"id": identity, "recipe": recipe, "kind": "live", **more}))


@dataclass(frozen=True)
class Answer:
    """What the socket said: a picture, or an error."""

    identity: int | None
    kind: int | None = None
    jpeg: bytes = b""
    error: dict[str, Any] = field(default_factory=dict)


def receive(client: ClientConnection, timeout: float = 30) -> Answer:
    """Return the next answer; TimeoutError where none comes."""
    message = client.recv(timeout=timeout)
    if isinstance(message, bytes):
        identity, kind = struct.unpack_from("<IB", message)
        return Answer(identity, kind, message[5:])
    content = json.loads(message)
    return Answer(content["id"], error=content["error"])


def wait_for_film(server: Server, film: str) -> dict[str, Any]:
    """Ask how far a film is until it is over; give what is told of it then."""
    while True:
        state: dict[str, Any] = server.get(f"studio/films/{film}").json()
        if state["phase"] not in ("waiting", "making"):
            return state
        time.sleep(0.02)
