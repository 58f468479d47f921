"""Nothing is lost: reloads, restarts, links, saved pictures, keepers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from conftest import write_tiny_checkpoint
from PIL import Image

from studio.export.work import read_work
from studio.model import PREVIEW_SEEDS

from .conftest import Room, Studio

FIRST = "slider:pca-01"


def drop(room: Room, name: str, data: bytes) -> None:
    """Drop a file on the page."""
    room.page.evaluate(
        """([name, bytes]) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([new Uint8Array(bytes)], name));
          for (const type of ['dragenter', 'dragover', 'drop']) {
            document.body.dispatchEvent(new DragEvent(type, {
              dataTransfer, bubbles: true, cancelable: true }));
          }
        }""",
        [name, list(data)],
    )


def test_a_reload_returns_to_the_same_work_and_its_past(room: Room) -> None:
    room.slide(FIRST, 1.5).settle().unfold().slide("variety", 1.1).settle()
    before, picture = room.recipe, room.pixels()
    room.page.reload(wait_until="commit")
    room.wait("() => window.reverie?.store.work")
    assert room.settle().recipe == before
    assert room.pixels() == picture
    assert room.page.input_value(f"input[data-how='{FIRST}']") == "1.5"
    room.do("undo").wait("() => !reverie.store.recipe.variety")


def test_a_change_right_before_a_reload_is_kept(room: Room) -> None:
    room.page.evaluate(
        """() => {
          window.before = true;
          reverie.store.edit((work) =>
            ({ ...work, recipe: { ...work.recipe, variety: 1.25 } }), 'variety');
          setTimeout(() => location.reload());
        }"""
    )
    room.wait("() => !window.before && window.reverie?.store.work")
    assert room.settle().recipe["variety"] == 1.25
    room.do("undo").wait("() => !reverie.store.recipe.variety")


def test_redo_follows_the_path_of_its_own_tab(room: Room) -> None:
    room.slide(FIRST, 1).settle().step("undo")
    room.wait("() => !reverie.store.recipe.directions")
    other = Room(room.page.context.new_page(), room.address).enter().settle()
    other.slide(FIRST, -1).settle().page.close()
    room.do("redo").wait("() => reverie.store.recipe.directions")
    assert room.recipe["directions"] == {"pca-01": 1}
    room.wait("() => document.querySelector('[data-act=redo]').disabled")


def test_the_page_outlives_a_restart_of_the_server(room: Room, studio: Studio) -> None:
    room.slide(FIRST, 2).settle()
    before = room.recipe
    studio.stop()
    # A question that was under way may be told of first.
    line = "document.querySelector('.status').textContent"
    try:
        room.wait(f"() => {line}.includes('still trying')")
        room.slide(FIRST, 1)
    finally:
        studio.start()
    room.wait("() => reverie.live.state === 'open'")
    assert room.settle().recipe == {**before, "directions": {"pca-01": 1}}
    room.wait("() => !document.querySelector('.status.is-shown')")


def test_a_link_reproduces_the_work_elsewhere(
    room: Room, visit: Callable[..., Room]
) -> None:
    room.slide(FIRST, -2).settle().do("dice").settle()
    link = room.page.evaluate(
        """async () => {
          const copied = new Promise((done) => {
            navigator.clipboard.writeText = async (text) => done(text);
          });
          document.querySelector('[data-act=link]').click();
          return copied;
        }"""
    )
    other = visit().enter(link).settle()
    assert other.recipe == room.recipe
    assert other.pixels() == room.pixels()
    assert "#" not in other.page.url


def test_a_damaged_link_changes_nothing(room: Room) -> None:
    before = room.recipe
    room.page.evaluate("location.hash = '#work=eyJmb3JtYXQ'")
    room.hear("damaged")
    room.page.evaluate(
        "location.hash = '#work=' + btoa(JSON.stringify("
        "{...reverie.store.recipe, directions: {nowhere: 1}}))"
    )
    room.wait("() => document.querySelector('.status').textContent.includes('nowhere')")
    assert room.recipe == before


def test_a_saved_picture_dropped_on_the_page_comes_back(
    room: Room, tmp_path: Path
) -> None:
    room.slide(FIRST, 2).settle()
    recipe, picture = room.recipe, room.pixels()
    with room.page.expect_download() as download:
        room.press("s")
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert read_work(file).recipe.to_dict()["directions"] == {"pca-01": 2}
    room.do("dice").settle()
    drop(room, file.name, file.read_bytes())
    room.wait("() => reverie.store.recipe.source.seed === 2")
    assert room.settle().recipe == recipe
    assert room.pixels() == picture


def test_a_jpeg_with_the_name_of_its_maker_comes_back_too(
    room: Room, tmp_path: Path
) -> None:
    room.unfold().page.select_option("[data-save=kind]", "JPEG")
    room.page.fill("[data-save=creator]", "Ana")
    recipe = room.recipe
    with room.page.expect_download() as download:
        room.do("save")
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.suffix == ".jpg"
    assert read_work(file).marks["dc:creator"] == "Ana"
    room.page.select_option("[data-save=kind]", "PNG")
    room.page.fill("[data-save=creator]", "")
    room.do("dice").settle()
    drop(room, file.name, file.read_bytes())
    room.wait("() => reverie.store.recipe.source.seed === 2")
    assert room.settle().recipe == recipe


def test_a_picture_without_a_recipe_gets_one_sentence(
    room: Room, tmp_path: Path
) -> None:
    before = room.recipe
    noise = np.zeros((8, 8, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "plain.png")
    drop(room, "plain.png", (tmp_path / "plain.png").read_bytes())
    room.hear("JPEG, PNG and WebP")
    assert room.page.is_hidden(".veil")
    assert room.recipe == before


def test_keepers_bring_their_work_back(room: Room) -> None:
    kept = room.recipe
    room.do("keep").wait("() => document.querySelectorAll('.keeper').length === 1")
    room.press("k").hear("already").do("dice").settle().page.click(".keeper-open")
    room.wait("() => reverie.store.recipe.source.seed === 2")
    assert room.settle().recipe == kept
    room.page.reload(wait_until="commit")
    room.wait("() => document.querySelectorAll('.keeper').length === 1")
    room.page.hover(".keeper")
    room.do("unkeep").wait("() => document.querySelectorAll('.keeper').length === 0")


def test_a_keeper_taken_down_is_put_back_in_its_place(
    visit: Callable[..., Room],
) -> None:
    room = visit(reduced_motion="reduce").enter().settle()
    room.do("keep").wait("() => document.querySelectorAll('.keeper').length === 1")
    room.do("dice").settle().do("keep")
    room.wait("() => document.querySelectorAll('.keeper').length === 2")
    names = "[...document.querySelectorAll('.keeper-open')].map((it) => it.ariaLabel)"
    before, recipe = room.page.evaluate(names), room.recipe

    room.page.focus(".keeper:last-child .keeper-open")
    room.press("Delete")
    room.wait("() => document.querySelectorAll('.keeper').length === 1")
    room.accept().wait("() => document.querySelectorAll('.keeper').length === 2")
    assert room.page.evaluate(names) == before

    for left in (1, 0):
        room.page.hover(".keeper")
        room.page.click(".keeper:first-child [data-act='unkeep']")
        room.wait(f"() => document.querySelectorAll('.keeper').length === {left}")
        room.wait("() => document.querySelector('.status .offer')")
    for back in (1, 2):
        room.press("Control+z")
        room.wait(f"() => document.querySelectorAll('.keeper').length === {back}")
    assert room.page.evaluate(names) == before
    assert room.recipe == recipe
    first = f"reverie.store.recipe.source.seed === {PREVIEW_SEEDS[0]}"
    room.press("Control+z").wait(f"() => {first}")


def test_another_model_takes_the_seed_along_and_undo_brings_the_first_back(
    visit: Callable[..., Room], studio: Studio
) -> None:
    room = visit(reduced_motion="reduce").enter().settle().do("dice").settle()
    seed = room.recipe["source"]
    room.unfold().page.select_option("[data-act='model']", "wild")
    room.wait("() => reverie.store.recipe.model === 'wild'")
    assert room.settle().recipe["source"] == seed
    room.do("undo").wait("() => reverie.store.recipe.model === 'tiny'")
    room.wait("() => document.querySelector('[data-act=model]').value === 'tiny'")


def test_models_of_one_title_are_told_apart_by_name(
    visit: Callable[..., Room], studio: Studio
) -> None:
    room = visit(reduced_motion="reduce")

    def alike(route: Any) -> None:
        response = route.fetch()
        offer = response.json()
        for model in offer["models"]:
            model |= {"title": "Landscapes", "titles": {}}
        route.fulfill(response=response, json=offer)

    room.page.route("**/studio/models", alike)
    room.enter().settle()
    options = room.page.locator("[data-act='model'] option")
    assert options.all_text_contents() == ["Landscapes (tiny)", "Landscapes (wild)"]
    room.press("l").wait(
        """() => [...document.querySelectorAll('[data-act=model] option')]
          .some(({ textContent }) => textContent === 'Landscapes（wild）')"""
    )


def test_a_model_that_was_trained_on_meanwhile_keeps_the_hand(
    visit: Callable[..., Room], studio: Studio
) -> None:
    room = visit(reduced_motion="reduce").enter().unfold()
    room.page.select_option("[data-act='model']", "wild")
    room.wait("() => reverie.store.recipe.model === 'wild'")
    before = room.slide(FIRST, 2).settle().recipe
    write_tiny_checkpoint(studio.checkpoints / "wild", seed=1)
    # The server looks at the folder now and then; a hand that goes on finds out.
    # What it says then is looked for all along: another sentence may follow at once.
    room.page.evaluate(
        """() => {
          const line = document.querySelector('.status');
          const look = () => { window.told ||= line.textContent.includes('changed'); };
          const how = { childList: true, characterData: true, subtree: true };
          new MutationObserver(look).observe(line, how);
          window.asking = setInterval(
            () => reverie.live.request(reverie.store.recipe), 200);
        }"""
    )
    changed = "(old) => window.told && reverie.store.recipe.fingerprint !== old"
    room.wait(changed, before["fingerprint"])
    room.page.evaluate("clearInterval(window.asking)")
    after = room.slide(FIRST, 3).settle().recipe
    assert after["directions"] == {"pca-01": 3}
    assert after["source"] == before["source"]
