"""A taste under a name, the grid of sixteen, a painted region that children keep."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Room
from .test_refining import FIRST_TILE, open_grid, take

SIXTEEN = "() => document.querySelectorAll('.tile.is-drawn').length === 16"
VOTES = """async () => {
  const { Votes } = await import('./studio/assets/refine/votes.js');
  return new Votes(() => reverie.store.card).all.length;
}"""
KEPT = "() => document.querySelector('.profile')"
# What somebody does who holds the left half of the picture with a broad brush.
PAINT = """() => {
  const canvas = document.querySelector('canvas.region');
  canvas.setPointerCapture = () => {};
  canvas.hasPointerCapture = () => true;
  const box = canvas.getBoundingClientRect();
  const at = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type, {
    buttons: 1,
    clientX: box.left + x * box.width,
    clientY: box.top + y * box.height,
  }));
  at('pointerdown', 0.2, 0.1);
  at('pointermove', 0.2, 0.9);
  at('pointerup', 0.2, 0.9);
}"""
PATCHES = """(count) => window.reverie.store.recipe.source.w &&
  (window.reverie.store.recipe.patches ?? []).length === count"""


@pytest.fixture
def refining(visit: Callable[..., Room]) -> Room:
    return open_grid(visit(reduced_motion="reduce").enter().settle())


def keep(room: Room, name: str) -> None:
    room.page.fill(".profile-form input", name)
    room.do("taste_keep")


def renewed(room: Room, act: Callable[[], object]) -> None:
    """Do what brings another grid, and wait until all of it is there."""
    before = room.page.wait_for_function(f"() => {FIRST_TILE}").json_value()
    act()
    room.wait(f"(before) => {FIRST_TILE} && {FIRST_TILE} !== before", before)
    room.wait("() => document.querySelectorAll('.tile.is-drawn').length === 9")


def test_a_taste_has_a_name_survives_a_reload_and_serves_another_seed(
    refining: Room,
) -> None:
    refining.unfold()
    keep(refining, "dusk")
    refining.hear("Nothing is learnt yet")
    refining.page.evaluate("document.activeElement.blur()")
    take(refining, "1")
    keep(refining, "dusk")
    refining.wait(KEPT)
    refining.do("forget").do("dice")
    assert refining.page.evaluate(VOTES) == 0
    refining.page.reload()
    open_grid(refining.come_in()).unfold()
    refining.wait(KEPT)
    refining.page.click(".profile .quiet >> text=dusk")
    refining.wait("() => document.querySelector('.tile[data-role=believed]')")
    assert refining.page.evaluate(VOTES) == 1
    refining.page.click(".profile [data-act=taste_drop]")
    refining.wait("() => !document.querySelector('.profile')")
    refining.accept().wait(KEPT)
    assert refining.errors == []


def test_a_taste_without_room_is_offered_as_a_file(refining: Room) -> None:
    take(refining, "1")
    refining.unfold().page.evaluate(
        """() => { Storage.prototype.setItem = () => {
          throw new DOMException('full', 'QuotaExceededError'); }; }"""
    )
    with refining.page.expect_download() as download:
        keep(refining, "dusk")
        refining.accept()
    assert download.value.suggested_filename == "tiny-taste.json"


def test_a_grid_of_sixteen_on_request(refining: Room) -> None:
    refining.do("wide").wait(SIXTEEN)
    roles = [tile.inner_text() for tile in refining.page.locator(".tile-role").all()]
    assert roles[5] == "this work" and len(roles) == 16
    refining.page.locator(".tile-take").nth(15).click()
    refining.wait("() => reverie.history.head.how.startsWith('refine')")
    refining.wait(SIXTEEN)
    refining.do("wide")
    refining.wait("() => document.querySelectorAll('.tile.is-drawn').length === 9")
    assert refining.errors == []


def test_children_keep_a_painted_region_through_the_generations(
    refining: Room,
) -> None:
    origin = refining.recipe["source"]
    refining.do("region")
    renewed(refining, lambda: refining.page.evaluate(PAINT))
    for key in "12":
        take(refining, key)
        refining.wait(PATCHES, 1)
        assert refining.recipe["patches"][0]["recipe"]["source"] == origin
    renewed(refining, lambda: refining.do("region"))
    take(refining, "1")
    refining.wait(PATCHES, 0)
    assert refining.errors == []


def test_a_picture_has_sliders_of_its_own(refining: Room) -> None:
    refining.page.evaluate("document.querySelector('[data-fold=local]').open = true")
    refining.wait("() => !document.querySelector('.local.is-waiting')")
    refining.slide("local:1", 2)
    refining.wait("() => 'w' in reverie.store.recipe.source")
    refining.settle()
    assert refining.page.evaluate("reverie.history.head.how") == "local:1"
    refining.do("undo").wait("() => 'seed' in reverie.store.recipe.source")
    assert refining.errors == []


CUT = """async () => {
  const { Votes } = await import('./studio/assets/refine/votes.js');
  const votes = new Votes(() => reverie.store.card);
  const file = JSON.parse(votes.write());
  file.votes[0].place.length = 2;
  try { votes.read(JSON.stringify(file)); } catch (error) { return error.code; }
}"""


def test_what_was_learnt_is_neither_spoilt_by_a_file_nor_lost_at_a_click(
    refining: Room,
) -> None:
    take(refining, "3")
    refining.unfold()
    before = refining.page.evaluate(VOTES)
    assert before == 1
    assert refining.page.evaluate(CUT) == "ui.taste.broken"
    refining.do("forget")
    assert refining.page.evaluate(VOTES) == 0
    refining.page.click(".status .offer")
    assert refining.page.evaluate(VOTES) == before
