"""The data set doctor sees what is wrong with a folder, and nothing that is not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from studio.cli import main
from studio.errors import InputError
from studio.training.dataset import Pictures
from studio.training.doctor import PROBLEMS, Diagnosis, examine, summarise

SIZE = (64, 48)  # width, height


def painting(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """Coloured blocks, smoothly enlarged: as unlike each other as paintings are."""
    rng = np.random.default_rng(seed)
    blocks = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    return blocks.resize(size, Image.Resampling.BICUBIC)


def framed(seed: int) -> Image.Image:
    """A small painting in the middle of white paper, as all others of its folder."""
    page = Image.new("RGB", SIZE, "white")
    page.paste(painting(seed, (24, 18)), (20, 15))
    return page


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i in range(8):
        painting(i).save(tmp_path / f"{i}.png")
    return tmp_path


def problems(folder: Path, resolution: tuple[int, int] = (32, 32)) -> Diagnosis:
    return examine(folder, resolution)


def test_a_sound_folder_has_no_problems(folder: Path) -> None:
    found = summarise(problems(folder))
    assert found["images"] == found["usable"] == 8
    assert not any(found["files"].values())
    assert found["sizes"] == {"48x64": 8}


def test_each_problem_is_found_and_no_other(folder: Path) -> None:
    (folder / "x-broken.jpg").write_bytes(b"no picture")
    (folder / "x-cut.png").write_bytes((folder / "0.png").read_bytes()[:400])
    painting(20, (30, 24)).save(folder / "x-small.png")
    painting(21).convert("L").save(folder / "x-grey.png")
    painting(22, (300, 60)).save(folder / "x-wide.png")
    (folder / "x-copy.png").write_bytes((folder / "3.png").read_bytes())
    found = summarise(problems(folder))
    assert found["files"] == {
        "broken": ["x-broken.jpg", "x-cut.png"],
        "small": ["x-small.png"],
        "grey": ["x-grey.png"],
        "odd": ["x-wide.png"],
        "duplicate": ["x-copy.png"],
        "near_duplicate": [],
        "outlier": [],
    }
    assert found["images"] == 14 and found["usable"] == 11
    assert found["broken"] == 2 and found["duplicates"] == 1


def test_copies_that_were_changed_a_little_are_found(folder: Path) -> None:
    original = painting(5)
    original.save(folder / "x-again.jpg", quality=60)
    original.resize((200, 150)).save(folder / "x-large.png")
    original.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "x-mirror.png")
    ImageEnhance.Brightness(original).enhance(0.8).save(folder / "x-dark.png")
    diagnosis = problems(folder)
    alike = {f: p.get("near_duplicate") for f, p in diagnosis.problems.items()}
    assert alike == dict.fromkeys(
        ("x-again.jpg", "x-large.png", "x-mirror.png", "x-dark.png"), "5.png"
    )


def test_what_all_pages_share_does_not_make_them_alike(tmp_path: Path) -> None:
    for i in range(60):
        framed(i).save(tmp_path / f"{i:02d}.png")
    framed(7).save(tmp_path / "x.jpg", quality=90)
    diagnosis = problems(tmp_path)
    assert list(diagnosis.problems) == ["x.jpg"]
    assert diagnosis.problems["x.jpg"]["near_duplicate"] == "07.png"


def test_a_turned_photo_has_the_size_that_is_seen(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    for i in range(2):
        painting(i, (1600, 1200)).save(tmp_path / f"{i}.jpg", exif=exif)
    assert set(problems(tmp_path).sizes.values()) == {(1600, 1200)}


def test_training_uses_what_the_doctor_calls_usable(folder: Path) -> None:
    (folder / "x-broken.jpg").write_bytes(b"no picture")
    (folder / "x-copy.png").write_bytes((folder / "3.png").read_bytes())
    used = Pictures(folder, (32, 32), 0.1)
    assert len(used.files) == problems(folder).usable == 8
    assert "x-copy.png" not in used.files


@pytest.mark.parametrize("n", [0, 1])
def test_few_pictures_are_no_special_case(tmp_path: Path, n: int) -> None:
    for i in range(n):
        painting(i).save(tmp_path / f"{i}.png")
    assert summarise(problems(tmp_path))["usable"] == n


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        problems(tmp_path / "nowhere")


def test_the_command_counts_and_names(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "x-copy.png").write_bytes((folder / "3.png").read_bytes())
    assert main(["check", str(folder), "--resolution", "32", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["duplicates"] == 1 and set(found["files"]) == set(PROBLEMS)
    assert main(["check", str(folder), "--resolution", "32"]) == 0
    told = capsys.readouterr().out
    assert "9 pictures, 8 of them usable" in told and "x-copy.png" in told
    assert main(["check", "nowhere"]) == 2
