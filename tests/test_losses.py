"""The losses, against values worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from studio.evaluation.metrics import perceptual
from studio.training.losses import (
    difference_penalty,
    divergence,
    grid,
    reconstruction,
    relativistic,
)


def test_relativistic_loss_has_its_hand_values() -> None:
    winner, loser = torch.tensor([0.0, 2.0]), torch.tensor([0.0, -1.0])
    expected = (math.log(2) + math.log(1 + math.exp(-3))) / 2
    assert relativistic(winner, loser).item() == pytest.approx(expected, rel=1e-6)


def test_relativistic_loss_sees_only_the_difference_of_a_pair() -> None:
    winner, loser = torch.randn(8), torch.randn(8)
    shifted = relativistic(winner + 5, loser + 5)
    torch.testing.assert_close(shifted, relativistic(winner, loser))
    assert relativistic(loser + 9, loser) < relativistic(loser, loser + 9)


def test_relativistic_loss_does_not_overflow() -> None:
    far = torch.tensor([1e6])
    assert relativistic(-far, far).item() == pytest.approx(2e6)
    assert relativistic(far, -far).item() == 0


def test_penalty_of_a_linear_judge_is_its_squared_slope_along_the_noise() -> None:
    torch.manual_seed(0)
    slope, noise = torch.randn(5), torch.randn(6, 5)
    penalty = difference_penalty(lambda x: x @ slope, torch.randn(6, 5), noise, 0.5)
    torch.testing.assert_close(penalty, (noise @ slope).square().mean())


def test_expected_penalty_of_a_linear_judge_is_its_squared_gradient() -> None:
    torch.manual_seed(0)
    slope = torch.randn(5)
    x, noise = torch.zeros(40_000, 5), torch.randn(40_000, 5)
    penalty = difference_penalty(lambda x: x @ slope, x, noise, 0.5)
    assert penalty.item() == pytest.approx(slope.square().sum().item(), rel=0.03)


def test_expected_penalty_of_a_quadratic_judge_nears_its_squared_gradient() -> None:
    torch.manual_seed(0)

    def judge(x: Tensor) -> Tensor:
        return 0.5 * x.square().sum(dim=1)  # its gradient at x is x

    x, noise = torch.randn(1, 4).repeat(60_000, 1), torch.randn(60_000, 4)
    penalty = difference_penalty(judge, x, noise, 0.02)
    assert penalty.item() == pytest.approx(x[0].square().sum().item(), rel=0.03)


def test_penalty_pushes_the_judge_to_be_flat() -> None:
    slope = torch.randn(5, requires_grad=True)
    x, noise = torch.randn(64, 5), torch.randn(64, 5)
    difference_penalty(lambda x: x @ slope, x, noise, 0.1).backward()
    assert slope.grad is not None and (slope.grad @ slope).item() > 0


def test_divergence_is_zero_at_the_standard_normal_alone() -> None:
    zero = torch.zeros(2, 3)
    assert divergence(zero, zero).item() == 0
    assert divergence(zero + 2, zero).item() == pytest.approx(2)
    wide = divergence(zero, zero + math.log(4)).item()
    assert wide == pytest.approx(0.5 * (4 - 1 - math.log(4)))


def test_reconstruction_is_zero_for_equal_pictures() -> None:
    picture = torch.rand(2, 3, 16, 16)
    assert reconstruction(picture, picture).item() == 0


def test_reconstruction_adds_half_of_each_coarser_scale() -> None:
    flat = torch.zeros(1, 3, 8, 8)
    assert reconstruction(flat + 1, flat).item() == pytest.approx(1 + 0.5 + 0.5)
    # A pattern of single pixels is grey at every coarser scale.
    board = torch.ones(8, 8)
    board[::2, ::2] = board[1::2, 1::2] = -1
    assert reconstruction(flat + board, flat).item() == pytest.approx(1)


def test_what_is_seen_differs_by_direction_not_by_strength() -> None:
    maps = [torch.rand(2, 5, 4, 4) + 0.1, torch.rand(2, 7, 2, 2) + 0.1]
    assert perceptual([3 * x for x in maps], maps).item() == pytest.approx(0, abs=1e-6)
    assert perceptual([-x for x in maps], maps).item() == pytest.approx(4, abs=1e-4)
    assert 0 < perceptual([x.flip(1) for x in maps], maps) < 2


def test_the_same_mark_in_every_cell_shows_and_a_picture_has_none() -> None:
    chance = torch.Generator().manual_seed(0)
    pixels = torch.randn(8, 3, 64, 48, generator=chance)
    mark = torch.randn(1, 3, 8, 8, generator=chance).tile(1, 1, 8, 6)
    found = [grid(pixels + amount * mark, 8).item() for amount in (0, 0.5, 1, 2)]
    assert found == sorted(found) and found[0] < 0.04 and found[-1] > 0.5
    assert grid(pixels + 2 * mark.roll(3, dims=2), 8).item() > 0.5


def test_detail_in_only_a_part_of_each_cell_shows_too() -> None:
    chance = torch.Generator().manual_seed(0)
    pixels = torch.randn(8, 3, 64, 64, generator=chance)
    rough = torch.ones(8, 8)
    rough[:4] = 0.3
    assert grid(pixels * rough.tile(8, 8), 8).item() > 10 * grid(pixels, 8).item()


def test_a_plain_picture_has_no_grid() -> None:
    flat = torch.full((1, 3, 32, 32), 0.5, requires_grad=True)
    found = grid(flat, 8)
    found.backward()
    assert flat.grad is not None and flat.grad.isfinite().all()
