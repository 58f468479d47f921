"""Eight tabs of one browser and eight other socket clients at once.

    python -m benchmarks.crowd [MODEL]

Everybody drags a slider for ten seconds. A tab counts the different pictures drawn on
its canvas; a socket client counts the frames it is sent, asking for more as soon as it
has one, as the page does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from benchmarks.harness import (
    Server,
    ask,
    chromium,
    model_folder,
    report,
    room_with,
    serving,
    visiting,
)
from benchmarks.pages import STUDIO, studio_command

TABS = 8
SOCKETS = 8
SECONDS = 10.0
# As many as the page leaves open; an answer also answers all requests before it.
UNANSWERED = 2


def request(number: int, recipe: dict[str, Any], direction: str) -> str:
    """One message of a hand that swings to and fro along one direction."""
    amounts = {direction: round(2 * math.sin(number / 20), 3)}
    moved = {**recipe, "directions": amounts}
    return json.dumps({"id": number, "recipe": moved, "kind": "live"})


async def one_client(url: str, recipe: dict[str, Any], direction: str) -> float:
    """Frames a second that one socket client was sent."""
    from websockets.asyncio.client import connect

    frames = asked = answered = 0
    async with connect(url, max_size=2**24) as wire:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            while asked < answered + UNANSWERED:
                asked += 1
                await wire.send(request(asked, recipe, direction))
            answer = await wire.recv()
            if isinstance(answer, str):
                raise RuntimeError(f"the socket refused: {answer}")
            answered = int.from_bytes(answer[:4], "little")
            frames += 1
    return frames / SECONDS


class Sockets(threading.Thread):
    """The socket clients, in a loop of their own beside the browser's."""

    def __init__(self, server: Server, card: dict[str, Any]) -> None:
        super().__init__()
        self.url = f"ws://127.0.0.1:{server.port}/studio/live"
        self.card = card
        self.rates: list[float] = []

    async def all_at_once(self) -> list[float]:
        direction = self.card["directions"][0]["name"]
        clients = (
            one_client(self.url, self.recipe(seed), direction)
            for seed in range(SOCKETS)
        )
        return list(await asyncio.gather(*clients))

    def recipe(self, seed: int) -> dict[str, Any]:
        named = {"model": self.card["name"], "fingerprint": self.card["fingerprint"]}
        return {"format": 1, **named, "source": {"seed": seed}}

    def run(self) -> None:
        self.rates = asyncio.run(self.all_at_once())


def start_dragging(tab: Any) -> None:
    """Set the tab dragging and leave it at that; `dragged` has the answer later."""
    tab.evaluate(
        "(values) => { window.dragged = probe.drag(...values); }",
        [STUDIO.range, STUDIO.picture, STUDIO.low, STUDIO.high, SECONDS, True],
    )


def everybody(context: Any, server: Server, card: dict[str, Any]) -> dict[str, Any]:
    """Frames a second of every tab and every socket client over the same seconds."""
    sockets = Sockets(server, card)
    with contextlib.ExitStack() as open_tabs:
        tabs = [
            open_tabs.enter_context(visiting(context, server, STUDIO))
            for _ in range(TABS)
        ]
        for tab in tabs:
            ask(tab, "opening", STUDIO.picture)
        sockets.start()
        for tab in tabs:
            start_dragging(tab)
        drawn = [tab.evaluate("() => window.dragged")["fps"] for tab in tabs]
        sockets.join()
    return {"tabs": drawn, "sockets": sockets.rates}


def card_of(server: Server, folder: Path) -> dict[str, Any]:
    """What the studio says about its model."""
    address = f"{server.url}studio/models/{folder.name}"
    with urllib.request.urlopen(address, timeout=60) as answer:
        return dict(json.load(answer))


def measure(name: str) -> dict[str, Any]:
    """Frames a second of each, and the fastest over the slowest of all."""
    folder = model_folder(name)
    with (
        room_with(folder) as room,
        chromium() as context,
        serving(studio_command(), room) as server,
    ):
        rates = everybody(context, server, card_of(server, folder))
        memory = server.rss_mb()
    both = [*rates["tabs"], *rates["sockets"]]
    return {
        "tabs_fps": [round(rate, 1) for rate in rates["tabs"]],
        "sockets_fps": [round(rate, 1) for rate in rates["sockets"]],
        "slowest_fps": round(min(both), 1),
        "fastest_fps": round(max(both), 1),
        "fastest_over_slowest": round(max(both) / min(both), 2),
        "rss_mb": round(memory),
    }


if __name__ == "__main__":
    report(measure, "Eight tabs and eight socket clients at once.")
