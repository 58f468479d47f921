"""Clips that become films of what a model sees, frame by frame and steadily."""

from __future__ import annotations

import json
import os
import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from PIL import Image
from servers import Server, wait_for_film
from sounds import write_sound

from studio.__main__ import main
from studio.errors import InputError
from studio.export.clip import FASTEST, Clip, open_clip
from studio.export.film import Extras, Format, write_film
from studio.export.sound import open_sound
from studio.latent.reading import Reader
from studio.latent.stylising import stylise
from studio.model import Model

SIDE = 32


@pytest.fixture(scope="module")
def model(tiny_checkpoint: Path) -> Model:
    return Model.open(str(tiny_checkpoint))


@pytest.fixture(scope="module")
def reader(model: Model, tiny_reader: Path) -> Reader:
    return Reader.of(model)


def scene(count: int, height: int = 64, width: int = 96) -> Iterator[np.ndarray]:
    """A bright disc that crosses a dark ground, in grain that never rests."""
    y, x = np.mgrid[0:height, 0:width]
    chance = np.random.default_rng(0)
    for i in range(count):
        disc = np.hypot(x - 20 - 2 * i, y - 30) < 14
        grain = chance.normal(0, 6, (height, width, 1))
        picture = np.where(disc[..., None], (230, 190, 90), (30, 50, 80)) + grain
        yield picture.clip(0, 255).astype(np.uint8)


def film(path: Path, count: int = 20, fps: int = 10, sound: bool = False) -> Path:
    heard = None
    if sound:
        heard = open_sound(write_sound(path.with_suffix(".wav"), count / fps))
    write_film(path, scene(count), Format((64, 96), fps), Extras(heard))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        open_clip(path)
    return caught.value.code


# -- reading ----------------------------------------------------------------------


def test_frames_come_whole_in_their_order_at_the_size_asked_for(tmp_path: Path) -> None:
    clip = open_clip(film(tmp_path / "a.mp4"))
    assert (clip.fps, round(clip.seconds, 2)) == (10, 2.0)
    frames = list(clip.frames((SIDE, SIDE)))
    assert len(frames) == 20
    assert {frame.shape for frame in frames} == {(SIDE, SIDE, 3)}
    # the disc goes to the right
    columns = [frame[..., 0].astype(float).mean(axis=0) for frame in frames]
    middles = [float((c * np.arange(SIDE)).sum() / c.sum()) for c in columns]
    assert middles[0] < middles[8] < middles[16]


def test_of_a_fast_clip_frames_are_left_out_and_its_length_stays(
    tmp_path: Path,
) -> None:
    clip = open_clip(film(tmp_path / "fast.mp4", count=60, fps=60))
    assert clip.fps == FASTEST
    assert len(list(clip.frames((SIDE, SIDE)))) == FASTEST


def test_an_animated_gif_is_a_clip(tmp_path: Path) -> None:
    first, *rest = (Image.fromarray(frame) for frame in scene(6))
    first.save(tmp_path / "a.gif", save_all=True, append_images=rest, duration=100)
    frames = list(open_clip(tmp_path / "a.gif").frames((SIDE, SIDE)))
    assert 5 <= len(frames) <= 7


