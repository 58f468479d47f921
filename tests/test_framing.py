"""What is taken of a picture whose shape is not the model's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.errors import InputError
from studio.training.dataset import Pictures
from studio.training.framing import busiest_window, frame, lay_on_ground, reduced_size
from studio.training.settings import FRAMINGS, TrainSettings

SHAPES = [(64, 64), (96, 64), (64, 96)]


def quiet(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), (90, 120, 160), np.uint8)


def with_village(height: int, width: int, top: int, left: int) -> np.ndarray:
    """A quiet picture with 40 x 40 pixels in which much happens."""
    picture = quiet(height, width)
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3))
    picture[top : top + 40, left : left + 40] = noise
    return picture


def save_some(folder: Path, height: int = 60, width: int = 180) -> None:
    for i in range(3):
        picture = with_village(height, width, 10, 10 + i)
        Image.fromarray(picture).save(folder / f"{i}.png")


@pytest.mark.parametrize("left", [0, 60, 200])
def test_the_window_goes_where_most_happens(left: int) -> None:
    top, x, height, width = busiest_window(with_village(60, 240, 10, left), (32, 32))
    assert (top, height, width) == (0, 60, 60)
    assert x <= left and left + 40 <= x + 60


def test_the_window_of_a_tall_picture_moves_up_and_down() -> None:
    picture = with_village(240, 60, 190, 10)
    top, left, height, width = busiest_window(picture, (32, 32))
    assert (left, height, width) == (0, 60, 60)
    assert top <= 190 and top + 60 >= 230


@pytest.mark.parametrize("size", [(60, 241), (241, 60), (64, 64), (17, 400)])
@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_that_happens_leaves_the_middle(
    size: tuple[int, int], shape: tuple[int, int]
) -> None:
    top, left, height, width = busiest_window(quiet(*size), shape)
    assert abs(2 * top + height - size[0]) <= 1
    assert abs(2 * left + width - size[1]) <= 1


def test_the_middle_wins_over_a_little_more_at_the_rim() -> None:
    picture = with_village(60, 240, 10, 100)
    picture[10:50, 5:45] = with_village(60, 60, 10, 5)[10:50, 5:45]
    _, left, _, _ = busiest_window(picture, (32, 32))
    assert 80 <= left <= 100


@pytest.mark.parametrize("size", [(60, 241), (241, 60), (64, 64), (16, 400), (97, 31)])
@pytest.mark.parametrize("shape", SHAPES)
def test_whole_keeps_every_pixel_on_a_ground_of_the_shape(
    size: tuple[int, int], shape: tuple[int, int]
) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8)
    framed = lay_on_ground(picture, shape)
    height, width = framed.shape[:2]
    assert abs(height * shape[1] - width * shape[0]) <= max(shape)
    top, left = (height - size[0]) // 2, (width - size[1]) // 2
    kept = framed[top : top + size[0], left : left + size[1]]
    assert np.array_equal(kept, picture)


def test_the_ground_has_the_colours_of_the_edges() -> None:
    picture = quiet(40, 120)
    picture[:2], picture[-2:] = (250, 240, 200), (20, 40, 10)
    framed = lay_on_ground(picture, (64, 64))
    assert framed[0, 0].tolist() == [250, 240, 200]
    assert framed[-1, 0].tolist() == [20, 40, 10]
    sideways = lay_on_ground(picture.swapaxes(0, 1), (64, 64))
    assert sideways[0, 0].tolist() == [250, 240, 200]
    assert sideways[0, -1].tolist() == [20, 40, 10]


def test_what_is_shown_whole_is_reduced_to_fit() -> None:
    assert reduced_size((400, 1000), (128, 128), "whole") == (51, 128)
    assert reduced_size((400, 1000), (128, 128), "centre") == (128, 320)
    assert reduced_size((40, 100), (128, 128), "whole") == (40, 100)


@pytest.mark.parametrize("framing", FRAMINGS)
def test_the_same_pictures_are_framed_the_same(tmp_path: Path, framing: str) -> None:
    save_some(tmp_path)
    settings = TrainSettings(
        str(tmp_path), "x", resolution=(64, 32), framing=framing, validation_share=0.0
    )
    one, other = Pictures.of(settings), Pictures.of(settings)
    assert one.fingerprint == other.fingerprint
    assert one.whole(0).shape == (64, 32, 3)
    rng = np.random.default_rng(0)
    assert one.view(1, rng, True).shape == (64, 32, 3)
    assert one.crop(1, 32, rng).shape == (32, 32, 3)


def test_centre_leaves_pictures_as_they_always_were(tmp_path: Path) -> None:
    save_some(tmp_path)
    plain = Pictures(tmp_path, (32, 32), 0.1)
    assert plain.images[0].shape == (60, 180, 3)
    assert TrainSettings("", "").framing == "centre"
    image = quiet(60, 180)
    assert frame(image, (32, 32), "centre") is image


def test_smart_pictures_show_the_village_and_whole_ones_everything(
    tmp_path: Path,
) -> None:
    save_some(tmp_path)
    deviations = {}
    for framing in FRAMINGS:
        seen = Pictures(tmp_path, (32, 32), 0, framing=framing).whole(0)
        deviations[framing] = seen.std(axis=(0, 1)).mean()
    assert deviations["smart"] > deviations["whole"] > deviations["centre"] == 0


def test_another_framing_is_refused() -> None:
    with pytest.raises(InputError, match="framing"):
        TrainSettings("", "", framing="round")
