"""What a run has taken so far: images, active time, and time of the processor."""

from __future__ import annotations

from typing import Any

import psutil

from studio.training.phase import Phase


class Usage:
    """Counts over all phases and over all processes that a run has had."""

    def __init__(self) -> None:
        self.images_before = 0  # in earlier phases
        self.seconds_before = 0.0
        self._cpu_before = 0.0  # of earlier processes
        self._cpu_mark = 0.0  # what this process had used when they were counted

    def carry(self, facts: dict[str, Any]) -> None:
        """Count a phase that is over, from what was saved of it."""
        self.images_before, self.seconds_before = facts["images"], facts["seconds"]

    def start_over(self) -> None:
        """Count from what was saved: this very process goes back to it."""
        self.images_before, self.seconds_before = 0, 0.0
        self._cpu_before, self._cpu_mark = 0.0, _used()

    def restore(self, facts: dict[str, Any]) -> None:
        """Go on from what an earlier process saved."""
        self._cpu_before = facts["cpu_seconds"]

    def facts(self) -> dict[str, Any]:
        """Give what the next process must know."""
        return {"cpu_seconds": self._cpu()}

    def numbers(self, phase: Phase) -> dict[str, Any]:
        """Give what is told of a run, with a phase as it is now."""
        return {
            "images_seen": self.images_before + phase.images,
            "minutes_active": round((self.seconds_before + phase.seconds) / 60, 2),
            "cpu_minutes": round(self._cpu() / 60, 2),
        }

    def _cpu(self) -> float:
        return self._cpu_before + _used() - self._cpu_mark


def _used() -> float:
    return sum(psutil.Process().cpu_times()[:2])
