"""Distances between sets of pictures order them as an eye would."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.evaluation.metrics import (
    band_energies,
    draw_patches,
    laplacian_pyramid,
    patch_distances,
    signal_to_noise,
    sliced_wasserstein,
)

SIDE = 32


def scenes(n: int, seed: int) -> Tensor:
    """Pixels [n,3,32,32] in [-1,1]: waves of random colour, angle and length."""
    chance = torch.Generator().manual_seed(seed)
    grid = torch.linspace(-1, 1, SIDE)
    y, x = torch.meshgrid(grid, grid, indexing="ij")
    angle, phase, length = torch.rand(3, n, 1, 1, 1, generator=chance) * 6.28
    colour = torch.rand(n, 3, 1, 1, generator=chance) * 2 - 1
    wave = torch.sin((4 + 2 * length) * (x * angle.cos() + y * angle.sin()) + phase)
    return (0.6 * colour + 0.4 * wave).clamp(-1, 1)


def blur(pixels: Tensor, size: int) -> Tensor:
    return F.avg_pool2d(pixels, size, stride=1, padding=size // 2,
                        count_include_pad=False)  # fmt: skip


def distance(made: Tensor, real: Tensor) -> float:
    found = patch_distances(made, real, count=2048)
    assert list(found) == [32, 16]  # the heights of the levels
    return sum(found.values()) / len(found)


@pytest.fixture(scope="module")
def real() -> Tensor:
    return scenes(200, seed=0)


def test_the_pyramid_adds_up_to_the_picture(real: Tensor) -> None:
    bands = laplacian_pyramid(real[:4])
    assert [band.shape[2] for band in bands] == [32, 16]
    back = F.interpolate(bands[1], size=(32, 32), mode="bilinear", align_corners=False)
    torch.testing.assert_close(bands[0] + back, real[:4])


def test_the_pyramid_of_a_portrait_ends_with_its_shorter_side() -> None:
    bands = laplacian_pyramid(torch.zeros(1, 3, 192, 128))
    assert [tuple(band.shape[2:]) for band in bands] == [
        (192, 128), (96, 64), (48, 32), (24, 16)]  # fmt: skip


def test_patches_are_pieces_of_the_bands(real: Tensor) -> None:
    # more than are split at once, and no band but the pictures themselves
    pixels = torch.arange(40.0 * 3 * 9 * 8).reshape(40, 3, 9, 8)
    (patches,) = draw_patches(pixels, 400, torch.Generator().manual_seed(0)).values()
    assert patches.shape == (400, 3 * 7 * 7)
    pieces = {
        tuple(pixels[n, :, i : i + 7, j : j + 7].permute(1, 2, 0).flatten().tolist())
        for n in range(40)
        for i in range(3)
        for j in range(2)
    }
    found = {tuple(patch.tolist()) for patch in patches}
    assert found <= pieces and len(found) > 150
    drawn = draw_patches(real[:1], 3, torch.Generator().manual_seed(0))
    fine = laplacian_pyramid(real[:1])[0].unfold(2, 7, 1).unfold(3, 7, 1)
    every = fine.permute(0, 2, 3, 4, 5, 1).flatten(0, 2).flatten(1)  # [26*26,147]
    for patch in drawn[32]:
        assert (every - patch).abs().amax(dim=1).min() < 1e-6


def test_sliced_distance_of_a_shift_is_its_mean_projection() -> None:
    chance = torch.Generator().manual_seed(0)
    a = torch.randn(500, 6)
    assert sliced_wasserstein(a, a, chance) == 0
    assert sliced_wasserstein(a, a[torch.randperm(500)], chance) < 1e-6
    # |<u, shift>| of a unit vector u in six dimensions has the mean 0.34 |shift|
    shift = torch.tensor([3.0, 0, 4, 0, 0, 0])
    assert sliced_wasserstein(a, a + shift, chance, 4096) == pytest.approx(1.7, 0.05)


def test_real_pictures_are_nearer_to_real_ones_than_any_spoilt_ones(
    real: Tensor,
) -> None:
    others = scenes(200, seed=1)
    near = distance(others, real)
    spoilt = {
        "blurred": blur(others, 5),
        "noisy": others + 0.2 * torch.randn(others.shape),
        "grey": others.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1),
        "collapsed": others[:1].expand(200, -1, -1, -1),
        "dark": 0.5 * others - 0.5,
    }
    far = {name: distance(pictures, real) for name, pictures in spoilt.items()}
    assert all(near < 0.6 * value for value in far.values()), (near, far)


def test_distance_grows_with_blur_and_with_noise(real: Tensor) -> None:
    others, noise = scenes(200, seed=1), torch.randn(200, 3, SIDE, SIDE)
    blurred = [distance(blur(others, size), real) for size in (1, 3, 5, 9)]
    noisy = [distance(others + level * noise, real) for level in (0, 0.1, 0.2, 0.4)]
    assert blurred == sorted(blurred) and noisy == sorted(noisy)


def test_the_same_pictures_measure_the_same_twice(real: Tensor) -> None:
    few = scenes(20, 2)
    assert distance(few, real) == distance(few, real)


def test_a_blurred_picture_keeps_its_coarse_energy_alone(real: Tensor) -> None:
    same = band_energies(real, real)
    assert all(share == pytest.approx(1) for share in same.values())
    fine, coarse = band_energies(blur(real, 5), real).values()
    assert fine < 0.3 < 0.8 < coarse <= 1


def test_signal_to_noise_has_its_hand_value() -> None:
    grey = torch.zeros(2, 3, 4, 4)
    assert signal_to_noise(grey + 0.2, grey) == pytest.approx(20)
