"""The room of dreams: telling, playing, arranging, hearing, and the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from sounds import write_sound

from .conftest import Room
from .test_room import WIDER_THAN_A_PHONE

DREAM = "The sea at sunset. Xyzzy plugh. 山上下雪了。"
FRAMES = "(count) => document.querySelectorAll('.reel-card').length === count"
PLAYS = "() => reverie.dream.player.playing && reverie.dream.player.time > 0.2"
DRAWN = "() => document.querySelector('.dream-frame.has-picture')"
WALKS = "(count) => reverie.dream.player.walk?.stops.length === count"


def texts(room: Room) -> list[str]:
    return room.page.evaluate("reverie.dream.reel.frames.map(({ text }) => text)")


@pytest.fixture
def dreaming(visit: Callable[..., Room]) -> Room:
    room = visit(reduced_motion="reduce").enter().settle()
    room.page.click("[data-room-link=dream]")
    room.wait("() => document.querySelector('.telling')")
    return room


def test_a_pasted_dream_plays_with_its_captions(dreaming: Room) -> None:
    dreaming.page.fill(".dream-text", DREAM)
    dreaming.do("dream_tell").wait(FRAMES, 3)
    dreaming.wait(PLAYS)
    dreaming.wait(DRAWN)
    assert texts(dreaming) == ["The sea at sunset.", "Xyzzy plugh.", "山上下雪了。"]
    dreaming.wait(
        "() => Number(document.querySelector('.dream-caption').style.opacity)"
    )
    assert dreaming.page.inner_text(".dream-caption") == "The sea at sunset."
    dreaming.press("Escape").page.evaluate("document.activeElement.blur()")
    dreaming.press("Space").wait("() => !reverie.dream.player.playing")
    # what was understood is told of each, and what was not drifts on
    assert (
        dreaming.page.inner_text(".reel-card:nth-child(2) .reel-words") == "drifts on"
    )
    assert dreaming.visible(".chosen") == 0
    dreaming.page.click(".reel-card:nth-child(2) .reel-open")
    assert "drifts on" in dreaming.page.inner_text(".chosen")
    dreaming.page.reload()
    dreaming.wait(FRAMES, 3)
    assert texts(dreaming)[0] == "The sea at sunset."
    assert dreaming.errors == []


def test_a_dream_without_a_sentence_is_told(dreaming: Room) -> None:
    dreaming.page.fill(".dream-text", " ... ")
    dreaming.do("dream_tell")
    dreaming.wait("() => document.querySelector('.telling .notice').textContent")
    assert "no sentence" in dreaming.page.inner_text(".telling .notice")


def test_keyframes_are_added_moved_timed_edited_and_taken_away(
    dreaming: Room,
) -> None:
    dreaming.do("dream_add").wait(FRAMES, 1)
    dreaming.wait("() => document.querySelector('.reel-card img[src]')")
    dreaming.page.fill(".dream-text", DREAM)
    dreaming.do("dream_tell").wait(FRAMES, 3)
    dreaming.wait(WALKS, 3)
    first, second, third = texts(dreaming)
    dreaming.page.click(".reel-card:first-child .reel-open")
    dreaming.press("Alt+ArrowRight")
    assert texts(dreaming) == [second, first, third]
    dreaming.do("dream_later")
    assert texts(dreaming) == [second, third, first]
    dreaming.page.fill(".chosen-times input", "2.5")
    dreaming.page.select_option(".chosen-times select", "hold")
    dreaming.page.evaluate("document.activeElement.blur()")
    frame = dreaming.page.evaluate("reverie.dream.reel.chosenFrame")
    assert (frame["seconds"], frame["easing"], frame["text"]) == (2.5, "hold", first)
    # every tool of the studio edits it: to the easel, changed there, and back
    dreaming.do("dream_edit").wait("() => reverie.history.head.how === 'dream'")
    dreaming.settle().do("dice").settle()
    diced = dreaming.recipe["source"]
    dreaming.page.click("[data-room-link=dream]")
    dreaming.do("dream_take")
    taken = dreaming.page.evaluate("reverie.dream.reel.chosenFrame.recipe")
    assert taken["source"] == diced and texts(dreaming)[2] == first
    dreaming.do("dream_remove").wait(FRAMES, 2)
    assert dreaming.errors == []


def test_a_drift_around_and_along_plays(dreaming: Room) -> None:
    dreaming.do("dream_add").wait(FRAMES, 1)
    dreaming.page.select_option(".ways select", "around")
    dreaming.wait("() => reverie.dream.player.walk?.stops.length > 8")
    dreaming.page.select_option(".ways select", "along")
    dreaming.wait(WALKS, 2)
    dreaming.do("dream_play").wait(PLAYS)
    dreaming.wait(DRAWN)
    assert dreaming.errors == []


def test_a_film_to_music_leaves_as_a_file(dreaming: Room, tmp_path: Path) -> None:
    dreaming.do("dream_add").do("dream_add").wait(FRAMES, 2)
    dreaming.page.evaluate(
        """reverie.dream.reel.frames.forEach(({ id }) =>
          reverie.dream.reel.edit(id, { seconds: 0.5 }))"""
    )
    dreaming.do("fold-sound")
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(b"noise" * 100)
    dreaming.page.set_input_files(".music input[type=file]", str(broken))
    dreaming.wait("() => document.querySelector('.music .notice').textContent")
    assert "broken.mp3" in dreaming.page.inner_text(".music .notice")
    music = write_sound(tmp_path / "beat.wav", seconds=1)
    dreaming.page.set_input_files(".music input[type=file]", str(music))
    dreaming.wait("() => document.querySelectorAll('.music-row').length === 3")
    dreaming.page.select_option(".making select >> nth=1", "12")
    path = tmp_path / "film.mp4"
    with dreaming.page.expect_download() as download:
        dreaming.do("dream_film")
    download.value.save_as(path)
    with av.open(str(path)) as film:
        assert [stream.type for stream in film.streams] == ["video", "audio"]
        assert sum(1 for _ in film.decode(video=0)) == 12
    assert dreaming.errors == []


def test_a_film_under_way_can_be_stopped(dreaming: Room) -> None:
    dreaming.do("dream_add").do("dream_add").wait(FRAMES, 2)
    dreaming.page.evaluate(
        """reverie.dream.reel.frames.forEach(({ id }) =>
          reverie.dream.reel.edit(id, { seconds: 500 }))"""
    )
    dreaming.do("dream_film")
    dreaming.wait("() => document.querySelector('.making progress').value > 0")
    dreaming.do("dream_cancel")
    dreaming.wait("() => document.querySelector('[data-act=dream_film]:enabled')")
    assert dreaming.visible(".making-link") == 0
    assert dreaming.page.inner_text(".making .notice") == ""


def test_create_has_its_picture_back_and_its_keys_rest_meanwhile(
    dreaming: Room,
) -> None:
    before = dreaming.recipe
    dreaming.press("r").press("n")
    dreaming.page.click("[data-room-link=create]")
    dreaming.settle()
    assert dreaming.recipe == before


def test_on_a_phone_nothing_is_too_wide(visit: Callable[..., Room]) -> None:
    phone: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}
    room = visit(**phone, has_touch=True, is_mobile=True, reduced_motion="reduce")
    room.enter().page.click("[data-room-link=dream]")
    room.wait("() => document.querySelector('.telling')")
    room.do("dream_add").wait(FRAMES, 1)
    assert room.page.evaluate(WIDER_THAN_A_PHONE) == []
    room.speak("zh")
    assert "讲讲你的梦" in room.page.inner_text(".telling")
    assert room.page.evaluate(WIDER_THAN_A_PHONE) == []
