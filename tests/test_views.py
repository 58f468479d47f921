"""Pictures as training will see them, asked of a real server."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from servers import Server

from studio.model import Model
from studio.training.dataset import Pictures
from studio.training.reconstruction import rebuild

VIEWS = ("framed", "augmented", "painted")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four pictures: broad, tall, square and broken."""
    folder = tmp_path_factory.mktemp("shapes")
    rng = np.random.default_rng(0)
    for name, size in (("broad", (40, 120)), ("tall", (120, 40)), ("even", (64, 64))):
        pixels = rng.integers(0, 256, (size[0] // 8, size[1] // 8, 3))
        picture = Image.fromarray(pixels.astype(np.uint8))
        picture.resize(size[::-1], Image.Resampling.BICUBIC).save(
            folder / f"{name}.png"
        )
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


def ask(server: Server, view: str, folder: Path, **query: Any) -> Any:
    params = {"folder": str(folder), "file": "broad.png", "size": "64x32", **query}
    return server.get(f"studio/pictures/{view}", params=params)


def picture(answer: Any) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))


def code_of(answer: Any) -> str:
    return answer.json()["error"]["code"]


@pytest.mark.parametrize("framing", ["centre", "smart", "whole"])
def test_a_framed_picture_is_what_training_reads(
    server: Server, folder: Path, framing: str
) -> None:
    seen = picture(ask(server, "framed", folder, framing=framing)).astype(int)
    pictures = Pictures(folder, (64, 32), 0, framing=framing)
    own = pictures.whole(pictures.files.index("broad.png"))
    assert seen.shape == (64, 32, 3)
    assert np.abs(seen - own).mean() < 6  # it travelled as a WebP


def test_looks_differ_by_their_seed_and_repeat(server: Server, folder: Path) -> None:
    looks = [ask(server, "augmented", folder, seed=seed).content for seed in (1, 1, 2)]
    assert looks[0] == looks[1] != looks[2]


def test_a_picture_comes_back_as_the_model_paints_it(
    server: Server, folder: Path
) -> None:
    seen = picture(ask(server, "painted", folder, base="tiny")).astype(int)
    pictures = Pictures(folder, (64, 32), 0)
    own = pictures.whole(pictures.files.index("broad.png"))
    made = rebuild(Model.open("tiny").autoencoder, [own])[0]
    assert np.abs(seen - made).mean() < 8
    assert code_of(ask(server, "painted", folder, base="no-such")) == "base_missing"
    assert code_of(ask(server, "painted", folder, base="../tiny")) == "base_missing"


@pytest.mark.parametrize(
    ("asked", "shape"),
    [("", (224, 224)), ("9999", (512, 512)), ("33x70", (32, 64)), ("-1", (224, 224)),
     ("1024x512", (512, 256)), ("x", (224, 224)), ("0", (32, 32))],
)  # fmt: skip
def test_any_size_that_is_being_typed_is_answered(
    server: Server, folder: Path, asked: str, shape: tuple[int, int]
) -> None:
    assert picture(ask(server, "framed", folder, size=asked)).shape[:2] == shape


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("file", ["broken.png", "../x.png", "none.png", "\0", ""])
def test_other_files_are_refused(
    server: Server, folder: Path, view: str, file: str
) -> None:
    assert code_of(ask(server, view, folder, file=file)) == "not_found"


@pytest.mark.parametrize("view", [*VIEWS, "kin"])
def test_a_shared_studio_shows_none(
    server: Server, folder: Path, view: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_MODE", "demo")
    assert code_of(ask(server, view, folder)) == "training_off"


def test_pictures_are_compared_with_what_each_model_paints(
    server: Server, folder: Path, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    model = Model.open(str(tiny_checkpoint))
    works = model.render([model.recipe(seed) for seed in range(8)])
    for seed, pixels in enumerate(works):
        Image.fromarray(pixels).save(tmp_path / f"{seed}.png")

    def kin(place: Path) -> float:
        answer = server.get("studio/pictures/kin", params={"folder": str(place)})
        return float(answer.json()["kin"][tiny_checkpoint.name])

    assert kin(tmp_path) > 0.8
    assert kin(folder) < 0.2
    assert kin(tmp_path) > 0.8  # the works are remembered


def test_the_handful_has_all_shapes(server: Server, folder: Path) -> None:
    answer = server.get("studio/pictures", params={"folder": str(folder)}).json()
    assert answer["handful"] == ["tall.png", "even.png", "broad.png"]
