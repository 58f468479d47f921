"""The phases of a run by themselves: what one step does, and many."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from trainers import TINY

from studio.model import to_pixels
from studio.training.autoencoder import AutoencoderPhase, make_autoencoder
from studio.training.dataset import Pictures
from studio.training.generator import GeneratorPhase, make_networks
from studio.training.losses import reconstruction
from studio.training.phase import (
    PHASES,
    Randomness,
    falling_rate,
    is_sheet_due,
)
from studio.training.settings import TrainSettings

CPU = torch.device("cpu")


def test_chance_is_a_function_of_seed_phase_and_step_alone() -> None:
    def draw(seed: int, phase: str, step: int) -> list[float]:
        chance = Randomness(seed, phase, step)
        return [*chance.numpy.random(2), *chance.normal(2).tolist()]

    places = list(itertools.product((0, 1), PHASES, (0, 1)))
    assert [draw(*place) for place in places] == [draw(*place) for place in places]
    assert len({tuple(draw(*place)) for place in places}) == len(places)


def test_training_makes_the_autoencoder_rebuild_better(tiny_folder: Path) -> None:
    settings = TrainSettings("nowhere", "rebuild", **TINY, autoencoder_rate=4e-3)
    pictures = Pictures(tiny_folder, (32, 32), 0)
    phase = AutoencoderPhase(settings, pictures, make_autoencoder(settings), CPU)
    real = to_pixels([pictures.whole(i) for i in range(12)], CPU)

    def miss() -> float:
        with torch.no_grad():
            mean, _ = phase.average.posterior(real)
            return reconstruction(phase.average.decoder(mean), real).item()

    before = miss()
    for _ in range(100):
        phase.step(0.1)
    assert miss() < 0.75 * before
    assert phase.steps == 100 and phase.images == 400


def test_the_patch_judge_joins_only_when_it_is_time(tiny_folder: Path) -> None:
    settings = TrainSettings("nowhere", "late", **TINY)
    pictures = Pictures(tiny_folder, (32, 32), 0)
    phase = AutoencoderPhase(settings, pictures, make_autoencoder(settings), CPU)
    before = [p.detach().clone() for p in phase.judge.parameters()]
    assert "judge" not in phase.step(0.59)
    assert all(map(torch.equal, before, phase.judge.parameters()))
    assert "judge" in phase.step(0.6)
    assert not all(map(torch.equal, before, phase.judge.parameters()))


def _generator_phase(**changes: Any) -> GeneratorPhase:
    settings = TrainSettings("nowhere", "phase", **{**TINY, **changes})
    torch.manual_seed(0)
    latents = torch.randn(20, 4, 4, 4)
    return GeneratorPhase(settings, latents, make_networks(settings), CPU)


def _weights(module: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def test_weight_decay_pulls_the_judge_towards_zero() -> None:
    phases = [_generator_phase(weight_decay=decay) for decay in (0.0, 50.0)]
    for phase in phases:
        for _ in range(5):
            phase.step(0.0)
    free, held = (_weights(phase.judge).norm() for phase in phases)
    assert held < 0.98 * free


def test_dropout_silences_its_share_the_same_way_each_time() -> None:
    loud = [Randomness(1, "generator", 2).loud(0.25, 64, 50) for _ in range(2)]
    assert loud[0] is not None and loud[1] is not None
    assert torch.equal(loud[0], loud[1])
    assert (loud[0] == 0).float().mean().item() == pytest.approx(0.25, abs=0.03)
    assert loud[0].mean().item() == pytest.approx(1.0, abs=0.05)
    assert Randomness(1, "generator", 2).loud(0.0, 64, 50) is None


def test_a_judge_that_drops_learns_otherwise_and_repeatably() -> None:
    def taught(**changes: Any) -> Tensor:
        phase = _generator_phase(**changes)
        phase.step(0.0)
        return _weights(phase.judge)

    assert torch.equal(taught(dropout=0.3), taught(dropout=0.3))
    assert not torch.equal(taught(dropout=0.3), taught())


def test_a_generator_step_teaches_both_players_and_the_average_follows() -> None:
    phase = _generator_phase()
    model, judge = _weights(phase.model), _weights(phase.judge)
    losses = phase.step(0.0)
    assert set(losses) >= {"judge", "generator", "penalty"}
    assert phase.is_sound(losses)
    assert not torch.equal(_weights(phase.model), model)
    assert not torch.equal(_weights(phase.judge), judge)
    moved = (_weights(phase.average) - model).norm()
    assert 0 < moved <= (_weights(phase.model) - model).norm() * 1.01
    assert torch.equal(phase.average.w_mean, phase.model.w_mean)
    assert phase.model.w_mean.any()


def test_the_penalty_is_lazy() -> None:
    phase = _generator_phase(penalty_every=3)
    assert ["penalty" in phase.step(0) for _ in range(6)] == [True, False, False] * 2


def test_at_the_end_rates_have_fallen() -> None:
    rates = [falling_rate(progress, 0.35) for progress in (0, 0.5, 0.65, 0.825, 1)]
    assert rates == pytest.approx([1, 1, 1, 0.5, 0.05])
    assert falling_rate(0.9, 0) == 1
    phase = _generator_phase()
    phase.step(1.0)
    rest, mapping = phase.optimiser.param_groups
    assert rest["lr"] == pytest.approx(phase.settings.rate * 0.05)
    assert mapping["lr"] == pytest.approx(phase.settings.rate * 0.1 * 0.05)


def test_the_generator_nears_the_latents_it_is_shown() -> None:
    phase = _generator_phase(rate=2e-3, layout=False)  # of other latents
    phase.latents = 0.3 * phase.latents + 2.0
    with torch.no_grad():
        before = (phase.model(torch.randn(64, 8)).mean() - 2).abs().item()
    for _ in range(90):
        phase.step(0.0)
    with torch.no_grad():
        after = (phase.model(torch.randn(64, 8)).mean() - 2).abs().item()
    assert after < 0.5 * before


def test_a_sheet_is_due_soon_and_then_regularly() -> None:
    due = [n for n in range(300, 13000, 300) if is_sheet_due(4, n, 300)]
    assert due == [1200, 4200, 8100, 12000]
