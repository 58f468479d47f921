"""The Train room, with a real run: from a drop of pictures to a model in Create."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from servers import free_port
from trainers import TINY, train_apart

from studio.model import Model

from .conftest import PATIENCE, Room, Studio

FORM_FIELDS = {"resolution", "minutes"}
DROP = """async ([files]) => {
  const transfer = new DataTransfer();
  for (const [name, data] of files) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name));
  }
  const event = { dataTransfer: transfer, bubbles: true, cancelable: true };
  document.querySelector(".zone").dispatchEvent(new DragEvent("drop", event));
}"""

# The page itself never scrolls beside a panel that does.
STANDS = "document.documentElement.scrollHeight === innerHeight"


def go_to_train(room: Room) -> Room:
    room.page.click("[data-room-link=train]")
    room.wait("() => document.querySelector('.train .form:not([hidden])')")
    room.wait("() => document.querySelectorAll('.setting').length > 20")
    return room


def drop(room: Room, folder: Path) -> None:
    """Drop the pictures of a folder, as a hand does."""
    import base64

    files = [
        (path.name, base64.b64encode(path.read_bytes()).decode())
        for path in sorted(folder.glob("*.png"))
    ]
    room.page.evaluate(DROP, [files])


def choose_tiny(room: Room, name: str, **changes: Any) -> None:
    """Fill the form for a run that takes seconds."""
    page = room.page
    page.fill("[data-field=name]", name)
    page.select_option("[data-field=base]", "scratch|all")
    page.fill("[data-field=resolution]", "32")
    for name in ("advanced", "every_setting"):
        page.evaluate(f"document.querySelector('[data-fold={name}]').open = true")
    for key, value in {**TINY, **changes}.items():
        if key not in FORM_FIELDS:
            typed = value if isinstance(value, str) else json.dumps(value).strip("[]")
            page.fill(f".setting [data-field={key}]", typed)
    page.select_option("[data-field=rights]", "own")


def wait_for_phase(room: Room, *phases: str) -> None:
    condition = "(phases) => phases.includes(document.querySelector("
    condition += "'.run[aria-current]')?.dataset.phase)"
    room.page.wait_for_function(condition, arg=list(phases), timeout=4 * PATIENCE)


@pytest.fixture
def train(visit: Callable[..., Room]) -> Iterator[Room]:
    room = visit(viewport={"width": 1440, "height": 900}).enter()
    yield go_to_train(room)
    assert room.errors == []


def test_nothing_of_the_train_room_is_fetched_before_it_is_opened(
    visit: Callable[..., Room],
) -> None:
    room = visit()
    asked: list[str] = []
    room.page.on("request", lambda request: asked.append(request.url))
    room.enter()
    assert not [url for url in asked if "/train/" in url or "/runs" in url]
    before = room.page.evaluate("window.kept = document.querySelector('canvas.live')")
    go_to_train(room)
    assert not room.page.evaluate("reverie.drift.on")
    room.page.click("[data-room-link=create]")
    room.wait("() => document.querySelector('.frame').checkVisibility()")
    same = "window.kept === document.querySelector('canvas.live')"
    assert before is not None and room.page.evaluate(same)
    assert room.page.evaluate("reverie.live.state") == "open"
    room.wait("() => reverie.drift.on")


def test_a_run_may_have_minutes_of_ones_own(train: Room, tiny_folder: Path) -> None:
    page = train.page
    drop(train, tiny_folder)
    train.wait("() => document.querySelector('.doctor-count')?.innerText.includes(12)")
    page.fill("[data-field=name]", "brief")
    page.fill(".dial .own", "7")
    assert page.is_checked("[name=train-dial][value=own]")
    page.select_option("[data-field=rights]", "own")
    asked: list[Any] = []

    def refuse(route: Any) -> None:
        asked.append(route.request.post_data_json)
        route.fulfill(status=400, json={"error": {"code": "busy", "params": {}}})

    page.route("**/studio/runs", refuse)
    page.click("[data-act=train-start]")
    page.wait_for_function("() => document.querySelector('.notice:not(:empty)')")
    assert asked[-1]["minutes"] == 7
    page.unroute("**/studio/runs")


def test_from_dropped_pictures_to_a_model_in_create(
    train: Room, tiny_folder: Path, studio: Studio
) -> None:
    page = train.page
    drop(train, tiny_folder)
    train.wait("() => document.querySelector('.doctor-count')?.innerText.includes(12)")
    page.wait_for_selector(".problem img")
    # Few steps and sheets before its generator, many after: it ends when it is told.
    choose_tiny(train, "dusk", kimg=15.0, autoencoder_batch=12, sample_kimg=0.5)
    page.click("[data-act=train-start]")
    page.wait_for_selector(".sheet:not([hidden])", timeout=4 * PATIENCE)

    page.reload()
    page.wait_for_selector(".run[data-run=dusk][aria-current]")
    train.wait("() => document.querySelector('.watch-name').innerText === 'dusk'")
    page.wait_for_selector(".sheet:not([hidden])")
    page.click("[data-act=train-pause]")
    wait_for_phase(train, "paused")
    page.click("[data-act=train-resume]")
    wait_for_phase(train, "autoencoder", "generator")
    wait_for_phase(train, "generator")
    page.wait_for_selector("[data-act=train-publish]:not(:disabled)")
    page.click("[data-act=train-stop]")
    wait_for_phase(train, "stopped")

    page.click("[data-act=train-publish]")
    # A name after `tiny`: a page that is new here still opens that.
    page.fill("[data-field=publish]", "twilight")
    page.click("[data-act=train-publish_go]")
    page.wait_for_function(
        "() => document.querySelector('.question').textContent.includes('twilight')"
    )
    published = studio.checkpoints / "twilight"
    card = json.loads((published / "card.json").read_text())
    assert card["data"]["rights"] == "I made these pictures."
    page.click("[data-act=train-play]")
    train.wait("() => reverie.store.card?.name === 'dusk'")
    train.wait("() => reverie.picture.settledRecipe === reverie.store.recipe")

    page.go_back()
    page.click("[data-act=train-delete]")
    page.click("[data-act=train-delete_sure]")
    train.wait("() => !document.querySelector('.run[data-run=dusk]')")
    shutil.rmtree(published)


def test_a_problem_is_left_out_with_one_click(train: Room, tmp_path: Path) -> None:
    for i in range(4):
        Image.new("RGB", (64, 64), (60 * i, 90, 200)).save(tmp_path / f"{i}.png")
    (tmp_path / "broken.png").write_bytes(b"broken")
    page = train.page
    page.fill("[data-field=path]", str(tmp_path))
    page.click("[data-act=train-look]")
    page.wait_for_selector(".doctor-count")
    # what is small follows the size that is typed
    page.select_option("[data-field=base]", "scratch|all")
    page.fill("[data-field=resolution]", "64")
    page.wait_for_selector(".kind[data-kind=small]", state="detached")
    assert page.evaluate(STANDS)
    page.fill("[data-field=resolution]", "32x96")
    page.wait_for_selector(".kind[data-kind=small]")
    count = "document.querySelector('.doctor-count').innerText"
    before = page.evaluate(count)
    page.click(".kind[data-kind=small]")
    train.wait(f"(before) => {count} !== before", before)
    page.click(".problem:not(:disabled) >> nth=0")
    page.fill("[data-field=path]", "/no/such/folder")
    page.press("[data-field=path]", "Enter")
    notice = "document.querySelector('.intake .notice').innerText"
    train.wait(f"() => {notice}.includes('/no/such/folder')")


def test_pictures_are_shown_as_they_will_be_seen(
    train: Room, tiny_folder: Path
) -> None:
    page = train.page
    page.fill("[data-field=path]", str(tiny_folder))
    page.click("[data-act=train-look]")
    shown = "[...document.querySelectorAll('.seen img:not([hidden])')]"
    here = f"{shown}.every((image) => image.classList.contains('is-here'))"
    # they are not of the kind of the model that is there, which is told
    page.wait_for_selector("[data-field=base] + [data-say='ui.train.base.stranger']")
    assert page.input_value("[data-field=base]") == "scratch|all"
    page.select_option("[data-field=base]", index=0)
    train.wait(f"() => {shown}.length === 12 && {here}")
    page.click(".segment:has([value=whole])")
    train.wait(f"() => {here} && {shown}.every(({{ src }}) => src.includes('whole'))")
    page.select_option("[data-field=base]", "scratch|all")
    train.wait(f"() => {shown}.length === 6")
    page.fill("[data-field=resolution]", "64x32")
    train.wait(f"() => {here} && {shown}.every(({{ src }}) => src.includes('64x32'))")
    assert page.evaluate(f"{shown}[0].naturalHeight") == 64
    page.evaluate("document.querySelector('[data-fold=advanced]').open = true")
    look = "document.querySelector('.looks img.is-here')"
    train.wait(f"() => {look}?.src")
    before = page.evaluate(f"{look}.src")
    page.click("[data-act=train-looks_again]")
    train.wait(f"before => {look} && {look}.src !== before", before)


def test_a_model_of_their_kind_lends_its_brushwork(
    train: Room, tiny_model: Model, tmp_path: Path
) -> None:
    for seed in range(24):
        pixels = tiny_model.render_canonical(tiny_model.recipe(seed))
        Image.fromarray(pixels).save(tmp_path / f"{seed}.png")
    train.page.fill("[data-field=path]", str(tmp_path))
    train.page.click("[data-act=train-look]")
    # it has no discriminator: there is nothing else to go on from
    train.page.wait_for_selector("[data-field=base] + [data-say='ui.train.base.brush']")
    assert train.page.input_value("[data-field=base]") == "tiny|autoencoder"


def test_a_run_of_the_terminal_shows_up_and_wrong_settings_are_told(
    train: Room, tiny_folder: Path, studio: Studio
) -> None:
    page = train.page
    page.fill("[data-field=path]", str(tiny_folder))
    page.click("[data-act=train-look]")
    page.wait_for_selector(".doctor-count")
    choose_tiny(train, "no/name")
    page.click("[data-act=train-start]")
    notice = "document.querySelector('.form-rest .notice').innerText"
    train.wait(f"() => {notice}.includes('no/name')")
    train_apart(studio.runs, tiny_folder, "terminal")
    page.wait_for_selector(".run[data-run=terminal]")
    page.click(".run[data-run=terminal]")
    page.wait_for_selector(".film-frame")
    samples = studio.runs / "terminal" / "samples"
    shutil.copy(samples / "000000.webp", samples / "000001.webp")  # as if it went on
    frames = ".film-frame:not(.is-autoencoder)"
    page.wait_for_selector(f"{frames} >> nth=1")
    # Read as it is pressed: two sheets are soon shown.
    press = page.locator("[data-act=train-lapse]")
    assert "Stop" in press.evaluate("it => { it.click(); return it.innerText; }")
    train.wait(
        f"""() => document.querySelector('[data-act=train-lapse]').dataset.say ===
        'ui.train.lapse' && [...document.querySelectorAll('{frames}')].at(-1)
        .getAttribute('aria-pressed') === 'true'"""
    )
    # all of it without scrolling
    main = "document.querySelector('.train-main')"
    train.wait(f"() => {main}.scrollHeight <= {main}.clientHeight")
    assert page.evaluate(STANDS)


def test_a_phone_shows_the_train_room_without_sideways_scrolling(
    visit: Callable[..., Room], tiny_folder: Path
) -> None:
    room = visit(viewport={"width": 390, "height": 844}).enter()
    go_to_train(room)
    room.page.fill("[data-field=path]", str(tiny_folder))
    room.page.press("[data-field=path]", "Enter")
    room.page.wait_for_selector(".doctor-count")
    room.unfold()
    for language in ("en", "zh"):
        room.speak(language)
        assert room.page.evaluate("document.documentElement.scrollWidth") <= 390
        words = room.page.inner_text(".train")
        assert "ui.train" not in words
        assert ("Start training" in words) == (language == "en")


def test_a_shared_studio_explains_that_it_does_not_train(
    chromium: Any, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    shared = Studio(tiny_checkpoint.parent, tmp_path, free_port(), STUDIO_MODE="demo")
    context = chromium.new_context(locale="en-US")
    try:
        shared.start()
        room = Room(context.new_page(), shared.address).enter()
        room.page.click("[data-room-link=train]")
        room.page.wait_for_selector(".train.is-off .train-off")
        assert "off" in room.page.inner_text(".train-off")
        assert room.errors == []
    finally:
        context.close()
        shared.stop()
