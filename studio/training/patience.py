"""When to stop: the pictures that were held out have not come nearer for long."""

from __future__ import annotations

from studio.training.settings import TrainSettings


class Patience:
    """Counts the snapshots since the best one (early stopping, with its patience)."""

    def __init__(self, settings: TrainSettings, held_out: int) -> None:
        """Take settings and how many pictures are held out.

        Without any there is nothing to tell learning from learning by heart, and a run
        goes on to its end.
        """
        self.settings = settings
        self.limit = settings.patience if held_out else 0
        self.waited = 0

    def note(self, better: bool, progress: float) -> None:
        """Count a snapshot that was made at a progress in [0, 1]."""
        counts = progress >= self._start()
        self.waited = 0 if better else self.waited + counts

    def is_over(self) -> bool:
        """Tell whether it has waited long enough."""
        return 0 < self.limit <= self.waited

    def _start(self) -> float:
        """Give the progress from which waiting counts.

        Before a run's second half, in which paint is learnt, no snapshot tells whether
        it will come to anything.
        """
        settings = self.settings
        new = settings.base == "scratch" or settings.base_parts != "all"
        two_halves = settings.latent_weight > 0 and settings.feature_weight > 0
        waits = new and two_halves and settings.family == "gan"
        return settings.feature_start if waits else 0.0
