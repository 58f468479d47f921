"""Blocks of a discriminator that are frozen stay as they are, to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from trainers import all_state, assert_same_state, tiny_run, train_apart

from studio.errors import InputError
from studio.networks.discriminator import Discriminator, DiscriminatorConfig
from studio.training.freezing import freeze_first
from studio.training.run import Run
from studio.training.session import Session
from studio.training.settings import TrainSettings

# Latents of 8x8: a stem and one halving, then the last layers.
SHAPE: dict[str, Any] = {"resolution": (64, 64), "discriminator_widths": (8, 12)}


@pytest.fixture(scope="module")
def base(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A trained model to start from."""
    run = train_apart(tmp_path_factory.mktemp("base"), tiny_folder, "base", **SHAPE)
    return str(run.folder / "checkpoint")


def judge_of(run: Run) -> dict[str, torch.Tensor]:
    start = "generator:judge/"
    found = all_state(run).items()
    return {key[len(start) :]: t for key, t in found if key.startswith(start)}


def first(run: Run) -> dict[str, torch.Tensor]:
    """The discriminator as the run starts."""
    Session(run, steps=1).train()
    return judge_of(run)


@pytest.mark.parametrize(
    ("frozen", "still"),
    [(0, ()), (1, ("stem",)), (2, ("stem", "halvings.0")), (9, ("stem", "halvings"))],
)
def test_frozen_blocks_stay_and_the_others_learn(
    tiny_folder: Path, base: str, frozen: int, still: tuple[str, ...]
) -> None:
    free = tiny_run(tiny_folder, "free", base=base, kimg=0.004, rate=1e-12, **SHAPE)
    before = first(free)
    run = tiny_run(tiny_folder, "some", base=base, frozen=frozen, rate=1e-2, **SHAPE)
    assert Session(run).train() == "done"
    after = judge_of(run)
    assert before.keys() == after.keys()
    for key in before:
        stays = key.startswith(still) if still else False
        if stays:  # the base is in fp16, and so are its frozen weights
            assert torch.equal(after[key], before[key].half().float()), key
        else:
            assert not torch.allclose(after[key], before[key], atol=1e-5), key


def test_a_resumed_run_with_frozen_blocks_equals_one_in_one_go(
    tiny_folder: Path, base: str
) -> None:
    changes = {"base": base, "frozen": 1, **SHAPE}
    whole, parts = (tiny_run(tiny_folder, name, **changes) for name in ("one", "two"))
    assert Session(whole).train() == "done"
    assert Session(parts, steps=5).train() == "interrupted"
    assert Session(parts).train() == "done"
    assert_same_state(whole, parts)


def test_a_frozen_block_cannot_be_switched_on_again() -> None:
    judge = Discriminator(DiscriminatorConfig(4, (4, 4), (8, 12)))
    latents = torch.randn(4, 4, 8, 8)
    keys, said = list(judge.state_dict()), judge(latents)
    freeze_first(judge, 2)
    judge.requires_grad_(True)
    names = [name for name, _ in judge.named_parameters()]
    assert names and not any(name.startswith(("stem", "halv")) for name in names)
    assert sorted(judge.state_dict()) == sorted(keys)
    assert torch.equal(judge(latents), said)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"base": "tiny", "base_parts": "autoencoder"},
        {"base": "tiny", "family": "vae"},
        {"base": "tiny", "latent_weight": 0.0},
    ],
)
def test_what_has_not_learnt_anything_is_not_frozen(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        TrainSettings("f", "n", frozen=1, **changes)
    assert caught.value.code == "train_frozen"
