"""How much energy a training takes: metered where it can be, else by a stated rate."""

from __future__ import annotations

import os
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

import psutil

# Nothing measures it here: what one busy core is assumed to draw, its share of the
# memory and of the supply included.
WATTS_A_CORE = 8.0
POWERCAP = Path("/sys/class/powercap")
ASK_GPU = ("nvidia-smi", "--query-gpu=power.draw", "--format=csv,noheader,nounits")
GPU_EVERY = 5.0  # seconds; to ask takes a moment
GPU_PATIENCE = 5.0


class Meter(ABC):
    """Counts joules from when it is made; `source` is how it knows."""

    source: str

    @abstractmethod
    def joules(self) -> float:
        """Give what was taken since the meter was made."""


class CpuTime(Meter):
    """No meter at all: time of this process's cores, at the stated rate."""

    source = "cpu_time"

    def __init__(self, processes: int = 1) -> None:
        self.processes, self._start = processes, _cpu_seconds()

    def joules(self) -> float:
        used = _cpu_seconds() - self._start
        return WATTS_A_CORE * used * self.processes


class Rapl(Meter):
    """The processor's own counters, of all its packages: other programs count too.

    Raises OSError where they are not there or may not be read.
    """

    source = "rapl"

    def __init__(self, folder: Path) -> None:
        # a package is intel-rapl:0 (AMD's too), its parts are intel-rapl:0:0 and so on
        self.zones = sorted(folder.glob("intel-rapl:[0-9]*"))
        self.zones = [zone for zone in self.zones if zone.name.count(":") == 1]
        if not self.zones:
            raise FileNotFoundError(str(folder))
        self._last = [_number(zone / "energy_uj") for zone in self.zones]
        self._micro = 0

    def joules(self) -> float:
        for i, zone in enumerate(self.zones):
            now = _number(zone / "energy_uj")
            passed = now - self._last[i]
            if passed < 0:  # it went round
                passed += _number(zone / "max_energy_range_uj")
            self._last[i] = now
            self._micro += passed
        return self._micro / 1e6


class Nvidia(Meter):
    """What the graphics cards say they draw, from time to time; nothing else counts.

    Raises OSError or ValueError where they do not say.
    """

    source = "nvidia_smi"

    def __init__(self, cards: int = 1) -> None:
        self.cards, self._joules = cards, 0.0
        self._last, self._watts = time.monotonic(), self._ask()

    def joules(self) -> float:
        passed = time.monotonic() - self._last
        if passed >= GPU_EVERY:
            before = self._watts
            with suppress(OSError, ValueError):  # one that is silent draws as before
                self._watts = self._ask()
            self._joules += passed * (before + self._watts) / 2
            self._last += passed
            return self._joules
        return self._joules + passed * self._watts

    def _ask(self) -> float:
        command = [*ASK_GPU]
        if chosen := os.environ.get("CUDA_VISIBLE_DEVICES", ""):
            command += ["-i", chosen]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=GPU_PATIENCE
            )
        except subprocess.TimeoutExpired:
            raise TimeoutError(command[0]) from None
        drawn = [float(line) for line in done.stdout.splitlines()[: self.cards]]
        if not drawn:
            raise ValueError(done.stderr)
        return sum(drawn)


def find_meter(device: str, processes: int = 1) -> Meter | None:
    """Give the best meter there is for a device.

    None for a graphics card that does not say what it draws: an estimate without the
    card would be far from true.
    """
    if device == "cuda":
        try:
            return Nvidia(processes)
        except (OSError, ValueError):
            return None
    try:
        return Rapl(POWERCAP)
    except (OSError, ValueError):
        return CpuTime(processes)


def _cpu_seconds() -> float:
    return sum(psutil.Process().cpu_times()[:2])


def _number(path: Path) -> int:
    return int(path.read_text())
