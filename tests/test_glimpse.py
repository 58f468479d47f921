"""The preview of augmentation shows what training does."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.model import to_pixels
from studio.training import augment
from studio.training.glimpse import cut_out, glimpse, recolour, shift

SIZE = (48, 64)


def picture(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*SIZE, 3)).astype(np.uint8)


def planes(pixels: torch.Tensor) -> np.ndarray:
    return pixels[0].permute(1, 2, 0).numpy()


@pytest.mark.parametrize("seed", range(12))
def test_it_is_what_training_does_with_the_same_chance(seed: int) -> None:
    pixels = to_pixels([picture(seed)])
    chance = torch.Generator().manual_seed(seed)
    light, colour, contrast = (torch.rand(3, generator=chance) - 0.5).tolist()
    rows, columns = (
        int(torch.randint(-most, most + 1, (1,), generator=chance))
        for most in (SIZE[0] // 8, SIZE[1] // 8)
    )
    row, column = (
        int(torch.randint(0, side + 1, (1, 1), generator=chance)) for side in SIZE
    )
    ours = recolour(planes(pixels), light, colour, contrast)
    ours = cut_out(shift(ours, rows, columns), row, column)
    chance.manual_seed(seed)
    theirs = augment.augment(augment.recolour(pixels, chance), chance)
    assert np.allclose(ours, planes(theirs), atol=1e-5)


def test_a_glimpse_has_the_resolution_and_repeats_with_its_seed() -> None:
    first, again, other = (
        glimpse(picture(), (32, 64), np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert first.shape == (32, 64, 3) and first.dtype == np.uint8
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_a_vae_sees_pictures_uncut() -> None:
    for seed in range(8):
        view = glimpse(picture(), (32, 32), np.random.default_rng(seed), "vae")
        assert (view == 128).all(axis=2).mean() < 0.01


def test_without_mirroring_left_stays_left() -> None:
    ramp = np.tile(np.linspace(0, 255, 64)[None, :, None], (64, 1, 3)).astype(np.uint8)
    turned = 0
    for seed in range(20):
        looks = [
            glimpse(ramp, (32, 32), np.random.default_rng(seed), "vae", mirror)
            for mirror in (False, True)
        ]
        assert looks[0][:, 0].mean() < looks[0][:, -1].mean()
        turned += looks[1][:, 0].mean() > looks[1][:, -1].mean()
    assert 4 < turned < 16
