"""Seconds of training, to tell how fast this machine learns from these pictures.

`python -m studio.training.trial SECONDS` reads settings (JSON) and answers with JSON:
the real phases at their real sizes, on a few of the pictures, in a folder that is gone
after.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from studio.config import from_dict, read_json
from studio.networks.blocks import freeze
from studio.training.autoencoder import AutoencoderPhase, make_autoencoder, standardise
from studio.training.dataset import Pictures, find_pictures
from studio.training.energy import find_meter
from studio.training.generator import GeneratorPhase
from studio.training.phase import Phase
from studio.training.run import Run
from studio.training.second import make_second
from studio.training.session import Session
from studio.training.settings import TrainSettings
from studio.training.snapshot import Album
from studio.training.vae import VaePhase

PICTURES = 12
WARM_STEPS = 1


class Trial(Session):
    """A trainer that only looks how long its steps take."""

    def measure(self, seconds: float, unseen: float) -> dict[str, Any]:
        """Give images a second of both phases, the device and what it draws.

        `unseen` is the share of the second phase without the judges of features.
        """
        settings = self.settings
        self.prepare()
        model = make_autoencoder(settings)
        phase = AutoencoderPhase(settings, self.pictures, model, self.device)
        # what it learns first, and what it learns from patch_start on
        first = mean_pace(phase, settings.patch_start, seconds / 2)
        second = self.start_second(phase)
        start, meter = time.monotonic(), find_meter(self.device.type)
        found: dict[str, Any] = {
            "autoencoder": round(first, 2),
            "generator": round(mean_pace(second, unseen, seconds / 2), 2),
            "device": self.device.type,
        }
        if meter is not None:
            watts = meter.joules() / (time.monotonic() - start)
            found |= {"watts": round(watts, 1), "energy_source": meter.source}
        return found

    def prepare(self) -> None:
        """Read the pictures."""
        self.pictures = Pictures.of(self.settings)
        self.album = Album(self.run, self.settings, self.pictures, self.device)

    def start_second(self, first: AutoencoderPhase) -> GeneratorPhase | VaePhase:
        """Make the second phase on the autoencoder of the first, as it is."""
        standardise(first.average, self.pictures, self.device)
        self.album.autoencoder = freeze(first.average)
        self.album.phase = make_second(self.album, self._material())
        return self.album.phase


def mean_pace(phase: Phase, change: float, seconds: float) -> float:
    """Give the images a second of a phase whose steps change at a share of it."""
    shares = {0.0: change, 1.0: 1 - change}
    parts = [(at, share) for at, share in shares.items() if share > 0]
    return 1 / sum(share / pace(phase, at, seconds / len(parts)) for at, share in parts)


def pace(phase: Phase, progress: float, seconds: float) -> float:
    """Give the images a second of a phase, its first steps not counted."""
    for _ in range(WARM_STEPS):
        phase.step(progress)
    images, start = phase.images, time.monotonic()
    while (passed := time.monotonic() - start) < seconds or phase.images == images:
        phase.step(progress)
    return (phase.images - images) / passed


def try_out(settings: TrainSettings, seconds: float) -> dict[str, Any]:
    """Train for some seconds on a few pictures of the folder, and leave nothing."""
    with tempfile.TemporaryDirectory() as folder:
        few = Path(folder) / "pictures"
        few.mkdir()
        paths = find_pictures(Path(settings.folder), settings.excluded)
        for number, path in enumerate(islice(paths, PICTURES)):
            (few / f"{number}{path.suffix}").symlink_to(path.resolve())
        os.environ["STUDIO_RUNS"] = str(Path(folder) / "runs")
        # a start from a model learns at the same pace, and need not be read
        changed = replace(
            settings, folder=str(few), base="scratch", variants=1, excluded=(),
            validation_share=0.0, frozen=0, labels="",
        )  # fmt: skip
        return Trial(Run.create(changed)).measure(seconds, settings.seen_from)


if __name__ == "__main__":
    given = from_dict(TrainSettings, read_json(sys.stdin.read()))
    answer = try_out(given, float(sys.argv[1]))
    print(json.dumps(answer))
