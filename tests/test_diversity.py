"""No two samples shall look more alike than two pictures do."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from studio.training.diversity import Diversity, grey


def maps(count: int, seed: int = 0) -> Tensor:
    return torch.randn(count, 6, 8, 8, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def settled() -> Diversity:
    judge = Diversity(6)
    judge.settle(maps(64))
    return judge


def test_pictures_are_hardly_ever_too_much_alike(settled: Diversity) -> None:
    assert settled(maps(16, seed=1)) < 0.02


def test_one_composition_again_and_again_is(settled: Diversity) -> None:
    same = maps(1, seed=1).expand(9, -1, -1, -1)
    found = settled(same).item()
    assert found == pytest.approx((1 - settled.limit.item()) ** 2, abs=1e-4)


def test_what_was_made_before_is_remembered(settled: Diversity) -> None:
    fresh = settled(maps(16, seed=2)).item()
    settled(maps(16, seed=3))
    assert settled(maps(16, seed=2)).item() > fresh + 0.02


def test_following_it_leads_samples_apart(settled: Diversity) -> None:
    close = (maps(1, seed=4) + 0.5 * maps(8, seed=5)).requires_grad_()
    descent = torch.optim.Adam([close], lr=0.1)
    before = Diversity.forward(settled, close).item()
    for _ in range(20):
        settled.memory.zero_()
        descent.zero_grad()
        settled(close).backward()
        descent.step()
    settled.memory.zero_()
    assert settled(close).item() < 0.5 * before


def test_other_hues_make_no_new_composition() -> None:
    pixels = torch.rand(2, 3, 8, 8)
    turned = pixels.roll(1, dims=1)
    torch.testing.assert_close(grey(pixels), grey(turned))
    assert grey(pixels).shape == (2, 3, 8, 8)


def test_its_memory_is_no_part_of_a_gradient(settled: Diversity) -> None:
    x = maps(4, seed=6).requires_grad_()
    settled(x).backward()
    settled(x.detach().requires_grad_()).backward()  # not through the step before
    assert not settled.memory.requires_grad
