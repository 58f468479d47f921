"""Prints are enlarged by a process of their own, one at a time for everybody.

A print takes a minute of a core, and torch has one caller in this process: on the
render thread everybody's picture would stand still for so long.
"""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from studio.errors import InputError
from studio.export.prints import find_weights, print_size
from studio.paths import ROOT

WAITING = 4  # prints, the one under way among them
PATIENCE = 900.0  # seconds
LOOK = 1.0  # seconds between two looks whether somebody still waits


class Enlarging:
    """Enlarges, one print after another."""

    def __init__(self) -> None:
        self._door = asyncio.Lock()
        self._inside = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn. Raises InputError where too many wait already."""
        if self._inside >= WAITING:
            raise InputError("busy")
        self._inside += 1
        try:
            async with self._door:
                yield
        finally:
            self._inside -= 1

    async def enlarge(
        self, pixels: np.ndarray, size: tuple[int, int], scale: int
    ) -> np.ndarray:
        """Enlarge uint8 [h, w, 3] to ``scale`` times ``size`` (height, width).

        Ends the process where nobody waits any more. Raises InputError.
        """
        find_weights()
        height, width = print_size(size, scale)
        command = [sys.executable, "-m", "studio.export.prints"]
        process = subprocess.Popen(
            [*command, str(height), str(width)], cwd=ROOT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        try:
            return await run_in_threadpool(_send, process, pixels)
        except BaseException:
            process.kill()
            raise


def _send(process: subprocess.Popen[bytes], pixels: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    np.save(file, pixels)
    try:
        answer, _ = process.communicate(file.getvalue(), PATIENCE)
        made: np.ndarray = np.load(io.BytesIO(answer))
    except (subprocess.TimeoutExpired, OSError, ValueError, EOFError):
        raise InputError("print_failed") from None
    return made


async def while_waited_for(request: Request, work: asyncio.Future[bytes]) -> bytes:
    """Await ``work``, or end it where whoever asked has left."""
    try:
        while True:
            done, _ = await asyncio.wait([work], timeout=LOOK)
            if done:
                return work.result()
            if await request.is_disconnected():
                raise ClientDisconnect
    finally:
        work.cancel()
