"""Sixty-four works at once: picking fast, and what becomes of the picks."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.export.work import read_work

from .conftest import Room
from .test_room import WIDER_THAN_A_PHONE

WHOLE = "() => document.querySelectorAll('.find.is-drawn').length === 64"
COUNT = "(text) => document.querySelector('.cull-count').textContent === text"
NUMBER = "document.activeElement.dataset.number"


def open_wall(room: Room) -> Room:
    room.press("g").wait(WHOLE)
    return room


@pytest.fixture
def culling(visit: Callable[..., Room]) -> Room:
    return open_wall(visit(reduced_motion="reduce").enter().settle())


def downloaded(room: Room, act: str) -> bytes:
    with room.page.expect_download() as download:
        room.do(act)
    return Path(download.value.path()).read_bytes()


def test_two_keys_pick_and_reject_and_go_on(culling: Room) -> None:
    before = culling.recipe
    for key in "pxp":
        culling.press(key)
    culling.wait(COUNT, "2 picked, 1 rejected")
    assert culling.page.evaluate(NUMBER) == "4"
    culling.press("ArrowLeft").press("p").wait(COUNT, "1 picked, 1 rejected")
    culling.page.locator(".find-open").nth(9).click()
    culling.wait(COUNT, "2 picked, 1 rejected")
    culling.do("cull.show.undecided")
    assert culling.visible(".find") == 61
    culling.do("cull.show.picked")
    assert culling.visible(".find") == 2
    # P, R and N mean other things where there is no wall.
    culling.press("r").press("n").press("Control+z")
    assert culling.recipe == before
    culling.press("Home").press("Enter")
    culling.wait("() => !document.querySelector('.cull').open")
    culling.wait("() => reverie.history.head.how === 'cull'")
    culling.settle()
    assert culling.recipe != before
    assert culling.errors == []


def test_picks_leave_as_a_zip_and_as_a_contact_sheet(culling: Room) -> None:
    culling.press("p").press("x").press("p")
    with zipfile.ZipFile(io.BytesIO(downloaded(culling, "cull_zip"))) as archive:
        names = archive.namelist()
        recipes = [read_work(archive.read(name)).recipe for name in names]
    assert [name[:3] for name in names] == ["01-", "03-"]
    assert len({recipe.source for recipe in recipes}) == 2
    culling.wait("() => document.querySelector('[data-act=cull_sheet]:enabled')")
    assert downloaded(culling, "cull_sheet").startswith(b"\x89PNG")


def test_picks_become_parents_and_stay_in_the_tree(culling: Room) -> None:
    parent = culling.page.evaluate("reverie.history.head.id")
    culling.do("cull.way.near")
    culling.wait("() => document.querySelector('.cull-wall.is-waiting') === null")
    culling.wait(WHOLE)
    for _ in range(3):
        culling.press("p")
    culling.wait(COUNT, "3 picked, 0 rejected")
    # Others come in place of what was not picked.
    culling.do("cull_again")
    culling.wait("() => document.querySelector('.cull-wall.is-waiting') === null")
    culling.wait(WHOLE)
    culling.wait(COUNT, "3 picked, 0 rejected")
    culling.do("cull_breed")
    culling.wait("() => document.querySelector('.tile[data-role=between].is-drawn')")
    assert "3 works" in culling.page.inner_text(".learnt")
    picks = culling.page.evaluate(
        "reverie.history.all().then((all) => all.filter(({ how }) => how === 'cull'))"
    )
    assert [pick["parents"] for pick in picks] == [[parent]] * 3
    culling.press("1").wait("() => reverie.history.head.parents.length === 3")
    assert culling.errors == []


def test_a_wall_that_is_left_makes_no_more_and_goes_on_when_it_is_back(
    visit: Callable[..., Room],
) -> None:
    room = visit(reduced_motion="reduce").enter().settle()
    room.press("g").wait("() => document.querySelector('.find')")
    room.press("Escape").wait("() => !document.querySelector('.cull').open")
    seeds = "[...document.querySelectorAll('.find-open')].length"
    assert room.page.evaluate(seeds) == 64
    open_wall(room)
    assert room.errors == []


def test_a_pick_without_room_in_the_browser_offers_the_export(culling: Room) -> None:
    culling.page.evaluate(
        """() => { IDBObjectStore.prototype.put = () => {
          throw new DOMException('full', 'QuotaExceededError'); }; }"""
    )
    culling.press("p").wait("() => document.querySelector('.cull-note .offer')")
    culling.wait(COUNT, "1 picked, 0 rejected")
    culling.do("cull_breed")
    culling.wait("() => document.querySelector('.tile.is-drawn')")


def test_on_a_phone_a_tap_enlarges_and_a_swipe_rejects(
    visit: Callable[..., Room],
) -> None:
    phone = {"viewport": {"width": 390, "height": 844}}
    room = visit(**phone, has_touch=True, is_mobile=True, reduced_motion="reduce")
    open_wall(room.enter().settle())
    assert room.page.evaluate(WIDER_THAN_A_PHONE) == []
    room.page.tap(".find:nth-child(2)")
    assert room.visible(".cull-loupe img") == 1
    room.page.tap("[data-act='cull_pick']")
    room.wait(COUNT, "1 picked, 0 rejected")
    caption = "document.querySelector('.cull-caption').textContent"
    room.wait(f"() => {caption}.startsWith('3 ')")
    room.page.tap("[data-act='cull_wall']")
    room.page.locator(".find").nth(4).evaluate(
        """(tile) => {
          const at = (type, clientX) => tile.dispatchEvent(new PointerEvent(type,
            { pointerType: 'touch', clientX, bubbles: true }));
          at('pointerdown', 200); at('pointerup', 90);
        }"""
    )
    room.wait(COUNT, "1 picked, 1 rejected")
