"""Whose turn it is: on each device one run trains, the others wait in line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from filelock import FileLock, Timeout

from studio.training import distributed
from studio.training.orders import GO, WAIT, Interrupted, Orders
from studio.training.run import FRESH, RUNNING, Run, list_runs

EVERY = 0.5  # seconds between two tries
HEARTBEAT = 10.0  # seconds


class Queue:
    """The line before a device, as one run sees it.

    Two runs on one device are each more than twice as slow. The trainer itself holds
    the device by a file lock, which the system releases however the trainer ends; so
    it is the same for a browser and a terminal, and nobody has to tidy up. Of several
    processes of one run the first holds it for all.
    """

    def __init__(self, run: Run, device: str, orders: Orders) -> None:
        self.run, self.device, self.orders = run, device, orders
        self.leader = distributed.rank() == 0
        self.lock = FileLock(run.folder.parent / f".{device}.lock")
        self._joined = 0.0
        self._told: tuple[str | None, float] | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the device, then hold it.

        Raises Interrupted where the run was asked to pause, stop or end meanwhile.
        """
        try:
            self._wait()
            yield
        finally:
            self.lock.release()

    def _wait(self) -> None:
        self._joined = time.time()
        while True:
            order = self._try() if self.leader else GO
            order = int(distributed.agree([order])[0])
            if order == GO:
                return
            if order != WAIT:
                raise Interrupted(order)
            time.sleep(EVERY)

    def _try(self) -> int:
        """Take the device if it is free and nobody came before: GO, WAIT or an order.

        A request counts only while it waits; one who may start heeds it after a step,
        and leaves a model.
        """
        behind, first = self._ahead()
        if first:
            try:
                self.lock.acquire(timeout=0)
                return GO
            except Timeout:
                pass
        self._tell(behind)
        return WAIT if (order := self.orders.current()) == GO else order

    def _ahead(self) -> tuple[str | None, bool]:
        """Give the run that this one waits for, and whether it is the next."""
        holder, before = None, []
        for run in list_runs():
            if run.name == self.run.name:
                continue
            status = run.status()
            if status["phase"] == "queued":
                if self._is_before(status):
                    before.append((status["queued_at"], run.name))
            elif status["phase"] in RUNNING and status.get("device") == self.device:
                holder = run.name
        return (max(before)[1], False) if before else (holder, True)

    def _is_before(self, other: dict[str, Any]) -> bool:
        """Tell whether another that waits came earlier, and may still be waited for."""
        at = other.get("queued_at")
        same = other.get("device") == self.device and not other["stalled"]
        mine = (self._joined, self.run.name)
        return same and type(at) is float and (at, other["name"]) < mine

    def _tell(self, behind: str | None) -> None:
        """Say whom it waits for, and that it is alive."""
        now = time.monotonic()
        if self._told and self._told[0] == behind and now - self._told[1] < HEARTBEAT:
            return
        if self._told is None or (behind and self._told[0] != behind):
            self.run.log(f"waits until {behind or 'another run'} is done")
        self._told = (behind, now)
        line: dict[str, Any] = {
            "behind": behind,
            "queued_at": self._joined,
            "device": self.device,
        }
        self.run.write_status(phase="queued", **FRESH, **line)
