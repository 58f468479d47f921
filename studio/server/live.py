"""The live socket: recipes in, JPEG frames out, the newest wish first.

A tab sends ``{"id", "recipe", "kind": "live"|"settled"|"tile", "size"?}`` as text. It
gets a binary frame (the id in four bytes, little-endian; one byte of kind, 0 live, 1
settled or 2 tile; a JPEG) or the text ``{"id", "error": {"code", "params",
"sentence"}}``, id null where the message had none. A live or settled wish that a newer
one replaced gets no answer; tiles wait in line, and each of them is answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable

from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from studio.errors import InputError, StudioError
from studio.server.guards import TokenBucket, admit, signed_in, status_of
from studio.server.wishes import read_wish
from studio.server.worker import Answer, RenderWorker, Seat, complaint

RATE = 120
BURST = 240
# Close codes of RFC 6455 (try again later) and of its private range.
FULL, SIGNED_OUT = 1013, 4401
# Complaints that a person who does not read may have waiting.
COMPLAINTS = 64


async def serve_socket(websocket: WebSocket, worker: RenderWorker) -> None:
    """Serve one tab until it leaves."""
    try:
        admit(websocket)
    except StudioError as problem:
        await _deny(websocket, problem)
        return
    await websocket.accept()
    outbox: asyncio.Queue[tuple[Answer, bool]] = asyncio.Queue()
    try:
        seat = worker.sit(_delivery(outbox))
    except InputError as problem:
        await websocket.send_json(complaint(None, problem))
        await websocket.close(FULL)
        return
    sender = asyncio.create_task(_send(websocket, outbox, worker, seat))
    try:
        await _read(websocket, outbox, worker, seat)
    finally:
        worker.leave(seat)
        sender.cancel()


async def _deny(websocket: WebSocket, problem: StudioError) -> None:
    """Refuse a socket before it is one: an HTTP answer that says why."""
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        body = JSONResponse({"error": problem.as_dict()}, status_of(problem))
        await websocket.send_denial_response(body)
    else:
        await websocket.close()  # an empty 403


def _delivery(outbox: asyncio.Queue) -> Callable[[Answer], None]:
    loop = asyncio.get_running_loop()

    def deliver(answer: Answer) -> None:
        # The loop is closed when the server stops while a picture is being made.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(outbox.put_nowait, (answer, True))

    return deliver


async def _send(
    websocket: WebSocket, outbox: asyncio.Queue, worker: RenderWorker, seat: Seat
) -> None:
    while True:
        answer, rendered = await outbox.get()
        try:
            if isinstance(answer, bytes):
                await websocket.send_bytes(answer)
            else:
                await websocket.send_text(json.dumps(answer, ensure_ascii=False))
        except (WebSocketDisconnect, RuntimeError):
            return
        if rendered:
            worker.sent(seat)


async def _read(
    websocket: WebSocket, outbox: asyncio.Queue, worker: RenderWorker, seat: Seat
) -> None:
    pace = Pace()
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if not signed_in(websocket):
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await websocket.close(SIGNED_OUT)
            return
        try:
            if await pace.allow():
                worker.wish(seat, read_wish(message.get("text")))
        except Exception as problem:
            # Whatever a message does, the socket stays.
            if outbox.qsize() < COMPLAINTS:
                identity = getattr(problem, "identity", None)
                outbox.put_nowait((complaint(identity, problem), False))


class Pace:
    """How fast one socket may ask: 120 messages a second, 240 at once."""

    def __init__(self) -> None:
        self._bucket = TokenBucket(RATE, BURST)
        self._told = -1.0
        self._dropped = 0

    async def allow(self) -> bool:
        """Say whether a message counts; InputError once a second where it does not."""
        if self._bucket.take():
            return True
        self._dropped += 1
        if self._dropped % BURST == 0:
            # Reading stops for a moment, so a flood fills its own pipe, not our time.
            await asyncio.sleep(0.05)
        if time.monotonic() - self._told < 1:
            return False
        self._told = time.monotonic()
        raise InputError("too_fast", limit=RATE)
