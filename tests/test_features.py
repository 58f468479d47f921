"""Distances by features order sets of pictures as an eye would."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from studio.evaluation.comparison import BY_FEATURES, BY_PATCHES, Reference
from studio.evaluation.features import extract_features
from studio.evaluation.metrics import density_and_coverage, kernel_distance


def scene(seed: int) -> np.ndarray:
    """A lit sky over a ground with a few upright strokes, uint8 [48,64,3]."""
    rng = np.random.default_rng(seed)
    sky, ground, stroke = rng.integers(0, 256, (3, 3))
    picture = np.empty((48, 64, 3))
    horizon = rng.integers(16, 32)
    picture[:horizon], picture[horizon:] = sky, ground
    for x in rng.integers(0, 60, 6):
        picture[horizon - 8 : horizon + 8, x : x + 3] = stroke
    return np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)


def scenes(n: int, start: int) -> np.ndarray:
    return np.stack([scene(start + i) for i in range(n)])


def blurred(pictures: np.ndarray, radius: float) -> np.ndarray:
    smooth = ImageFilter.GaussianBlur(radius)
    return np.stack([np.asarray(Image.fromarray(p).filter(smooth)) for p in pictures])


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference(scenes(24, 0))


def test_features_do_not_hang_on_the_batch() -> None:
    pictures = scenes(18, 0)
    together = extract_features(pictures)
    assert together.shape == (18, 1280) and together.dtype == np.float32
    np.testing.assert_allclose(
        extract_features(pictures[17:]), together[17:], atol=1e-3
    )


def test_the_kernel_distance_has_its_hand_value() -> None:
    made, real = np.array([[1.0], [0.0]]), np.array([[2.0], [1.0]])
    # off the diagonal: made 1*0 -> 1, real 2*1 -> 27; across: 27, 8, 1, 1
    assert kernel_distance(made, real) == pytest.approx(1000 * (1 + 27 - 2 * 37 / 4))


def test_density_and_coverage_of_points_on_a_line() -> None:
    real = np.arange(10.0)[:, None]
    assert density_and_coverage(real + 100, real, 2) == (0, 0)
    density, coverage = density_and_coverage(np.array([[0.1], [0.2]]), real, 2)
    # the balls around 0 and 1 and 2 end at 2, 1 and 1; that around 2 is open
    assert density == pytest.approx(2 * 2 / 2 / 2) and coverage == pytest.approx(0.2)


def test_the_more_is_blurred_the_farther_it_is(reference: Reference) -> None:
    others = scenes(24, 100)
    sets = (others, blurred(others, 1), blurred(others, 4))
    found = [reference.compare(pictures) for pictures in sets]
    assert [row["metric"] for row in found] == [BY_FEATURES] * 3
    distances = [row["distance"] for row in found]
    assert distances == sorted(distances) and distances[2] > distances[0] + 10
    assert found[0]["coverage"] > found[2]["coverage"]


def test_one_picture_again_and_again_covers_little(reference: Reference) -> None:
    same = np.repeat(scenes(1, 100), 24, axis=0)
    varied = reference.compare(scenes(24, 100))["coverage"]
    assert reference.compare(same)["coverage"] < 0.5 * varied


@pytest.mark.parametrize(("n", "metric"), [(4, "features"), (24, "patches")])
def test_patches_are_compared_where_features_cannot_be(n: int, metric: str) -> None:
    row = Reference(scenes(n, 0), metric).compare(scenes(24, 100))
    assert row["metric"] == BY_PATCHES and row["distance"] == row["swd"]
    assert "coverage" not in row
