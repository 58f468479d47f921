"""The family `vae`: latents to z and back, by the same generator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from trainers import TINY, assert_same_state, tiny_run

from studio.checkpoint import read_weights
from studio.model import Model
from studio.networks.discriminator import DiscriminatorConfig
from studio.networks.encoder import Encoder
from studio.training import watch
from studio.training.losses import optimal_likelihood
from studio.training.session import Session
from studio.training.settings import TrainSettings
from studio.training.vae import VaePhase, make_vae

CPU = torch.device("cpu")


def test_likelihood_at_the_best_deviation_has_its_hand_value() -> None:
    made, real = torch.zeros(2, 3, 2, 2), torch.full((2, 3, 2, 2), 0.5)
    expected = 0.5 * 12 * np.log(0.25)
    assert optimal_likelihood(made, real).item() == pytest.approx(expected)
    assert optimal_likelihood(real, real).isfinite()


@pytest.mark.parametrize("size", [(4, 4), (7, 5)])
def test_a_pictures_z_does_not_hang_on_its_neighbours(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    base = ((size[0] + 1) // 2, (size[1] + 1) // 2)
    encoder = Encoder(DiscriminatorConfig(4, base, (8, 8)), z_dim=5)
    latents = torch.randn(4, 4, *size)
    mean, log_variance = encoder(latents)
    assert mean.shape == log_variance.shape == (4, 5)
    torch.testing.assert_close(encoder(latents[:1])[0], mean[:1])


def test_it_learns_to_rebuild_what_it_is_shown() -> None:
    settings = TrainSettings("nowhere", "v", **{**TINY, "z_dim": 8, "rate": 3e-3})
    torch.manual_seed(1)
    latents = torch.randn(4, 4, 4, 4).repeat(8, 1, 1, 1)
    phase = VaePhase(settings, latents, make_vae(settings), CPU)
    before = phase.likes(latents)
    for _ in range(300):
        losses = phase.step(0.1)
    assert phase.likes(latents) > 0.6 * before > before  # likes are below zero
    assert losses["divergence"] > 1, "z must carry the picture"
    drawn = {key for _, of, key in watch.CURVES if of == phase.name}
    assert drawn & losses.keys()


def test_a_vae_run_ends_with_a_model_and_its_encoder(tiny_folder: Path) -> None:
    run = tiny_run(tiny_folder, "soft", family="vae")
    assert Session(run).train() == "done"
    folder = run.folder / "checkpoint"
    model = Model.open(str(folder))
    assert model.card["family"] == "vae"
    pictures = model.render([model.recipe(seed) for seed in range(2)])
    assert pictures.shape == (2, 32, 32, 3)
    assert read_weights(folder, "encoder.safetensors")
    assert not (folder / "discriminator.safetensors").exists()
    snapshots = [row for row in run.metrics() if row["phase"] == "snapshot"]
    assert all(np.isfinite(row["distance"]) for row in snapshots)


def test_a_resumed_vae_run_equals_one_in_one_go(tiny_folder: Path) -> None:
    held = {"family": "vae", "dropout": 0.2, "weight_decay": 0.01}
    held |= {"feature_weight": 1.0, "feature_start": 0.5}  # seen from step 6 on, of 12
    whole = tiny_run(tiny_folder, "soft-whole", **held)
    Session(whole).train()
    parts = tiny_run(tiny_folder, "soft-parts", **held)
    Session(parts, steps=9).train()
    Session(parts).train()
    assert_same_state(parts, whole)
    assert read_weights(whole.folder / "checkpoint", "perception.safetensors")


def test_another_vae_run_starts_from_its_weights(tiny_folder: Path) -> None:
    first = tiny_run(tiny_folder, "first", family="vae")
    Session(first).train()
    second = tiny_run(tiny_folder, "second", family="vae", base="first")
    assert Session(second, steps=1).train() == "interrupted"
