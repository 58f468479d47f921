"""Sound files for tests: strokes of a string, silence, and what is no sound."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

RATE = 22_050


def write_sound(
    path: Path, seconds: float, beat: float = 0.5, strength: float = 0.6
) -> Path:
    """Write a WAV of a stroke every ``beat`` seconds, each higher than the last."""
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = 220 * 2 ** (np.floor(time / beat) % 5 / 2)
    strokes = strength * np.sin(2 * np.pi * pitch * time) * np.exp(-9 * (time % beat))
    return write_samples(path, strokes)


def write_samples(path: Path, samples: np.ndarray) -> Path:
    """Write samples in -1..1 as a WAV of one channel."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path
