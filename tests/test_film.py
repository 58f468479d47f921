"""Films: whole or not there, of the size and speed that were asked for."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from sounds import write_sound

from studio.errors import InputError
from studio.export.captions import Caption, Captions
from studio.export.film import (
    BATCH,
    Extras,
    FilmStopped,
    Format,
    count_frames,
    shoot,
    write_film,
)
from studio.export.sound import open_sound
from studio.model import Model
from studio.recipe import Recipe

SIZE = (48, 64)
SMALL = Format(SIZE, 12)


def fading(count: int) -> Iterator[np.ndarray]:
    """Frames from black to red, the left half brighter."""
    for index in range(count):
        frame = np.zeros((32, 48, 3), np.uint8)
        frame[:, :, 0] = 200 * index // max(1, count - 1)
        frame[:, :24, 1] = 60
        yield frame


def read(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


def boxes(path: Path) -> list[str]:
    """The names of an MP4's outermost boxes, in order."""
    data, at, names = path.read_bytes(), 0, []
    while at < len(data):
        names.append(data[at + 4 : at + 8].decode())
        at += int.from_bytes(data[at : at + 4], "big")
    return names


def test_an_mp4_has_every_frame_in_its_colours_and_its_index_first(
    tmp_path: Path,
) -> None:
    path = tmp_path / "new" / "film.mp4"
    assert write_film(path, fading(30), SMALL) == 30
    with av.open(str(path)) as film:
        video = film.streams.video[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == (
            "h264",
            "yuv420p",
        )
        assert (video.height, video.width) == SIZE and video.average_rate == 12
    shown = read(path)
    assert len(shown) == 30
    last = shown[-1][24].astype(int)
    assert abs(last[16] - [200, 60, 0]).max() < 12
    assert abs(last[56] - [200, 0, 0]).max() < 12
    names = boxes(path)
    assert names.index("moov") < names.index("mdat") and names[-1] == "uuid"
    assert [file.name for file in path.parent.iterdir()] == ["film.mp4"]


def test_an_animated_webp_has_every_frame_at_its_time(tmp_path: Path) -> None:
    path = tmp_path / "film.webp"
    said = {"Description": "made & told"}
    write_film(path, fading(30), SMALL, Extras(statement=said, document='{"a":1}'))
    with Image.open(path) as film:
        assert film.n_frames == 30 and film.size == (64, 48)  # type: ignore
        xmp = film.info["xmp"].decode()
        film.seek(29)
        assert film.convert("RGB").getpixel((8, 24))[0] > 180  # type: ignore
        time = film.info["timestamp"] + film.info["duration"]
    assert time == 2500
    assert "trainedAlgorithmicMedia" in xmp and "made &amp; told" in xmp
    assert '{"a":1}' in xmp


def test_a_film_says_how_it_was_made(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    said = {"Title": "Orchard", "Description": "Made with AI", "Source": "pears"}
    document = '{"fingerprint":"' + "f" * 5000 + '"}'
    write_film(path, fading(2), SMALL, Extras(statement=said, document=document))
    with av.open(str(path)) as film:
        assert film.metadata["title"] == "Orchard"
        assert film.metadata["description"] == "Made with AI pears"
        assert film.metadata["comment"] == document
    assert b"trainedAlgorithmicMedia" in path.read_bytes()


@pytest.mark.parametrize("name", ["film.mp4", "film.webp"])
def test_one_frame_and_odd_sides_are_a_film(tmp_path: Path, name: str) -> None:
    shape = Format.of((51, 33), 24)
    assert shape.size == (50, 32)
    assert write_film(tmp_path / name, fading(1), shape) == 1
    assert (tmp_path / name).stat().st_size > 200


@pytest.mark.parametrize("name", ["film.mp4", "film.webp"])
@pytest.mark.parametrize("after", [0, 1, 7, 20])
def test_stopping_leaves_no_half_file(tmp_path: Path, name: str, after: int) -> None:
    path = tmp_path / name
    path.write_bytes(b"an older film")
    with pytest.raises(FilmStopped):
        write_film(path, fading(20), SMALL, progress=lambda done: done < after)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"an older film"]


@pytest.mark.parametrize("name", ["film.mp4", "film.webp"])
def test_an_error_amid_a_film_leaves_no_half_file(tmp_path: Path, name: str) -> None:
    def broken() -> Iterator[np.ndarray]:
        yield from fading(5)
        raise InputError("busy")

    with pytest.raises(InputError, match="too much to do"):
        write_film(tmp_path / name, broken(), SMALL)
    assert list(tmp_path.iterdir()) == []


FULL = """
    import resource, signal, sys
    from pathlib import Path
    import numpy as np
    from studio.errors import InputError
    from studio.export.film import Format, write_film
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
    chance = np.random.default_rng(0)
    frames = (chance.integers(0, 256, (96, 96, 3), np.uint8) for _ in range(60))
    try:
        write_film(Path(sys.argv[1]), frames, Format((96, 96), 12))
    except InputError as problem:
        print(problem.code)
"""


@pytest.mark.parametrize("name", ["film.mp4", "film.webp"])
def test_a_disk_that_takes_no_more_is_told_in_a_sentence(
    tmp_path: Path, name: str
) -> None:
    command = [sys.executable, "-c", textwrap.dedent(FULL), str(tmp_path / name)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "cannot_write"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError) as refused:
        write_film(tmp_path / "file" / "film.mp4", fading(2), SMALL)
    assert refused.value.code == "cannot_write"


def test_frames_are_rendered_one_part_ahead_and_no_further(tiny_model: Model) -> None:
    asked: list[int] = []
    with ThreadPoolExecutor(1) as hands:

        def render(recipes: Sequence[Recipe]) -> Future[np.ndarray]:
            asked.append(len(recipes))
            return hands.submit(tiny_model.render, recipes)

        recipes = (tiny_model.recipe(seed) for seed in range(5 * BATCH + 3))
        made = shoot(recipes, render)
        first = next(made)
        assert asked == [BATCH, BATCH] and first.shape == (32, 32, 3)
        assert 1 + sum(1 for _ in made) == 5 * BATCH + 3
        assert asked == [BATCH] * 5 + [3]


def test_a_film_carries_its_sound_as_long_as_itself(tmp_path: Path) -> None:
    sound = open_sound(write_sound(tmp_path / "beat.wav", seconds=6), until=2.0)
    path = tmp_path / "film.mp4"
    write_film(path, fading(24), SMALL, Extras(sound=sound))
    with av.open(str(path)) as film:
        heard = np.concatenate([f.to_ndarray() for f in film.decode(audio=0)], 1)
        assert film.streams.audio[0].codec_context.name == "aac"
        rate = film.streams.audio[0].rate
    assert heard.shape[1] / rate == pytest.approx(2.0, abs=0.1)
    assert np.abs(heard[:, : rate // 4]).max() > 0.2
    assert np.abs(heard[:, -rate // 50 :]).max() < 0.1  # it fades


def test_what_no_font_can_draw_goes_into_a_track_of_text(tmp_path: Path) -> None:
    captions = Captions(
        [Caption("\U00012000 \U00012001", 0, 1), Caption("sea", 1, 2)], SIZE
    )
    assert [caption.text for caption in captions.drawn] == ["sea"]
    path = tmp_path / "film.mp4"
    write_film(path, fading(24), SMALL, Extras(captions=captions))
    with av.open(str(path)) as film:
        kinds = [stream.type for stream in film.streams]
        texts = [bytes(p) for p in film.demux(subtitles=0) if p.size > 2]
    assert kinds == ["video", "subtitle"]
    assert texts[0][2:].decode() == "\U00012000 \U00012001"


def test_sizes_rates_and_lengths_out_of_range_are_refused() -> None:
    for size, fps, code in [
        ((8, 64), 24, "film_size"),
        ((64, 9000), 24, "film_size"),
        ((64, 64), 0, "film_fps"),
        ((64, 64), 400, "film_fps"),
    ]:
        with pytest.raises(InputError) as refused:
            Format.of(size, fps)
        assert refused.value.code == code
    with pytest.raises(InputError) as refused:
        count_frames(4000, 24)
    assert refused.value.code == "film_seconds"
    assert count_frames(0.001, 24) == 1