def test_what_is_no_clip_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text.mp4").write_text("no clip at all")
    (tmp_path / "empty.mp4").write_bytes(b"")
    for name in ("text.mp4", "empty.mp4"):
        assert refusal(tmp_path / name) == "clip_broken"
    assert refusal(tmp_path / "none.mp4") == "invert_missing"
    with wave.open(str(tmp_path / "sound.avi"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(16_000))
    assert refusal(tmp_path / "sound.avi") == "clip_none"
    whole = film(tmp_path / "whole.mp4", count=12)
    monkeypatch.setattr("studio.export.clip.LONGEST", 1.0)
    assert refusal(whole) == "clip_long"
    monkeypatch.setattr("studio.export.clip.MOST_PIXELS", 64)
    monkeypatch.setattr("studio.export.clip.LONGEST", 10.0)
    assert refusal(whole) == "clip_large"


def test_of_a_damaged_clip_the_rest_stands_still(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.mp4", count=60).read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole[: len(whole) * 2 // 3])  # its index comes first
    clip = open_clip(path)
    assert len(list(clip.frames((SIDE, SIDE)))) == round(clip.seconds * clip.fps)


# -- stylising --------------------------------------------------------------------


def frames_of(path: Path) -> list[np.ndarray]:
    return list(Clip(path, 2.0, 10).frames((SIDE, SIDE)))


def unrest(pictures: list[np.ndarray]) -> float:
    stack = np.stack(pictures).astype(float)
    return float(np.abs(np.diff(stack, axis=0)).mean())


def test_frames_move_more_steadily_than_each_by_itself(
    model: Model, reader: Reader, tmp_path: Path
) -> None:
    frames = frames_of(film(tmp_path / "a.mp4"))
    alone = [next(stylise(model, reader, [frame], 0.0)) for frame in frames]
    together = list(stylise(model, reader, frames, 0.0))
    assert len(together) == len(frames)
    made = [[model.render([r])[0] for r in recipes] for recipes in (alone, together)]
    assert unrest(made[1]) < 0.8 * unrest(made[0])


def test_nothing_is_carried_over_a_cut(
    model: Model, reader: Reader, tmp_path: Path
) -> None:
    frames = frames_of(film(tmp_path / "a.mp4"))
    other = [255 - frame for frame in frames]
    own = list(stylise(model, reader, frames[:10], 0.0))
    cut = list(stylise(model, reader, frames[:10] + other[:10], 0.0))
    far = [model.render([r])[0].astype(int) for r in (own[9], cut[9], cut[10])]
    assert abs(far[0] - far[1]).mean() < 0.2 * abs(far[1] - far[2]).mean()


def test_wholly_faithful_frames_are_what_the_autoencoder_makes_of_them(
    model: Model, reader: Reader, tmp_path: Path
) -> None:
    frames = frames_of(film(tmp_path / "a.mp4"))[:3]
    recipes = list(stylise(model, reader, frames, 1.0))
    for frame, recipe in zip(frames, recipes, strict=True):
        alone = replace(recipe, residual=None)
        kept, dreamt = (model.render([r])[0].astype(int) for r in (recipe, alone))
        alike = next(stylise(model, reader, [frame], 1.0))
        assert abs(kept - model.render([alike])[0]).mean() < 2
        assert abs(kept - dreamt).mean() > 2


# -- by command -------------------------------------------------------------------


def test_a_clip_becomes_a_film_with_its_sound(
    tmp_path: Path, tiny_reader: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, path = film(tmp_path / "a.mp4", sound=True), tmp_path / "b.mp4"
    asked = ["invert", "tiny", str(clip), "-o", str(path), "--json"]
    assert main([*asked, "--faithful", "0.3"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["frames"], told["fps"]) == (20, 10) and told["unrest"] > 0
    made = open_clip(path)
    assert (made.fps, round(made.seconds, 1)) == (10, 2.0)
    assert open_sound(path).seconds == pytest.approx(2.0, abs=0.2)


@pytest.mark.parametrize(
    "more", [[], ["-o", "b.png"], ["-o", "b.mp4", "--chance", "3"]]
)
def test_a_clip_that_cannot_become_a_film_is_refused_before_anything_is_made(
    more: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clip = film(tmp_path / "a.mp4")
    monkeypatch.chdir(tmp_path)
    assert main(["invert", "tiny", str(clip), *more]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "b.mp4").exists()


# -- for a page -------------------------------------------------------------------


def bring(server: Server, data: bytes, **asked: str) -> Any:
    asked = {"model": "tiny", "file": "walk.mp4", **asked}
    return server.post(f"studio/clips?{urlencode(asked)}", content=data).json()


def test_a_clip_that_is_brought_becomes_a_film_to_fetch(
    server: Server, tmp_path: Path
) -> None:
    found = bring(server, film(tmp_path / "a.mp4", sound=True).read_bytes())
    state = wait_for_film(server, found["film"])
    assert (state["phase"], state["frames"]) == ("done", 20)
    assert state["name"] == "walk-tiny.mp4"
    made = tmp_path / "made.mp4"
    made.write_bytes(server.get(f"studio/films/{found['film']}/file").content)
    assert open_clip(made).fps == 10
    assert open_sound(made).seconds == pytest.approx(2.0, abs=0.2)


def test_the_dial_of_a_clip_is_heard(server: Server, tmp_path: Path) -> None:
    data, frames = film(tmp_path / "a.mp4", count=3).read_bytes(), []
    for faithful in ("0", "1"):
        found = bring(server, data, faithful=faithful)
        assert wait_for_film(server, found["film"])["phase"] == "done"
        path = tmp_path / f"{faithful}.mp4"
        path.write_bytes(server.get(f"studio/films/{found['film']}/file").content)
        frames.append(next(open_clip(path).frames((SIDE, SIDE))).astype(int))
    assert abs(frames[0] - frames[1]).mean() > 5


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"model": "nowhere"}, "model_missing"),
        ({"faithful": "2"}, "invert_faithful"),
        ({"faithful": "nan"}, "invert_faithful"),
        ({}, "clip_broken"),
    ],
)
def test_what_cannot_be_a_film_of_a_clip_is_told(
    server: Server, asked: dict[str, str], code: str
) -> None:
    error = bring(server, b"no clip at all", **asked)["error"]
    assert error["code"] == code
    if code == "clip_broken":
        assert error["params"]["file"] == "walk.mp4"


def test_a_clip_that_lists_itself_is_not_opened(server: Server, tmp_path: Path) -> None:
    told = b"ffconcat version 1.0\nfile 'clip.mp4'\n"
    (tmp_path / "clip.mp4").write_bytes(told)
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert refusal(tmp_path / "clip.mp4") == "clip_broken"
    with pytest.raises(InputError):
        open_sound(tmp_path / "clip.mp4")
    if before:
        assert len(os.listdir("/proc/self/fd")) <= before + 8
    assert bring(server, told)["error"]["code"] == "clip_broken"


def test_clips_stay_at_home_in_a_shared_studio(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_MODE", "demo")
    data = film(tmp_path / "a.mp4", count=2).read_bytes()
    assert bring(server, data)["error"]["code"] == "training_off"
