"""Runs so small that a test can train them to the end within a second or two."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from studio.training.run import Run
from studio.training.session import Session
from studio.training.settings import TrainSettings

TINY: dict[str, Any] = {
    "resolution": (32, 32),
    "minutes": None,
    "kimg": 0.048,  # 4 steps of the autoencoder, 12 of the generator
    "threads": 1,
    "latent_channels": 4,
    "encoder_widths": (8, 8, 8),
    "encoder_blocks": (1, 1, 1),
    "decoder_widths": (8, 8, 8),
    "decoder_blocks": (1, 1, 0),
    "generator_widths": (8,),
    "discriminator_widths": (8,),
    "z_dim": 8,
    "w_dim": 8,
    "autoencoder_batch": 4,
    "crop": 32,
    "batch": 4,
    "variants": 2,
    "sample_kimg": 0.02,
    "snapshot_kimg": 0.02,
    "measure_samples": 16,
    "measure": "patches",
    "feature_weight": 0.0,
    "perceptual_weight": 0.0,
    "directions": 1,
}


def tiny_run(folder: Path, name: str, **changes: Any) -> Run:
    """Make a run on the pictures of a folder; nothing is trained yet."""
    return Run.create(TrainSettings(str(folder), name, **{**TINY, **changes}))


def train_apart(runs: Path, folder: Path, name: str, **changes: Any) -> Run:
    """Train such a run to its end, in a folder of runs of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_RUNS", str(runs))
        run = tiny_run(folder, name, **changes)
        assert Session(run).train() == "done"
    return run


def tiny_options(**changes: Any) -> list[str]:
    """The options of `python -m studio train` that ask for such a run."""
    settings = {**TINY, **changes}
    size = "x".join(map(str, settings.pop("resolution")))
    settings.pop("minutes")
    found = ["--resolution", size, "--kimg", str(settings.pop("kimg"))]
    for key, value in settings.items():
        found += ["--option", f"{key}={json.dumps(value)}"]
    return found


def all_state(run: Run) -> dict[str, torch.Tensor]:
    """Every tensor that a run has saved, by file and name."""
    return {
        f"{file.stem}:{key}": tensor
        for file in sorted((run.folder / "state").glob("*.safetensors"))
        for key, tensor in load_file(file).items()
    }


def assert_same_state(one: Run, other: Run) -> None:
    """Compare what two runs have saved, to the last bit."""
    ours, theirs = all_state(one), all_state(other)
    assert ours.keys() == theirs.keys()
    different = [key for key in ours if not torch.equal(ours[key], theirs[key])]
    assert not different
