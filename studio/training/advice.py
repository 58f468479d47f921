"""What to choose for a set of pictures, and what to expect of it; never torch."""

from __future__ import annotations

from statistics import median
from typing import Any

from studio.training.doctor import Diagnosis

# Pictures, below which this is what usually comes of a set.
EXPECTATIONS = (
    (2, "none"),
    (40, "few"),
    (150, "copies"),
    (600, "hand"),
    (2000, "good"),
)
DIALS = {"quick": 12.0, "good": 60.0, "best": 240.0}  # minutes at most
# Thousands of images after which more of them rarely help, from a start of one's own.
ENOUGH_KIMG = {"quick": 40.0, "good": 250.0, "best": 900.0}
LEAST_MINUTES = 2.0
FROM_A_MODEL = 2000  # pictures, below which a trained model is the better start
LARGEST = 224  # pixels: more takes longer than most people's patience on a CPU
STEP = 32


def expectation(pictures: int) -> str:
    """Give the code of what so many pictures usually lead to."""
    for most, code in EXPECTATIONS:
        if pictures < most:
            return code
    return "plenty"


def advise(diagnosis: Diagnosis, excluded: int = 0) -> dict[str, Any]:
    """Give what the page proposes for a set of pictures, each part with its reason."""
    count = max(0, diagnosis.usable - excluded)
    side = proposed_side(diagnosis)
    return {
        "expectation": expectation(count),
        "resolution": [side, side],
        "fine_tune": count < FROM_A_MODEL,
        "dials": forecast(None),
    }


def proposed_side(diagnosis: Diagnosis) -> int:
    """Give the side in pixels that half of the pictures fill without enlarging."""
    shorter = [min(size) for size in diagnosis.sizes.values()] or [LARGEST]
    side = int(min(median(shorter), LARGEST)) // STEP * STEP
    return max(side, 2 * STEP)


def forecast(pace: dict[str, Any] | None, share: float = 0.3) -> dict[str, Any]:
    """Give minutes, and thousands of images where the pace is known, for each dial.

    `share` is the autoencoder's of the minutes. A fast machine is given less time: it
    has seen enough sooner.
    """
    if pace is None:
        return {dial: {"minutes": most, "kimg": None} for dial, most in DIALS.items()}
    a_minute = 60 * pace["generator"] * (1 - share) / 1000  # thousands of images
    found = {}
    for dial, most in DIALS.items():
        needed = ENOUGH_KIMG[dial] / max(a_minute, 1e-6)
        minutes = round(max(LEAST_MINUTES, min(most, needed)))
        found[dial] = {
            "minutes": minutes,
            "kimg": round(minutes * a_minute, 1),
            "limited_by": "enough" if needed < most else "patience",
            "energy_wh": _energy(pace, minutes),
        }
    return found


def _energy(pace: dict[str, Any], minutes: float) -> float | None:
    """Give watt-hours, where the trial could tell what the machine draws."""
    watts = pace.get("watts")
    return None if watts is None else round(watts * minutes / 60, 1)
