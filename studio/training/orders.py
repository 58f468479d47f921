"""What a trainer is asked to do: by flags in its folder, and by signals."""

from __future__ import annotations

import signal
from types import TracebackType
from typing import Any

from studio.training.run import Run

GO, PAUSE, STOP, LEAVE, BACK, WAIT = range(6)
ENDS = {PAUSE: "paused", STOP: "stopped", LEAVE: "interrupted"}


class Interrupted(Exception):
    """The run ended before its time; `how` is PAUSE, STOP or LEAVE."""

    def __init__(self, how: int) -> None:
        self.how = how


class Orders:
    """Listens for those signals that ask a process to end, while it is entered."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.terminated = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Orders:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._terminate)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, previous in self._before.items():
            signal.signal(number, previous)

    def current(self) -> int:
        """Give what is to be done now: GO, PAUSE, STOP or LEAVE."""
        asked = {None: GO, "pause": PAUSE, "stop": STOP}
        return LEAVE if self.terminated else asked[self.run.requested()]

    def _terminate(self, number: int, _: Any) -> None:
        """Leave at the next occasion; a second signal ends it where it is."""
        self.terminated = True
        ask = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
        signal.signal(number, ask)
