"""What is unlike the rest of a folder is found, and a folder of one kind is left."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.cli import main
from studio.training.doctor import examine, summarise
from studio.training.outliers import FEWEST, find_outliers


def meadow(rng: np.random.Generator, side: int = 16) -> np.ndarray:
    """A sky over grass, each of its own tone, with the grain of a brush."""
    sky = rng.normal((120, 160, 210), 18, 3)
    grass = rng.normal((90, 130, 60), 18, 3)
    horizon = int(side * rng.uniform(0.35, 0.65))
    picture = np.empty((side, side, 3))
    picture[:horizon], picture[horizon:] = sky, grass
    picture += rng.normal(0, rng.uniform(6, 16), picture.shape)
    return picture.clip(0, 255).astype(np.float32)


def plate(rng: np.random.Generator, side: int = 16) -> np.ndarray:
    """A red fruit in the middle of pale paper."""
    y, x = np.mgrid[0:side, 0:side] / (side - 1) - 0.5
    picture = np.tile(rng.normal((240, 232, 214), 4, 3), (side, side, 1))
    picture[x**2 + y**2 < rng.uniform(0.03, 0.09)] = rng.normal((190, 40, 30), 12, 3)
    return picture.clip(0, 255).astype(np.float32)


def stack(meadows: int, plates: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = [meadow(rng) for _ in range(meadows)] + [plate(rng) for _ in range(plates)]
    return np.stack(rows)


@pytest.mark.parametrize(("meadows", "plates"), [(20, 1), (60, 3), (400, 12)])
def test_a_few_plates_among_meadows_are_found(meadows: int, plates: int) -> None:
    found = find_outliers(stack(meadows, plates))
    assert set(range(meadows, meadows + plates)) <= set(found)
    assert len(found) - plates <= max(2, 0.04 * meadows)


@pytest.mark.parametrize(("meadows", "plates"), [(0, 30), (400, 0), (3000, 0)])
def test_a_folder_of_one_kind_has_few(meadows: int, plates: int) -> None:
    assert len(find_outliers(stack(meadows, plates))) <= 0.06 * (meadows + plates)


def test_the_order_of_the_pictures_does_not_matter() -> None:
    pictures = stack(60, 3)
    backwards = [62 - index for index in find_outliers(pictures[::-1])]
    assert sorted(backwards) == find_outliers(pictures)


def test_too_few_pictures_have_no_rule_to_break() -> None:
    assert find_outliers(stack(FEWEST - 2, 1)) == []


def test_pictures_that_are_all_the_same_are_no_outliers() -> None:
    assert find_outliers(np.full((40, 16, 16, 3), 90, np.float32)) == []


def test_the_doctor_and_the_command_name_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(3)
    for number in range(24):
        picture = Image.fromarray(meadow(rng, 48).astype(np.uint8))
        picture.save(tmp_path / f"{number:02d}.png")
    Image.fromarray(plate(rng, 48).astype(np.uint8)).save(tmp_path / "x.png")
    found = summarise(examine(tmp_path, (32, 32)))
    assert "x.png" in found["files"]["outlier"] and found["outliers"] <= 2
    assert found["usable"] == 25  # it is told, and nothing is decided
    assert main(["check", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["outliers"] == found["outliers"]
    assert main(["check", str(tmp_path)]) == 0
    assert "unlike the rest" in capsys.readouterr().out
