"""On stage: it drifts, is driven by hands and sounds, and shows what was kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Room

# An oscillator in place of the one thing that a test machine lacks: a microphone.
LOUD = """() => {
  const context = new AudioContext();
  const tone = new OscillatorNode(context, { frequency: 440 });
  const place = context.createMediaStreamDestination();
  tone.connect(place);
  tone.start();
  navigator.mediaDevices.getUserMedia = async () => place.stream;
}"""
KNOBS = """() => {
  const knobs = { onmidimessage: null };
  window.turn = (...data) => knobs.onmidimessage({ data });
  navigator.requestMIDIAccess = async () => ({ inputs: new Map([["a", knobs]]) });
}"""
ON_STAGE = "() => document.fullscreenElement?.classList.contains('is-performing')"
AMOUNT = "(name) => reverie.store.work.hand.amounts[name]"


def click(room: Room, act: str) -> None:
    """Press a button of the foot, which is there while a hand is near."""
    room.page.evaluate(
        "(act) => document.querySelector(`[data-act=${act}]`).click()", act
    )


@pytest.fixture
def stage(visit: Callable[..., Room]) -> Room:
    room = visit(reduced_motion="reduce").enter().settle()
    room.press("m").wait(ON_STAGE)
    room.wait("() => reverie.drift.on")
    return room


def test_keys_drive_what_drifts_and_leaving_ends_it(stage: Room) -> None:
    name = stage.page.evaluate("reverie.stage.names[1]")
    stage.press("2")
    assert stage.page.evaluate(AMOUNT, name) == pytest.approx(0.4)
    stage.press("Shift+Digit2")
    assert not stage.page.evaluate(AMOUNT, name)
    assert stage.page.evaluate("reverie.drift.on")
    stage.press("ArrowRight").wait("() => !reverie.drift.on")
    # nobody's hand: it drifts on by itself
    stage.wait("() => reverie.drift.on")
    stage.press("m").wait("() => !document.fullscreenElement")
    stage.wait("() => !reverie.stage.on")
    assert stage.errors == []


def test_a_microphone_moves_the_picture_and_stays_in_the_browser(stage: Room) -> None:
    sent: list[str] = []
    stage.page.on("request", lambda request: sent.append(request.url))
    stage.page.evaluate(LOUD)
    click(stage, "perform_mic")
    stage.wait(
        """() => {
          const moved = reverie.live.modulate?.(reverie.store.recipe);
          const directions = moved?.directions ?? {};
          return Object.values(directions).some((amount) => Math.abs(amount) > 0.3);
        }"""
    )
    assert not [url for url in sent if "sound" in url]
    click(stage, "perform_mic")
    assert stage.page.evaluate("reverie.live.modulate") is None
    assert stage.errors == []


def test_a_browser_without_microphone_says_so(stage: Room) -> None:
    stage.page.evaluate(
        """() => { navigator.mediaDevices.getUserMedia = async () => {
          throw new DOMException('no', 'NotAllowedError'); }; }"""
    )
    click(stage, "perform_mic")
    stage.hear("no microphone")


def test_a_knob_is_learnt_and_remembered(stage: Room) -> None:
    stage.page.evaluate(KNOBS)
    click(stage, "perform_midi")
    name = stage.page.evaluate("reverie.stage.names[0]")
    stage.page.click(f"[data-target='slider:{name}']")
    stage.page.evaluate("turn(0xb0, 21, 127)")
    assert stage.page.evaluate(AMOUNT, name) == pytest.approx(3)
    stage.page.evaluate("turn(0xb0, 21, 0)")
    assert stage.page.evaluate(AMOUNT, name) == pytest.approx(-3)
    stage.page.evaluate("turn(0xb0, 22, 127)")  # nobody taught it anything
    assert stage.page.evaluate(AMOUNT, name) == pytest.approx(-3)
    assert "cc 1 21" in stage.page.inner_text(".midi-rows")
    kept = stage.page.evaluate("localStorage['reverie:midi']")
    assert f"slider:{name}" in kept
    assert stage.errors == []


def test_keepers_are_shown_when_nobody_touches_it(visit: Callable[..., Room]) -> None:
    room = visit(reduced_motion="reduce").enter().settle()
    room.do("keep").wait("() => document.querySelector('.keeper')")
    room.press("m").wait(ON_STAGE)
    room.wait("() => reverie.drift.on")
    room.page.evaluate(
        "performance.now = ((then) => () => then() + 60000)"
        "(performance.now.bind(performance))"
    )
    room.wait("() => document.querySelector('.slides.is-on img.is-seen')")
    assert not room.page.evaluate("reverie.drift.on")
    room.press("2").wait("() => !document.querySelector('.slides.is-on')")
    room.wait("() => reverie.drift.on")
    assert room.errors == []
