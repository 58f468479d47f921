"""Refining: the grid, what it learns, and the family tree that is the undo."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.tree import PLANT

from .conftest import Room
from .test_room import CONTROLS, DOZEN, WIDER_THAN_A_PHONE

FIRST_TILE = "document.querySelector('.tile.is-drawn img')?.src"
WHOLE = """() => document.querySelectorAll('.tile.is-drawn').length === 9"""
VOTES = """(count) =>
  document.querySelector('.learnt').textContent.includes(`so far: ${count}`)"""
NO_VOTES = "() => !document.querySelector('.learnt').textContent.includes('so far')"
READ = """async ([text, models]) => {
  const { readTree } = await import('./studio/assets/refine/lineage.js');
  try { return readTree(text, models).length; } catch (error) { return error.code; }
}"""
# A history of many works with a fork at every seventh, written as the page does.


def open_grid(room: Room) -> Room:
    room.page.evaluate(
        """() => {
          document.querySelector('[data-fold=refine]').open = true;
          reverie.store.flush();
        }"""
    )
    room.wait(WHOLE)
    return room


def head(room: Room) -> dict[str, Any]:
    return room.page.evaluate("reverie.history.head")


def take(room: Room, key: str) -> dict[str, Any]:
    """Take the tile at ``key``, and wait for the next grid of beliefs."""
    before, shown = head(room)["id"], room.page.evaluate(FIRST_TILE)
    room.press(key)
    room.wait("(id) => reverie.history.head.id !== id", before)
    # the grid that was taken from stays until the next one comes
    room.wait(f"(shown) => {FIRST_TILE} && {FIRST_TILE} !== shown", shown)
    room.wait("() => document.querySelector('.tile[data-role=believed].is-drawn')")
    room.wait(WHOLE)
    return head(room)


@pytest.fixture
def refining(visit: Callable[..., Room]) -> Room:
    room = visit(reduced_motion="reduce").enter().settle()
    assert not room.page.locator("link[href*='refine']").count()
    return open_grid(room)


def test_a_child_becomes_the_work_and_undo_brings_its_grid_back(
    refining: Room,
) -> None:
    before = refining.recipe
    roles = [tile.inner_text() for tile in refining.page.locator(".tile-role").all()]
    assert roles.count("variation") == 5 and roles[4] == "this work"
    child = take(refining, "1")
    assert "w" in child["recipe"]["source"] and child["how"] == "refine:variation"
    refining.wait(VOTES, 1)
    # What was chosen by mistake is no taste: its vote goes with it, and comes back.
    refining.step("undo").settle()
    assert refining.recipe == before
    refining.wait("() => document.querySelector('.tile[data-role=variation].is-drawn')")
    refining.wait(NO_VOTES)
    refining.step("redo").wait(VOTES, 1)
    assert refining.errors == []


def test_a_dream_stops_where_its_children_are_wanted(
    visit: Callable[..., Room],
) -> None:
    room = visit().enter()
    room.wait("() => reverie.drift.on")
    room.do("fold-refine").wait(WHOLE)
    assert room.errors == []


def test_likes_are_told_to_the_next_grid_and_can_be_forgotten(refining: Room) -> None:
    refining.page.hover(".tile >> nth=0")
    refining.press("+")
    refining.page.hover(".tile >> nth=1")
    refining.press("-")
    refining.wait("() => document.querySelector('.tile[data-verdict=disliked]')")
    refining.wait(VOTES, 2)  # told at once, while the grid stays
    with refining.page.expect_request("**/studio/children") as asked:
        refining.press("0")
    votes = json.loads(asked.value.post_data or "")["votes"]
    assert [vote["kind"] for vote in votes] == ["liked", "disliked"]
    refining.unfold()
    with refining.page.expect_request("**/studio/children") as asked:
        refining.do("forget")
    assert json.loads(asked.value.post_data or "")["votes"] == []


def test_everything_locked_is_told_in_one_sentence(refining: Room) -> None:
    refining.do("fold-keeps")
    with refining.page.expect_request("**/studio/children") as asked:
        refining.page.click(".keeps .chip >> nth=0")
    kept = json.loads(asked.value.post_data or "")["locks"]["properties"]
    name = refining.page.get_attribute(".keeps .chip >> nth=0", "data-name")
    assert kept == [name] and refining.page.inner_text(".keeps-told")
    refining.do("composition").do("detail")
    refining.hear("Everything is locked")


def test_the_tree_goes_anywhere_and_two_works_can_be_compared_and_bred(
    refining: Room,
) -> None:
    first = head(refining)
    take(refining, "1")
    refining.do("undo").wait("(id) => reverie.history.head.id === id", first["id"])
    refining.wait(WHOLE)
    second = take(refining, "2")
    refining.press("t").wait(
        "() => document.querySelectorAll('.tree-row').length === 3"
    )
    assert refining.page.locator(".tree-row.is-head").count() == 1
    refining.wait(
        """() => [...document.querySelectorAll('.tree-words')].some((row) =>
          row.textContent.includes('A child, variation'))"""
    )
    for row in (0, 1):
        refining.page.locator(".tree-row input").nth(row).check()
    refining.do("compare")
    refining.wait("() => document.querySelectorAll('.pair img[src]').length === 2")
    refining.do("back").do("breed")
    refining.wait("() => document.querySelector('.tile[data-role=between].is-drawn')")
    refining.wait(WHOLE)
    for half, parent in (("form", 1), ("paint", 2)):
        row = f".descent-row[data-half={half}]"
        with refining.page.expect_request("**/studio/children") as asked:
            refining.page.click(f"{row} .descent-tile:nth-child({parent})")
    wish = json.loads(asked.value.post_data or "")["descent"]
    assert wish == {"form": [0], "paint": [1]}
    refining.wait("() => document.querySelectorAll('[data-role=crossed]').length === 8")
    refining.press("1")
    refining.wait("() => reverie.history.head.parents.length === 2")
    assert head(refining)["how"] == "refine:crossed"
    assert second["id"] in head(refining)["parents"]
    assert refining.errors == []


def test_two_thousand_works_open_and_only_those_in_sight_exist(refining: Room) -> None:
    refining.page.evaluate(PLANT, 2000)
    refining.press("t").wait("() => document.querySelector('.tree-row')")
    assert "2001" in refining.page.inner_text(".tree-count")
    assert refining.page.locator(".tree-row").count() < 40
    refining.page.evaluate("document.querySelector('.tree-rows').scrollTop = 1e9")
    refining.wait("() => document.querySelector('[data-id=\"000000000-000000\"]')")
    refining.page.locator("[data-id='000000000-000000'] .tree-go").click()
    refining.wait("() => reverie.store.recipe.source.seed === 0")


def test_an_exported_tree_comes_back_and_a_damaged_one_does_not(refining: Room) -> None:
    take(refining, "3")
    text = refining.page.evaluate(
        """async () => {
          const { writeTree } = await import('./studio/assets/refine/lineage.js');
          return writeTree(await reverie.history.all());
        }"""
    )
    told = refining.page.evaluate

    def changed(change: Callable[[Any], None]) -> str:
        """A tree that was changed by somebody who knows how to sum it up."""
        moments = json.loads(text)["moments"]
        change(moments)
        again = """async (moments) => (await import(
          './studio/assets/refine/lineage.js')).writeTree(moments)"""
        return str(told(again, moments))

    assert told(READ, [text, ["tiny"]]) == 2
    assert told(READ, [text, ["other"]]) == "ui.tree.foreign"
    assert told(READ, [text[:-40], ["tiny"]]) == "ui.tree.broken"
    assert told(READ, ["[]", ["tiny"]]) == "ui.tree.broken"
    forged = text.replace('"how":"refine:variation"', '"how":"seed"')
    assert told(READ, [forged, ["tiny"]]) == "ui.tree.tampered"
    later = text.replace('"format":1,"sum"', '"format":2,"sum"')
    assert told(READ, [later, ["tiny"]]) == "ui.tree.newer"
    circle = changed(lambda found: found[0].update(parents=[found[1]["id"]]))
    assert told(READ, [circle, ["tiny"]]) == "ui.tree.cyclic"
    twins = changed(lambda found: found.append(found[0]))
    assert told(READ, [twins, ["tiny"]]) == "ui.tree.cyclic"
    strange = changed(lambda found: found[0].update(did="much"))
    assert told(READ, [strange, ["tiny"]]) == "ui.tree.tampered"
    hollow = changed(lambda found: found[0].pop("recipe"))
    assert told(READ, [hollow, ["tiny"]]) == "ui.tree.tampered"


def test_a_taste_of_another_model_is_refused_and_ones_own_comes_back(
    refining: Room,
) -> None:
    take(refining, "1")
    found = refining.page.evaluate(
        """async () => {
          const { Votes } = await import('./studio/assets/refine/votes.js');
          const votes = new Votes(() => reverie.store.card);
          const text = votes.write();
          const codes = [];
          for (const file of ['{', '{}', text.replace(/"fingerprint":"."/, 'x'),
              text.replace(reverie.store.card.fingerprint, '0'.repeat(16)),
              text.replace('chosen', 'crowned')]) {
            try { votes.read(file); } catch (error) { codes.push(error.code); }
          }
          votes.forget();
          votes.read(text);
          return [codes, votes.all.length];
        }"""
    )
    broken = "ui.taste.broken"
    assert found == [[broken, broken, "ui.taste.foreign", broken], 1]


def test_a_storage_that_is_full_offers_the_export(refining: Room) -> None:
    refining.page.evaluate(
        """() => { IDBObjectStore.prototype.put = () => {
          throw new DOMException('full', 'QuotaExceededError'); }; }"""
    )
    with refining.page.expect_download() as download:
        refining.do("dice").hear("Export").accept()
    assert download.value.suggested_filename == "reverie-tree.json"


def test_on_a_phone_the_grid_and_the_tree_fit(visit: Callable[..., Room]) -> None:
    phone = {"viewport": {"width": 390, "height": 844}}
    room = visit(**phone, has_touch=True, is_mobile=True, reduced_motion="reduce")
    room.enter().settle()
    assert room.visible(CONTROLS) <= DOZEN
    room.page.tap("[data-act='fold-refine']")
    room.wait(WHOLE)
    # The picture and all of the grid are in sight at once, without scrolling.
    room.wait(
        """() => {
          const box = (it) => document.querySelector(it).getBoundingClientRect();
          const [picture, grid] = [box('.frame'), box('.grid')];
          return picture.top >= 0 && picture.bottom <= grid.top + 1
            && grid.bottom <= innerHeight;
        }"""
    )
    assert room.page.evaluate(WIDER_THAN_A_PHONE) == []
    room.page.tap("[data-act='region']")
    assert room.visible("[data-act='rub']") == 1
    room.press("t").wait("() => document.querySelector('.tree-row')")
    assert room.page.evaluate(WIDER_THAN_A_PHONE) == []
