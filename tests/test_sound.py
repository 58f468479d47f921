"""Sound: what is heard in it, and what is no sound at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sounds import RATE, write_samples, write_sound

from studio.errors import InputError
from studio.export.sound import listen, open_sound

FPS = 24


def test_beats_are_heard_where_they_are(tmp_path: Path) -> None:
    sound = open_sound(write_sound(tmp_path / "a.wav", seconds=6, beat=0.5))
    heard = listen(sound, FPS, 6 * FPS)
    rises = np.flatnonzero(np.diff(heard.beats) > 0.3) + 1
    assert len(rises) >= 10
    off = np.abs(rises / FPS - np.round(rises / FPS * 2) / 2)
    assert off.max() <= 2 / FPS


def test_loudness_and_brightness_follow_the_sound(tmp_path: Path) -> None:
    time = np.arange(4 * RATE) / RATE
    low = 0.05 * np.sin(2 * np.pi * 150 * time)
    high = 0.8 * np.sin(2 * np.pi * 4000 * time)
    samples = np.where(time < 2, low, high)
    sound = open_sound(write_samples(tmp_path / "a.wav", samples))
    heard = listen(sound, FPS, 4 * FPS)
    for values in (heard.loudness, heard.brightness):
        assert values[3 * FPS] > values[FPS] + 0.4
        assert values.min() >= 0 and values.max() <= 1


def test_silence_is_silent_and_after_the_end_nothing_is_heard(tmp_path: Path) -> None:
    quiet = open_sound(write_samples(tmp_path / "q.wav", np.zeros(RATE)))
    assert listen(quiet, FPS, 48).silent
    short = open_sound(write_sound(tmp_path / "s.wav", seconds=1))
    heard = listen(short, FPS, 5 * FPS)
    assert not heard.silent and heard.loudness[-FPS:].max() < 0.01


def test_an_hour_is_read_as_far_as_the_film_goes(tmp_path: Path) -> None:
    path = write_samples(tmp_path / "hour.wav", np.zeros(3600 * RATE, np.float32))
    sound = open_sound(path, until=3.0)
    assert sound.seconds == pytest.approx(3600)
    assert sum(part.shape[1] for part in sound.samples(RATE, 1)) == 3 * RATE


def test_a_sound_that_breaks_off_is_heard_up_to_there(tmp_path: Path) -> None:
    whole = write_sound(tmp_path / "a.wav", seconds=4).read_bytes()
    (tmp_path / "b.wav").write_bytes(whole[: len(whole) // 2])
    sound = open_sound(tmp_path / "b.wav")
    parts = list(sound.samples(RATE, 1))
    assert 1.5 * RATE < sum(part.shape[1] for part in parts) < 2.5 * RATE


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "sound_empty"),
        (b"no sound at all, but words" * 40, "sound_broken"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "sound_broken"),
        (None, "sound_missing"),
    ],
)
def test_what_is_no_sound_is_told(
    tmp_path: Path, content: bytes | None, code: str
) -> None:
    path = tmp_path / "file.mp3"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        open_sound(path)
    assert refused.value.code == code


def test_a_picture_has_no_sound(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (16, 16)).save(tmp_path / "a.png")
    with pytest.raises(InputError) as refused:
        open_sound(tmp_path / "a.png")
    assert refused.value.code == "sound_none"
