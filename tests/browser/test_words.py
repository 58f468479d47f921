"""Saying what it should be, taking parts of it away, and moods to start from."""

from __future__ import annotations

import base64
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from conftest import write_fruit_checkpoint
from servers import NEAR
from worded import give_words

from studio.checkpoint import amend, read_card
from studio.evaluation.features import extract_features
from studio.evaluation.memory import Memory
from studio.evaluation.nearness import FILE
from studio.model import Model
from studio.recipe import Recipe
from studio.server.shelf import LOOK_AGAIN

from .conftest import Room, Studio

NAMES = ("sunset", "sea", "village")
MAPPED = "() => document.querySelectorAll('.map-dot.is-drawn').length === 64"
NEAR_SAYS = (
    """(words) => document.querySelector('.near')?.textContent.includes(words)"""
)


@pytest.fixture
def speaking(visit: Callable[..., Room], studio: Studio, tiny_checkpoint: Path) -> Room:
    """A room in which a model that knows three words is on the easel."""
    folder = studio.checkpoints / "worded"
    if not folder.exists():
        shutil.copytree(tiny_checkpoint, folder)
        give_words(folder, NAMES)
    return enter_with(visit(reduced_motion="reduce"), folder)


def test_a_word_that_is_a_kind_chooses_the_kind(
    visit: Callable[..., Room], studio: Studio
) -> None:
    folder = write_fruit_checkpoint(studio.checkpoints / "zest")
    room = enter_with(visit(reduced_motion="reduce"), folder)
    say(room, "pears")
    room.wait("() => reverie.store.recipe.kinds?.pear === 1")
    assert "directions" not in room.settle().recipe
    room.page.click(".chip[data-word='pear']")
    room.wait("() => !reverie.store.recipe.kinds")
    assert room.settle().errors == []


def enter_with(room: Room, folder: Path) -> Room:
    recipe = Model.open(str(folder)).recipe(2)
    wait_for_model(room, recipe)
    work = base64.urlsafe_b64encode(recipe.to_json().encode()).decode().rstrip("=")
    room.enter(f"{room.address}#work={work}")
    room.wait("(name) => reverie.store.card.name === name", folder.name)
    return room.settle()


def wait_for_model(room: Room, recipe: Recipe) -> None:
    """A studio that runs looks at its folder every other second."""
    address, wish = f"{room.address}studio/save", {"recipe": recipe.to_dict()}
    deadline = time.monotonic() + 300
    while not httpx.post(address, json=wish, **NEAR).is_success:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def say(room: Room, text: str) -> None:
    room.page.fill("input[data-how='words']", text)
    room.page.press("input[data-how='words']", "Enter")


def look_at_moods(room: Room) -> None:
    room.page.locator("[data-fold='presets']").evaluate("it => { it.open = true; }")


def test_a_sentence_moves_the_picture_and_says_what_was_understood(
    speaking: Room,
) -> None:
    say(speaking, "sea:1.5, helicopter")
    speaking.wait("() => reverie.store.recipe.directions?.sea === 1.5")
    assert speaking.visible(".chip[data-word='sea']") == 1
    speaking.wait(
        "() => document.querySelector('.stranger')?.innerText.includes('helicopter')"
    )
    recipe = speaking.settle().recipe
    assert recipe["source"] != {"seed": 2}  # a start that suits
    speaking.page.click(".chip[data-word='sea']")
    speaking.wait("() => !reverie.store.recipe.directions")
    assert speaking.settle().recipe["source"] == recipe["source"]
    speaking.do("undo").wait("() => reverie.store.recipe.directions?.sea === 1.5")
    assert speaking.errors == []


def test_what_is_said_before_there_is_a_work_is_said_of_the_first(
    speaking: Room,
) -> None:
    speaking.page.evaluate(
        "() => { window.kept = reverie.store.work; reverie.store.work = null; }"
    )
    say(speaking, "sea")
    say(speaking, "sunset")
    speaking.page.evaluate(
        """() => {
          reverie.store.work = window.kept;
          reverie.store.edit((work) => work, 'test');
        }"""
    )
    speaking.wait("() => reverie.store.recipe.directions?.sunset > 0")
    assert set(speaking.settle().recipe["directions"]) == {"sunset"}
    assert speaking.errors == []


