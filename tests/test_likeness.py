"""Whether pictures are of the kind that a model paints, told from glances."""

from __future__ import annotations

import numpy as np
import pytest

from studio.training.likeness import likeness


def scenes(count: int, seed: int, ground: tuple[int, int, int]) -> np.ndarray:
    """Glances [N,16,16,3]: a bright sky over a ground, at various heights."""
    rng = np.random.default_rng(seed)
    glances = np.full((count, 16, 16, 3), 200.0, np.float32)
    for glance in glances:
        glance[rng.integers(5, 11) :] = ground
        glance += rng.normal(0, 12, glance.shape) + rng.normal(0, 15)
    return glances.clip(0, 255)


def test_pictures_of_the_kind_fall_among_works_and_others_do_not() -> None:
    works = scenes(64, 0, (60, 110, 40))
    assert likeness(scenes(60, 1, (60, 110, 40)), works) > 0.4
    assert likeness(scenes(60, 1, (220, 30, 150)), works) < 0.05
    rng = np.random.default_rng(2)
    noise = rng.uniform(0, 255, (60, 16, 16, 3)).astype(np.float32)
    blank = np.full((60, 16, 16, 3), 200, np.float32)
    assert likeness(noise, works) == likeness(blank, works) == 0


@pytest.mark.parametrize(("pictures", "works"), [(0, 64), (5, 0), (5, 3)])
def test_too_few_to_tell_are_not_alike(pictures: int, works: int) -> None:
    green = (60, 110, 40)
    assert likeness(scenes(pictures, 0, green), scenes(works, 1, green)) == 0
