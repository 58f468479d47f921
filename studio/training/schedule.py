"""How far a phase of a run has come, by images or by active time."""

from __future__ import annotations

from studio.training.phase import Phase
from studio.training.settings import TrainSettings

RESERVE_SECONDS = 60.0  # of the minutes, kept for the directions


def progress_of(settings: TrainSettings, phase: Phase, seconds_before: float) -> float:
    """Give a phase's progress: 0 at its beginning, from 1 on it is over.

    `seconds_before` is the active time of earlier phases.
    """
    first = phase.name == "autoencoder"
    if settings.kimg is not None:
        return phase.images / (1000 * settings.kimg * (1 / 3 if first else 1))
    assert settings.minutes is not None
    whole = 60 * settings.minutes
    if first:
        whole *= settings.autoencoder_share
    else:
        whole -= seconds_before + min(RESERVE_SECONDS, 0.1 * whole)
    return phase.seconds / max(whole, 1)