def test_with_shift_it_is_said_of_the_picture_as_it_is(speaking: Room) -> None:
    speaking.page.fill("input[data-how='words']", "海, 没有 村庄")
    speaking.page.press("input[data-how='words']", "Shift+Enter")
    speaking.wait("() => reverie.store.recipe.directions?.village < 0")
    recipe = speaking.settle().recipe
    assert recipe["source"] == {"seed": 2} and recipe["directions"]["sea"] > 0
    say(speaking, "sunset")
    speaking.wait("() => reverie.store.recipe.directions?.sunset > 0")
    assert set(speaking.settle().recipe["directions"]) == {"sunset"}


def test_sliders_with_names_come_first(speaking: Room) -> None:
    ends = speaking.page.locator(".first .slider .plus").all_inner_texts()
    assert ends[:3] == ["more sunset", "more sea", "more village"]


def test_moods_have_pictures_and_an_own_one_survives_a_reload(speaking: Room) -> None:
    look_at_moods(speaking)
    speaking.wait("() => document.querySelector('[data-preset=coast] img')?.src")
    speaking.page.click("[data-preset=coast] .preset")
    speaking.wait("() => reverie.store.recipe.directions?.sea > 0")
    speaking.settle().do("preset_save")
    speaking.page.fill(".words .fold .words-field", "My sea")
    speaking.press("Enter").wait("() => document.querySelector('.preset.is-own')")
    speaking.page.reload(wait_until="commit")
    look_at_moods(speaking.come_in().settle())
    assert speaking.page.inner_text(".preset.is-own") == "My sea"
    speaking.unfold().do("level").wait("() => !reverie.store.recipe.directions")
    speaking.page.click(".preset.is-own")
    speaking.wait("() => reverie.store.recipe.directions?.sea > 0")
    speaking.do("preset_delete")
    assert speaking.visible(".preset.is-own") == 0
    assert speaking.errors == []


def test_a_model_without_words_is_not_asked_for_any(room: Room) -> None:
    assert room.visible("input[data-how='words']") == 0


def test_undo_takes_back_what_was_said_and_redo_says_it_again(speaking: Room) -> None:
    say(speaking, "sea")
    speaking.wait("() => reverie.store.recipe.directions?.sea === 1")
    speaking.settle().do("undo").wait("() => !reverie.store.recipe.directions")
    assert speaking.visible(".chip") == 0
    speaking.do("redo").wait("() => reverie.store.recipe.directions?.sea === 1")
    assert speaking.visible(".chip[data-word='sea']") == 1
    say(speaking, "village")  # instead of the sea, not on top of it
    speaking.wait("() => reverie.store.recipe.directions?.village === 1")
    assert speaking.settle().recipe["directions"] == {"village": 1}


def test_a_slider_that_was_moved_since_speaks_for_itself(speaking: Room) -> None:
    say(speaking, "sea")
    speaking.wait("() => reverie.store.recipe.directions?.sea === 1")
    speaking.settle().slide("slider:sea", 2).settle()
    assert speaking.visible(".chip") == 0
    say(speaking, "village")
    speaking.wait("() => reverie.store.recipe.directions?.village === 1")
    assert speaking.settle().recipe["directions"] == {"sea": 2, "village": 1}


def test_saying_something_leaves_the_strength_of_the_rest_as_it_was(
    speaking: Room,
) -> None:
    speaking.slide("slider:village", 2).unfold().slide("strength", 0.5).settle()
    assert speaking.recipe["directions"] == {"village": 1}
    say(speaking, "sea")
    speaking.wait("() => reverie.store.recipe.directions?.sea === 1")
    assert speaking.settle().recipe["directions"] == {"sea": 1, "village": 1}


def mark(room: Room, numbers: list[int], clicks: int) -> None:
    """Click the tiles of a lesson that show these works so many times each."""
    for number in numbers:
        for _ in range(clicks):
            room.page.locator(".lesson-tile").nth(number).click()


