"""A picture of one's own on the page: read, polished, mixed, grafted, collaged."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from studio.export.film import Format, write_film

from .conftest import Room, Studio
from .test_room import WIDER_THAN_A_PHONE

READ = "() => reverie.store.recipe.residual"
SAID = "(key) => document.querySelector('.picture-said')?.dataset.say === key"
DROP = """(files) => {
  const dataTransfer = new DataTransfer();
  for (const [name, data, type] of files) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    dataTransfer.items.add(new File([bytes], name, { type }));
  }
  const event = { bubbles: true, cancelable: true };
  if (document.documentElement.dataset.paste) {
    const clipboardData = dataTransfer;
    document.body.dispatchEvent(
      new ClipboardEvent('paste', { ...event, clipboardData }));
    return;
  }
  for (const type of ['dragenter', 'dragover', 'drop']) {
    dispatchEvent(new DragEvent(type, { ...event, dataTransfer }));
  }
}"""


@pytest.fixture(scope="module", autouse=True)
def _read_before(studio: Studio, tiny_reader: Path) -> None:
    """The model has read pictures before: learning takes some seconds."""
    for name in ("tiny", "wild"):
        kept = studio.checkpoints / name / tiny_reader.name
        kept.write_bytes(tiny_reader.read_bytes())


def painting(seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    colours = Image.fromarray(rng.integers(0, 256, (4, 5, 3), np.uint8))
    buffer = io.BytesIO()
    colours.resize((90, 72), Image.Resampling.BICUBIC).save(buffer, "PNG")
    return buffer.getvalue()


def bring(room: Room, *files: bytes, kind: str = "image/png", name: str = "") -> Room:
    named = [
        [name or f"{index}.png", base64.b64encode(data).decode(), kind]
        for index, data in enumerate(files)
    ]
    room.page.evaluate(DROP, named)
    return room


def amount_of(room: Room) -> Any:
    return room.recipe["residual"]["amount"]


def test_a_dropped_picture_is_read_steered_polished_and_undone(room: Room) -> None:
    before = room.recipe
    bring(room, painting(1)).wait(READ)
    room.settle()
    assert room.page.is_hidden(".veil")
    read = room.recipe
    assert amount_of(room) == 0.5 and read["size"] == before["size"]
    room.slide("faithful", 1).settle()
    assert amount_of(room) == 1
    nothing = "document.querySelector('.status').textContent.includes('nothing')"
    room.do("difference").wait(f"() => {nothing}")
    assert room.page.is_hidden(".difference")
    room.do("difference").slide("slider:pca-01", 2).settle()
    assert room.recipe["residual"]["data"] == read["residual"]["data"]
    room.do("difference").wait("() => !document.querySelector('.difference').hidden")
    room.do("difference")
    room.do("polish").wait("() => reverie.history.head.how === 'polish'")
    room.wait("() => document.querySelector('.picture-bar:not(.is-busy)')")
    room.settle()
    polished = room.recipe
    assert polished["residual"]["data"] != read["residual"]["data"]
    assert polished["directions"] == {"pca-01": 2} and amount_of(room) == 1
    with room.page.expect_download() as download:
        room.press("s")
    assert Path(download.value.path()).stat().st_size > 1000
    for _ in range(4):
        head = room.page.evaluate("reverie.history.head.id")
        room.press("Control+z").wait("(id) => reverie.history.head.id !== id", head)
    room.settle()
    assert room.recipe == before
    # What grows from a seed has nothing of a picture left.
    bring(room, painting(2)).wait(READ)
    room.settle().do("dice").wait("() => !reverie.store.recipe.residual")


def test_polishing_stops_when_asked_and_keeps_what_it_has(room: Room) -> None:
    bring(room, painting(3)).wait(READ)
    room.settle().do("polish").wait("() => document.querySelector('.is-busy')")
    room.do("polish").wait("() => !document.querySelector('.is-busy')")
    room.settle()
    assert amount_of(room) == 0.5
    assert room.page.get_attribute("[data-act=polish]", "aria-label") == "Polish"


def test_a_pasted_stranger_is_told_and_what_is_no_picture_too(room: Room) -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[::4] = 255
    buffer = io.BytesIO()
    Image.fromarray(stripes).save(buffer, "PNG")
    room.page.evaluate("document.documentElement.dataset.paste = 1")
    bring(room, buffer.getvalue()).wait(READ)
    room.page.evaluate("delete document.documentElement.dataset.paste")
    room.wait(SAID, "ui.picture.outside")
    before = room.settle().recipe
    bring(room, b"<svg/>").hear("JPEG, PNG and WebP")
    assert room.recipe == before


def test_another_work_gives_its_paint_and_a_region(room: Room) -> None:
    room.unfold().do("keep").wait("() => document.querySelector('.keeper')")
    kept = room.recipe["source"]
    room.do("dice").settle()
    room.wait("() => document.querySelector('.other-tile img[src]')")
    room.do("graft").hear("first")
    room.page.locator(".other-tile").first.click()
    room.slide("mix", 0.6).wait("() => reverie.store.recipe.mix")
    (mix,) = room.settle().recipe["mix"]
    assert mix["amount"] == 0.6
    other = "(was) => JSON.stringify(reverie.store.recipe.mix[0].source) !== was"
    room.do("mix_form").wait(other, json.dumps(mix["source"], separators=(",", ":")))
    room.do("graft")
    box = room.page.locator(".frame").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    room.page.mouse.move(x, y)
    room.page.mouse.down()
    room.page.mouse.move(x + 30, y + 20, steps=4)
    room.page.mouse.up()
    room.wait("() => reverie.store.recipe.patches")
    (patch,) = room.settle().recipe["patches"]
    assert patch["recipe"]["source"] == kept
    room.do("release").wait("() => !reverie.store.recipe.patches")
    assert "mix" not in room.settle().recipe
    room.page.locator("[data-act=unkeep]").first.evaluate("it => it.click()")


def test_pieces_on_the_board_become_a_work(room: Room) -> None:
    bring(room, painting(4), painting(5))
    room.wait("() => document.querySelector('.board.has-result')")
    assert "2 of 40" in room.page.inner_text(".board-count")
    canvas = room.page.locator(".board-pieces")
    result = "document.querySelector('.board-result').toDataURL()"
    first = room.page.evaluate(result)
    canvas.focus()
    for key in ("ArrowRight", "ArrowDown", "+", "]", "]"):
        room.press(key)
    changed = f"(was) => {result} !== was"
    room.wait(changed, first)
    moved = room.page.evaluate(result)
    room.do("board_rub")
    box = canvas.bounding_box()
    room.page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"])
    room.page.mouse.down()
    room.page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.6 * box["height"])
    room.page.mouse.up()
    room.wait(changed, moved)
    room.do("board_another").do("board_take")
    room.wait("() => reverie.history.head.how === 'board'")
    room.settle()
    assert amount_of(room) == 0.9


def at_rest(room: Room, what: str) -> str:
    """What `what` gives once it does not change any more."""
    before = None
    while (now := room.page.evaluate(what)) != before:
        before = now
        room.page.wait_for_timeout(600)
    return str(now)


def test_a_piece_is_cut_out_and_what_was_done_on_the_board_taken_back(
    room: Room,
) -> None:
    counted = "document.querySelector('.board-count')?.textContent"
    before_all = room.page.evaluate(counted)
    bring(room, painting(4), painting(5))
    room.wait(f"(was) => {counted} !== was", before_all)
    room.wait("() => document.querySelector('.board.has-result')")
    lying = "document.querySelector('.board-pieces').toDataURL()"
    painted = "document.querySelector('.board-result').toDataURL()"
    room.do("board_cut")
    completed, whole = at_rest(room, painted), room.page.evaluate(lying)
    box = room.page.locator(".board-pieces").bounding_box()
    corners = [(0.2, 0.25), (0.35, 0.25), (0.4, 0.4), (0.3, 0.5), (0.2, 0.4)]
    places = [
        (box["x"] + x * box["width"], box["y"] + y * box["width"]) for x, y in corners
    ]
    room.page.mouse.move(*places[0])
    room.page.mouse.down()
    for place in places[1:]:
        room.page.mouse.move(*place, steps=4)
    room.page.mouse.up()
    room.wait(f"(was) => {painted} !== was", completed)
    assert room.page.evaluate(lying) != whole
    before = room.recipe
    room.press("Control+z")
    room.wait(f"(was) => {lying} === was", whole)
    room.wait(f"(was) => {painted} === was", completed)
    room.press("Control+Shift+z")  # there is no redo, and it takes nothing back
    assert room.page.evaluate(lying) == whole
    assert room.recipe == before  # the easel is left alone
    room.do("board_undo").wait(f"(was) => {lying} !== was", whole)
    room.wait(f"(was) => {counted} === was", before_all or "0 of 40 pieces")
    room.press("Escape")


def test_a_piece_that_is_no_picture_stays_told(room: Room) -> None:
    bring(room, painting(4), painting(5), b"no picture")
    room.wait("() => document.querySelector('.board.has-result')")
    room.page.wait_for_timeout(300)
    assert "1 of these could not be read" in room.page.inner_text(".board-note")
    room.press("Escape")


def test_a_clip_becomes_a_film_that_plays_and_is_taken_away(
    room: Room, tmp_path: Path
) -> None:
    clip = tmp_path / "walk.mp4"
    frames = (np.full((48, 64, 3), 20 * i, np.uint8) for i in range(12))
    write_film(clip, frames, Format((48, 64), 12))
    before = room.recipe
    bring(room, clip.read_bytes(), kind="video/mp4", name="walk.mp4")
    room.wait("() => document.querySelector('.clip-name')?.textContent === 'walk.mp4'")
    with room.page.expect_download() as taken:
        room.do("clip_film")
    assert taken.value.suggested_filename == "walk-tiny.mp4"
    room.wait("() => document.querySelector('.clip-film').readyState >= 2")
    assert room.recipe == before
    bring(room, b"no clip", kind="video/mp4", name="odd.mp4")
    room.wait("() => document.querySelector('.clip-name')?.textContent === 'odd.mp4'")
    room.do("clip_film").wait(
        "() => document.querySelector('.clip .notice').textContent.includes('odd.mp4')"
    )
    room.page.route("**/studio/clips?*", lambda route: None)  # it never arrives
    room.do("clip_film")
    room.page.click(".clip [data-act=dream_cancel]")
    room.wait("() => !document.querySelector('[data-act=clip_film]').disabled")
    assert room.page.inner_text(".clip .notice") == ""
    room.page.unroute("**/studio/clips?*")


def test_the_board_holds_forty_pieces_and_needs_none(room: Room) -> None:
    bring(room, *[painting(seed) for seed in range(43)])
    counted = "document.querySelector('.board-count')?.textContent"
    room.wait(f"() => {counted}?.includes('40 of 40')")
    room.wait("() => document.querySelector('.board.has-result')")
    for _ in range(40):
        room.page.locator("[data-act=board_remove]").evaluate("it => it.click()")
    assert "0 of 40" in room.page.inner_text(".board-count")
    assert room.page.is_disabled("[data-act=board_remove]")
    room.press("Escape").wait("() => !document.querySelector('.board').open")


def test_on_a_phone_there_is_a_camera_and_nothing_is_too_wide(
    visit: Callable[..., Room],
) -> None:
    phone = {"viewport": {"width": 390, "height": 844}}
    room = visit(**phone, has_touch=True, is_mobile=True, reduced_motion="reduce")
    bring(room.enter().settle(), painting(6)).wait(READ)
    room.settle().unfold()
    assert room.visible("[data-act=picture_camera]") == 1
    assert room.page.evaluate(WIDER_THAN_A_PHONE) == []
    room.do("board").wait("() => document.querySelector('.board')?.open")
    assert room.page.evaluate(WIDER_THAN_A_PHONE) == []
    assert room.errors == []
