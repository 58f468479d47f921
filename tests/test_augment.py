"""Augmentation moves and blanks latents, and gradients flow through it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from studio.training.augment import augment, cut_out, shift


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def numbered(n: int, h: int, w: int) -> Tensor:
    """Latents [n,1,h,w] in which every cell has its own number from 1 on."""
    return torch.arange(1.0, n * h * w + 1).reshape(n, 1, h, w)


def moved(x: Tensor, down: int, right: int) -> Tensor:
    """x [H,W] moved by whole cells, zeros coming in: the slow, plain way."""
    result = torch.zeros_like(x)
    h, w = x.shape
    for i in range(h):
        for j in range(w):
            if 0 <= i - down < h and 0 <= j - right < w:
                result[i, j] = x[i - down, j - right]
    return result


@pytest.mark.parametrize("size", [(16, 16), (24, 16), (8, 16)])
def test_shift_moves_each_sample_by_whole_cells(size: tuple[int, int]) -> None:
    h, w = size
    x = numbered(12, h, w)
    seen = set()
    for before, after in zip(x[:, 0], shift(x, chance())[:, 0], strict=True):
        ways = [
            (i, j)
            for i in range(-h // 8, h // 8 + 1)
            for j in range(-w // 8, w // 8 + 1)
            if torch.equal(moved(before, i, j), after)
        ]
        assert len(ways) == 1
        seen.add(ways[0])
    assert len(seen) > 4  # each sample has a move of its own


def test_cut_out_blanks_one_box_of_the_stated_share() -> None:
    x = torch.ones(200, 2, 16, 8)
    gone = cut_out(x, chance(), share=0.5) == 0
    assert torch.equal(gone[:, 0], gone[:, 1])
    rows, columns = gone[:, 0].any(dim=2), gone[:, 0].any(dim=1)
    assert torch.equal(gone[:, 0], rows[:, :, None] & columns[:, None, :])
    # A box in the middle has half of each side; one at the edge is cut off there.
    assert rows.sum(dim=1).max() == 8 and columns.sum(dim=1).max() == 4
    inside = ~(rows[:, 0] | rows[:, -1])
    assert inside.any() and (rows.sum(dim=1)[inside] == 8).all()
    assert len({tuple(row) for row in rows.tolist()}) > 4


def test_what_cut_out_keeps_is_unchanged() -> None:
    x = numbered(8, 8, 8)
    cut = cut_out(x, chance())
    assert torch.equal(cut[cut != 0], x[cut != 0])


def test_gradients_reach_what_is_still_seen() -> None:
    x = torch.randn(4, 2, 8, 8, requires_grad=True)
    seen = augment(x, chance())
    seen.sum().backward()
    assert x.grad is not None
    assert x.grad.sum().item() == (seen != 0).sum().item()


def test_the_same_chance_gives_the_same_augmentation() -> None:
    x = torch.randn(6, 2, 8, 8)
    assert torch.equal(augment(x, chance(3)), augment(x, chance(3)))
    assert not torch.equal(augment(x, chance(3)), augment(x, chance(4)))
