"""Seeds mean the same numbers for ever."""

from __future__ import annotations

import numpy as np
import pytest

from studio.seeds import blend_z, seeds_to_z


@pytest.mark.parametrize(
    ("seed", "numbers"),
    [
        (0, (1.7640524, 0.4001572, 0.978738, 2.2408931)),
        (7, (1.6905257, -0.4659374, 0.0328201, 0.4075163)),
        (2**32 - 1, (0.6484087, 0.6693235, -1.0805437, 0.284501)),
    ],
)
def test_the_stream_of_a_seed_is_frozen(seed: int, numbers: tuple[float, ...]) -> None:
    z = seeds_to_z([seed], 128)
    assert z.shape == (1, 128) and z.dtype == np.float32
    np.testing.assert_allclose(z[0, :4], numbers, atol=1e-6)


def test_a_seed_is_the_same_alone_and_among_others() -> None:
    np.testing.assert_array_equal(seeds_to_z([5, 7, 9], 16)[1], seeds_to_z([7], 16)[0])


def test_many_seeds_are_each_a_stream_of_their_own() -> None:
    seeds = [7, 7, 0, 2**32 - 1, 8]
    for z_dim in (1, 15, 16):  # an odd count leaves half a pair of numbers behind
        own = [np.random.RandomState(seed).standard_normal(z_dim) for seed in seeds]
        np.testing.assert_array_equal(
            seeds_to_z(seeds, z_dim), np.stack(own).astype(np.float32)
        )


def test_z_is_standard_normal() -> None:
    z = seeds_to_z(range(500), 32)
    assert abs(z.mean()) < 0.03 and abs(z.std() - 1) < 0.03


def test_a_blend_of_one_seed_is_that_seed() -> None:
    for weight in (1.0, 0.25):
        blended = blend_z([(7, weight)], 64)
        np.testing.assert_array_equal(blended, seeds_to_z([7], 64)[0])


@pytest.mark.parametrize("weights", [(0.5, 0.5), (0.1, 0.9), (0.25, 0.25, 0.5)])
def test_a_blend_keeps_the_spread_of_z(weights: tuple[float, ...]) -> None:
    def power(start: int) -> float:
        pairs = [(start + k, weight) for k, weight in enumerate(weights)]
        return float(np.square(blend_z(pairs, 256)).mean())

    assert np.mean([power(start) for start in range(0, 500, 10)]) == pytest.approx(
        1, abs=0.05
    )


def test_a_blend_nears_the_seed_that_weighs_more() -> None:
    mixed = blend_z([(1, 0.9), (2, 0.1)], 256)
    one, two = seeds_to_z([1, 2], 256)
    assert np.linalg.norm(mixed - one) < 0.5 * np.linalg.norm(mixed - two)
