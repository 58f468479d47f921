"""What can be said of a picture in a word, measured on pictures made for it."""

from __future__ import annotations

import numpy as np
import pytest

from studio.direction import PROPERTIES
from studio.latent.properties import HUES, measure_pictures

H, W = 64, 96


def flat(*colour: int) -> np.ndarray:
    return np.full((H, W, 3), colour, dtype=np.uint8)


def halves(horizon: float, above: int = 210, below: int = 60) -> np.ndarray:
    """A light sky over dark ground; the line lies at this height from the bottom."""
    picture = flat(below, below, below)
    picture[: round(H * (1 - horizon))] = above
    return picture


def noise(seed: int = 0, scale: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    grey = rng.integers(0, 256, (H // scale, W // scale), np.uint8)
    grey = grey.repeat(scale, axis=0).repeat(scale, axis=1)
    return np.repeat(grey[..., None], 3, axis=2)


def measure(picture: np.ndarray) -> dict[str, float]:
    return dict(zip(PROPERTIES, measure_pictures(picture[None])[0], strict=True))


def test_every_picture_has_every_property_whatever_its_size() -> None:
    for size in ((8, 8), (16, 24), (100, 33)):
        rng = np.random.default_rng(0)
        pictures = rng.integers(0, 256, (3, *size, 3), np.uint8)
        measured = measure_pictures(pictures)
        assert measured.shape == (3, len(PROPERTIES)) and np.isfinite(measured).all()
    assert measure_pictures(pictures[:0]).shape == (0, len(PROPERTIES))


def test_a_batch_is_measured_as_its_pictures_are() -> None:
    pictures = np.stack([noise(seed) for seed in range(70)])
    alone = np.concatenate([measure_pictures(picture[None]) for picture in pictures])
    np.testing.assert_allclose(measure_pictures(pictures), alone, rtol=1e-4)


@pytest.mark.parametrize("height", [0.25, 0.4, 0.5, 0.65, 0.8])
def test_the_horizon_is_where_the_sky_ends(height: float) -> None:
    assert measure(halves(height))["horizon"] == pytest.approx(height, abs=0.03)
    upside_down = measure(halves(height, above=60, below=210))
    assert upside_down["horizon"] == pytest.approx(height, abs=0.03)


def test_a_clear_sky_is_open_as_far_as_it_reaches() -> None:
    ground = noise(1)
    for share in (0.25, 0.5, 0.75):
        picture = ground.copy()
        picture[: round(H * share)] = 200
        assert measure(picture)["openness"] == pytest.approx(share, abs=0.08)
    assert measure(ground)["openness"] < 0.1 < 0.9 < measure(flat(9, 9, 9))["openness"]


def test_flat_colours_have_their_hand_values() -> None:
    white, red = measure(flat(255, 255, 255)), measure(flat(255, 0, 0))
    assert white["brightness"] == pytest.approx(1)
    assert white["saturation"] == pytest.approx(0)
    assert red["brightness"] == pytest.approx(0.299, abs=1e-3)
    assert red["warmth"] == red["saturation"] == red["red"] == pytest.approx(1)
    assert red["contrast"] == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "colour"),
    [
        ("red", (200, 20, 20)),
        ("orange", (220, 120, 20)),
        ("yellow", (220, 220, 20)),
        ("green", (20, 180, 20)),
        ("blue", (20, 80, 200)),
        ("purple", (170, 20, 200)),
    ],
)
def test_a_colour_is_of_its_own_family(name: str, colour: tuple[int, ...]) -> None:
    measured = measure(flat(*colour))
    assert max(HUES, key=lambda hue: measured[hue]) == name
    total = sum(measured[hue] for hue in HUES)
    assert total == pytest.approx(measured["saturation"], rel=1e-4)


def test_a_mirrored_half_is_symmetric_and_noise_is_not() -> None:
    half = noise(2)[:, : W // 2]
    assert measure(np.concatenate([half, half[:, ::-1]], 1))["symmetry"] > 0.95
    assert abs(measure(noise(2, scale=4))["symmetry"]) < 0.2


def test_blur_is_soft_and_a_fainter_copy_as_soft() -> None:
    coarse = noise(3, scale=8)
    fine = noise(3)
    assert measure(coarse)["softness"] > measure(fine)["softness"] + 1
    faint = (fine // 2 + 64).astype(np.uint8)
    assert measure(faint)["softness"] == pytest.approx(
        measure(fine)["softness"], abs=0.1
    )


def test_many_things_are_busier_than_few() -> None:
    assert measure(noise(4, scale=4))["busyness"] > measure(halves(0.5))["busyness"]
    assert measure(flat(90, 90, 90))["busyness"] == pytest.approx(0, abs=1e-6)
