"""What a run has taken so far: images, time, memory, energy."""

from __future__ import annotations

from typing import Any

import psutil
import torch

from studio.training import distributed
from studio.training.energy import find_meter
from studio.training.phase import Phase


class Usage:
    """Counts over all phases and over all processes that a run has had."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.images_before = 0  # in earlier phases
        self.seconds_before = 0.0
        self._cpu_before = 0.0  # of earlier processes
        self._cpu_mark = 0.0  # what this process had used when they were counted
        self._joules_before = 0.0
        self._meter = find_meter(device, distributed.world())

    def carry(self, facts: dict[str, Any]) -> None:
        """Count a phase that is over, from what was saved of it."""
        self.images_before, self.seconds_before = facts["images"], facts["seconds"]

    def start_over(self) -> None:
        """Count from what was saved: this very process goes back to it."""
        self.images_before, self.seconds_before = 0, 0.0
        self._cpu_before, self._cpu_mark = 0.0, _used()
        self._joules_before = 0.0
        self._meter = find_meter(self.device, distributed.world())

    def restore(self, facts: dict[str, Any]) -> None:
        """Go on from what an earlier process saved."""
        self._cpu_before = facts["cpu_seconds"]
        self._joules_before = facts.get("joules", 0.0)

    def facts(self) -> dict[str, Any]:
        """Give what the next process must know."""
        return {"cpu_seconds": self._cpu(), "joules": self._joules()}

    def numbers(self, phase: Phase) -> dict[str, Any]:
        """Give what is told of a run, with a phase as it is now."""
        found: dict[str, Any] = {
            "images_seen": self.images_before + phase.images,
            "minutes_active": round((self.seconds_before + phase.seconds) / 60, 2),
            "cpu_minutes": round(self._cpu() / 60, 2),
            "memory_mb": round(psutil.Process().memory_info().rss / 1e6),
        }
        if self.device == "cuda":
            found["gpu_memory_mb"] = round(torch.cuda.max_memory_allocated() / 1e6)
        if self._meter is not None:
            found["energy_wh"] = round(self._joules() / 3600, 4)
            found["energy_source"] = self._meter.source
        return found

    def _cpu(self) -> float:
        return self._cpu_before + _used() - self._cpu_mark

    def _joules(self) -> float:
        return self._joules_before + (self._meter.joules() if self._meter else 0.0)


def _used() -> float:
    return sum(psutil.Process().cpu_times()[:2])
