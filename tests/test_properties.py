"""What can be seen in a picture, as numbers."""

from __future__ import annotations

import numpy as np
import pytest

from studio.evaluation.properties import PROPERTIES, measure_properties


def flat(red: int, green: int, blue: int) -> np.ndarray:
    return np.full((1, 24, 16, 3), (red, green, blue), dtype=np.uint8)


def measure(picture: np.ndarray) -> dict[str, float]:
    return {name: values[0] for name, values in measure_properties(picture).items()}


def test_every_picture_has_every_property() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (5, 16, 24, 3), np.uint8)
    measured = measure_properties(pictures)
    assert tuple(measured) == PROPERTIES
    assert all(v.shape == (5,) and np.isfinite(v).all() for v in measured.values())


def test_flat_colours_have_their_hand_values() -> None:
    white, black, red = flat(255, 255, 255), flat(0, 0, 0), flat(255, 0, 0)
    assert measure(white)["brightness"] == pytest.approx(1)
    assert not any(measure(black).values())
    measured = measure(red)
    assert measured["brightness"] == pytest.approx(0.299)
    assert measured["warmth"] == pytest.approx(1)
    assert measured["greenness"] == pytest.approx(-0.5)
    assert measured["saturation"] == pytest.approx(1)
    assert measured["contrast"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("more", "less", "name"),
    [
        (flat(200, 200, 200), flat(90, 90, 90), "brightness"),
        (flat(200, 120, 60), flat(60, 120, 200), "warmth"),
        (flat(60, 160, 60), flat(120, 100, 120), "greenness"),
        (flat(200, 40, 40), flat(140, 120, 120), "saturation"),
    ],
)
def test_colours_differ_where_they_should(
    more: np.ndarray, less: np.ndarray, name: str
) -> None:
    assert measure(more)[name] > measure(less)[name] + 0.1


def test_stripes_have_contrast_and_fine_stripes_have_detail() -> None:
    fine, coarse = flat(128, 128, 128), flat(128, 128, 128)
    fine[:, ::2], fine[:, 1::2] = 228, 28
    coarse[:, :12], coarse[:, 12:] = 228, 28
    assert measure(fine)["contrast"] == pytest.approx(100 / 255, abs=0.01)
    assert measure(coarse)["contrast"] == pytest.approx(100 / 255, abs=0.01)
    assert measure(fine)["detail"] > 5 * measure(coarse)["detail"] > 0


def test_a_light_sky_over_dark_ground_is_sky() -> None:
    picture = flat(20, 20, 20)
    picture[:, :12] = 220
    assert measure(picture)["sky"] == pytest.approx(200 / 255, abs=0.01)
    assert measure(picture[:, ::-1])["sky"] == pytest.approx(-200 / 255, abs=0.01)
