"""z names where what lies in a sample."""

from __future__ import annotations

import torch
from torch import Tensor

from studio.training.layout import Layout


def latents(count: int, seed: int = 0, size: tuple[int, int] = (6, 4)) -> Tensor:
    """Latents that vary in broad strokes much more than in fine ones."""
    chance = torch.Generator().manual_seed(seed)
    broad = torch.randn(count, 2, 2, 2, generator=chance)
    fine = 0.2 * torch.randn(count, 2, *size, generator=chance)
    return torch.nn.functional.interpolate(broad, size=size) + fine


def test_layouts_of_pictures_vary_as_z_does() -> None:
    pictures = latents(400)
    layouts = Layout(pictures.half(), 16).read(pictures)
    assert layouts.shape == (400, 8)
    torch.testing.assert_close(layouts.mean(0), torch.zeros(8), atol=1e-2, rtol=0)
    torch.testing.assert_close(
        layouts.T @ layouts / 400, torch.eye(8), atol=1e-2, rtol=0
    )


def test_unrelated_samples_stray_by_about_two() -> None:
    layout = Layout(latents(400), 16)
    z = torch.randn(300, 16, generator=torch.Generator().manual_seed(2))
    assert 1.6 < layout(latents(300, seed=1), z).mean() < 2.4


def test_following_it_gives_every_z_a_layout_of_its_own() -> None:
    layout = Layout(latents(400), 16)
    z = torch.randn(12, 16, generator=torch.Generator().manual_seed(2))
    alike = latents(1, seed=3).repeat(12, 1, 1, 1).requires_grad_()
    descent = torch.optim.Adam([alike], lr=0.1)
    for _ in range(150):
        descent.zero_grad()
        layout(alike, z).mean().backward()
        descent.step()
    assert layout(alike, z).max() < 0.01
    apart = torch.cdist(layout.read(alike), layout.read(alike)) + 99 * torch.eye(12)
    assert apart.min() > 1


def test_it_reads_the_same_from_the_same_pictures() -> None:
    pictures = latents(50)
    one, other = Layout(pictures, 16), Layout(pictures.flip(0), 16)
    torch.testing.assert_close(one.basis, other.basis, atol=1e-3, rtol=1e-3)


def test_more_numbers_than_latents_have_are_left_out() -> None:
    few = latents(400, size=(1, 1))  # two channels, one cell: two numbers
    assert Layout(few, 128).read(few).shape == (400, 2)


def test_maps_larger_than_it_describes_are_read_coarsely() -> None:
    large = latents(40, size=(28, 14))
    again = large + 1e-4
    layout = Layout(large, 16)
    torch.testing.assert_close(
        layout.read(large), layout.read(again), atol=0.01, rtol=0
    )