def test_a_word_is_taught_said_kept_and_forgotten(speaking: Room) -> None:
    for amount in (4, -4):
        for seed in range(7):
            speaking.page.evaluate(
                """([seed, amount]) => {
                  const { store } = reverie;
                  const { format, model, fingerprint } = store.recipe;
                  const directions = { sunset: amount };
                  const source = { seed };
                  const recipe = { format, model, fingerprint, source, directions };
                  const hand = { strength: 1, amounts: directions };
                  store.edit(() => ({ recipe, hand }), `test${seed}`);
                  store.flush();
                }""",
                [seed, amount],
            )
    speaking.settle().press("e")
    speaking.wait("() => document.querySelectorAll('.lesson-tile').length >= 14")
    mark(speaking, list(range(7)), 2)  # the newest come first: less of it
    mark(speaking, list(range(7, 14)), 1)
    speaking.page.fill(".lesson .words-field", "云海")
    speaking.press("Enter")
    speaking.wait("() => reverie.store.recipe.directions?.['云海'] === 1")
    step = speaking.settle().recipe["taught"]["云海"]
    assert speaking.visible(".chip[data-word='云海']") == 1
    assert "云海" in speaking.page.locator(".first .plus").first.inner_text()
    speaking.do("undo").wait("() => !reverie.store.recipe.taught")
    speaking.page.reload(wait_until="commit")
    speaking.come_in().settle()
    say(speaking, "云海:2")
    speaking.wait("() => reverie.store.recipe.directions?.['云海'] === 2")
    assert speaking.settle().recipe["taught"] == {"云海": step}
    look_at_moods(speaking)
    speaking.do("taught_delete")
    assert speaking.visible(".first [data-how='slider:云海']") == 0
    assert speaking.recipe["taught"] == {"云海": step}  # the work stays as it is
    assert speaking.errors == []


def test_a_work_says_why_in_both_languages(speaking: Room) -> None:
    speaking.slide("slider:sea", 2).settle().press("y")
    speaking.wait(
        """() => document.querySelector('.why-text')?.textContent
          .includes('strongly towards sea')"""
    )
    speaking.press("Escape").press("l").press("y")
    speaking.wait(
        "() => document.querySelector('.why-text')?.textContent.includes('引向海')"
    )
    assert speaking.errors == []


def look_for_the_rare_in_vain(room: Room) -> None:
    """What cannot be done is said, and is not the way that is pressed."""
    room.press("g").do("cull.way.rare")
    room.wait(
        "() => document.querySelector('.cull-note').textContent.includes('carries')"
    )
    pressed = "[data-act='cull.way.far'][aria-pressed='true']"
    room.wait("(selector) => document.querySelector(selector)", pressed)
    room.press("Escape")


def open_from_the_map(room: Room) -> None:
    """Look for novel works, open the best one from the map, and come back."""
    # Works are measured while their pictures still come.
    room.press("g").do("cull.view.map").do("cull.way.far").wait(MAPPED)
    room.do("cull.way.rare")
    room.wait("() => document.querySelector('.cull-wall.is-waiting') === null")
    room.wait(MAPPED)
    dot = room.page.locator(".map-dot").first
    assert "plausible" in dot.get_attribute("aria-label")
    dot.dispatch_event("click")
    room.wait("() => reverie.history.head.how === 'cull'")
    room.wait("() => !document.querySelector('dialog[open]')")
    room.settle().step("undo")


def test_a_work_is_shown_beside_the_pictures_nearest_to_it(
    speaking: Room, studio: Studio
) -> None:
    folder = studio.checkpoints / "worded"
    (folder / FILE).unlink(missing_ok=True)
    speaking.press("y")
    speaking.wait(NEAR_SAYS, "carries nothing of the pictures")
    speaking.press("Escape")
    look_for_the_rare_in_vain(speaking)
    pictures = Model.open(str(folder)).render(
        [Model.open(str(folder)).recipe(seed) for seed in range(14)]
    )
    seen = [extract_features(pictures), extract_features(pictures[:, :, ::-1])]
    told = {"thumbnails": True, "features": seen[0], "mirrored": seen[1]}
    memory = Memory.of(pictures, [f"{i}.png" for i in range(14)], **told)
    card = read_card(folder)
    amend(folder, {"data": {**card["data"], "fingerprint": "0" * 16}})
    (folder / FILE).write_bytes(memory.pack("0" * 16))
    # A server that has just looked at the folder looks again after so long.
    time.sleep(LOOK_AGAIN)
    closed = "() => !document.querySelector('dialog[open]')"
    speaking.wait(closed)
    speaking.press("y").wait(NEAR_SAYS, "near-copy of a picture")
    assert speaking.visible(".near figure img") == 4
    assert speaking.page.locator(".near-file").first.inner_text() == "2.png"
    speaking.press("Escape").wait(closed)
    open_from_the_map(speaking)
    speaking.press("l").press("y").wait(NEAR_SAYS, "近乎复制")
    assert speaking.errors == []
