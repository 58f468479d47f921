"""The room itself: what is in sight, in which words, at which width."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from studio.ui.opening import NOTHING

from .conftest import USUAL, Room, Studio

DOZEN = 12
CONTROLS = (
    "#reverie-room :is(button, input, select, summary, [role=slider], [tabindex='0'])"
)
# Names, keys and file types are the same in every language.
SHARED_WORDS = {
    "MIDI",
    "Reverie",
    "PNG",
    "JPEG",
    "WebP",
    "CC",
    "BY",
    "Tiny",
    "tiny",
    "Ctrl",
    "Shift",
    "English",
    "Delete",
    "pca",
    "Wild",
    "wild",
}
ALL_WORDS = """() => {
  const words = [];
  for (const element of document.querySelectorAll('#reverie-room, #reverie-room *')) {
    for (const name of ['aria-label', 'aria-description', 'aria-valuetext', 'title',
                        'alt', 'placeholder', 'data-tip']) {
      words.push(element.getAttribute(name) ?? '');
    }
    if (element.matches('script, style')) continue;
    for (const child of element.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) words.push(child.data);
    }
  }
  return words.filter((text) => text.trim());
}"""
# The strip of keepers scrolls by itself.
WIDER_THAN_A_PHONE = """() =>
  [...document.querySelectorAll('#reverie-room *')].filter((element) =>
    element.checkVisibility() && !element.closest('.keepers') &&
    element.getBoundingClientRect().right > 391
  ).map((element) => element.className)"""


def test_the_page_itself_holds_a_picture(studio: Studio) -> None:
    page = httpx.get(studio.address).text
    assert 'class="preview"' in page and "data:image/webp;base64," in page
    assert NOTHING not in page


def test_at_most_a_dozen_controls_before_anything_is_unfolded(
    visit: Callable[..., Room],
) -> None:
    room = visit().enter()
    assert 6 < room.visible(CONTROLS) <= DOZEN


def test_on_a_phone_only_the_row_last_touched_shows_its_tools(
    visit: Callable[..., Room],
) -> None:
    phone = {"viewport": {"width": 390, "height": 844}}
    room = visit(**phone, has_touch=True, is_mobile=True, reduced_motion="reduce")
    room.enter().settle()
    assert room.visible(CONTROLS) <= DOZEN

    rows = room.page.locator(".first .slider")
    for row in (rows.nth(1), rows.nth(3)):
        row.locator("input").tap()
        room.page.evaluate("document.activeElement.blur()")
        assert row.locator("[data-act='lock']").is_visible()
        box = row.bounding_box()
        tools = row.locator("[data-act='lock']").bounding_box()
        assert abs(tools["y"] - box["y"]) < 10 and tools["height"] >= 32
    locks = room.page.locator(".first [data-act='lock']:visible")
    assert locks.count() == 1
    locks.tap()
    assert rows.nth(3).locator("input").is_disabled()
    rows.nth(4).locator("input").tap()
    assert locks.count() == 2


def test_the_dream_moves_and_asks_nobody_else(visit: Callable[..., Room]) -> None:
    room = visit()
    asked: list[str] = []
    room.page.on("request", lambda request: asked.append(request.url))
    room.enter().wait("() => document.documentElement.matches('.is-adopted')")
    room.wait("() => 'blend' in reverie.store.recipe.source")
    own = (room.address, "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert room.errors == []


def test_the_room_moves_into_every_slot_that_mounts(room: Room) -> None:
    room.wait("() => document.querySelector('#reverie-slot > #reverie-room')")
    room.page.evaluate(
        """() => {
          const slot = document.getElementById('reverie-slot');
          const fresh = document.createElement('div');
          fresh.id = slot.id;
          slot.replaceWith(fresh);
        }"""
    )
    room.wait("() => document.querySelector('#reverie-slot > #reverie-room')")
    before = room.pixels()
    room.slide("slider:pca-01", 2).settle()
    assert room.pixels() != before


def test_a_phone_needs_no_sideways_scrolling(visit: Callable[..., Room]) -> None:
    room = visit(viewport={"width": 390, "height": 844}).enter()
    room.wait("() => document.documentElement.matches('.is-adopted')")
    for act in (room.come_in, room.unfold, lambda: room.speak("zh")):
        act()
        assert room.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert room.page.evaluate(WIDER_THAN_A_PHONE) == []


def test_a_switch_of_language_leaves_no_word_behind(
    visit: Callable[..., Room],
) -> None:
    room = visit(locale="zh-CN", reduced_motion="reduce").enter().unfold()
    room.slide("slider:pca-01", 1).settle().do("keep").press("?")
    room.wait("() => document.querySelectorAll('.keeper').length === 1")
    chinese = room.page.evaluate(ALL_WORDS)
    latin = {word for text in chinese for word in re.findall(r"\b[A-Za-z]{2,}\b", text)}
    commands = {"python", "studio", "evaluate", "keep", "remember", "thumbnails"}
    assert latin - SHARED_WORDS - commands - {"made", "for", "test"} == set()
    assert room.page.evaluate("document.documentElement.lang") == "zh-CN"

    room.press("Escape").press("l")
    room.wait("() => document.querySelector('.keeper-open').ariaLabel.match(/seed/)")
    english = room.page.evaluate(ALL_WORDS)
    left = [text for text in english if re.search(r"[\u4e00-\u9fff]", text)]
    assert set(left) == {"中文"}
    room.page.reload(wait_until="commit")
    room.wait("() => document.querySelector('#reverie-room')?.lang === 'en'")


def test_a_card_speaks_the_readers_language_where_it_can(
    visit: Callable[..., Room],
) -> None:
    room = visit(locale="zh-CN", reduced_motion="reduce").enter().unfold()
    page = room.page
    assert page.inner_text(".model-title") == "小模型"
    assert "阁楼" in page.inner_text(".about")
    chosen = page.locator(".choice[data-act='model'] option:checked")
    assert chosen.inner_text() == "小模型"
    room.press("l").wait(
        "() => document.querySelector('.model-title').textContent === 'Tiny'"
    )
    assert "阁楼" not in page.inner_text(".about")


def test_a_chosen_language_is_the_rooms_own_after_a_reload(
    visit: Callable[..., Room],
) -> None:
    room = visit(reduced_motion="reduce").enter().settle().press("l")
    room.wait("() => document.querySelector('#reverie-room').lang === 'zh-CN'")
    room.page.reload(wait_until="commit")
    room.come_in().wait("() => document.documentElement.matches('.is-adopted')")
    # Whatever Gradio says of the whole page.
    room.page.evaluate("document.documentElement.lang = 'en'")
    room.wait("() => document.querySelector('#reverie-room').lang === 'zh-CN'")
    styles = room.page.evaluate(
        """() => ['.caption', '.model-title', '.veil'].map((words) =>
          getComputedStyle(document.querySelector(words)).fontStyle)"""
    )
    assert styles == ["normal"] * 3


def test_a_slider_means_the_same_in_every_language(room: Room) -> None:
    effects = [
        {"sky": 0.8, "brightness": 0.7},
        {"sky": -0.8, "contrast": 0.3},
        {"sky": 0.9, "saturation": 0.25, "detail": 0.2},
        {"brightness": 0.5},
    ]
    english, chinese = room.page.evaluate(
        """async (effects) => {
          const load = (name) =>
            import(new URL(`studio/assets/${name}.js`, document.baseURI));
          const { directionLabels } = await load('labels');
          const { languages } = await load('languages');
          const told = [];
          for (const language of ['en', 'zh']) {
            await languages.use(language);
            const labels = directionLabels(effects.map((effects) => ({ effects })));
            told.push(labels.map(({ minus, plus }) => [minus, plus]));
          }
          await languages.use('en');
          return told;
        }""",
        effects,
    )

    def effects_named(ends: list[str], comma: str) -> list[int]:
        return [end.count(comma) for end in ends]

    for ours, theirs in zip(english, chinese, strict=True):
        assert effects_named(ours, ", ") == effects_named(theirs, "、")
    assert english[0] == ["dim sky, darker", "bright sky, lighter"]


def test_the_words_about_a_slider_leave_the_next_ones_free(room: Room) -> None:
    room.page.hover("input[data-how='slider:pca-02']")
    room.wait("() => !document.querySelector('.tip').hidden")
    tip = room.page.locator(".tip").bounding_box()
    panel = room.page.locator(".panel").bounding_box()
    assert tip["x"] >= 0 and tip["x"] + tip["width"] <= panel["x"]
    room.page.mouse.move(5, 5)


def test_everything_in_the_panel_is_as_wide_as_a_slider(room: Room) -> None:
    room.unfold()
    pad = room.page.locator(".pad").bounding_box()
    slider = room.page.locator(".first .slider").first.bounding_box()
    assert (pad["x"], pad["width"]) == (slider["x"], slider["width"])


def test_keys_are_listed_and_every_control_has_a_name(room: Room) -> None:
    room.press("?").wait("() => document.querySelector('dialog.help').open")
    listed = room.page.inner_text("dialog.help")
    assert "Ctrl" in listed and "seed" in listed
    room.press("Escape").unfold()
    nameless = room.page.evaluate(
        """(controls) => [...document.querySelectorAll(controls)].filter((control) =>
          !control.getAttribute('aria-label') && !control.textContent.trim() &&
          !control.closest('label') && control.type !== 'file')
          .map((control) => control.outerHTML)""",
        CONTROLS,
    )
    assert nameless == []


def test_in_fullscreen_the_picture_fills_and_words_are_seen(room: Room) -> None:
    room.press("f").wait("() => document.fullscreenElement")
    room.wait(
        "() => document.querySelector('.frame').clientWidth === innerWidth &&"
        " document.querySelector('.frame').clientHeight === innerHeight"
    )
    room.press("c").hear("clipboard|copying")
    assert room.page.evaluate(
        """() => {
          const line = document.querySelector('.status');
          const { top, bottom, width } = line.getBoundingClientRect();
          return document.fullscreenElement.contains(line) && line.checkVisibility()
            && width > 50 && top > 0 && bottom <= innerHeight;
        }"""
    )
    room.press("f").wait("() => !document.fullscreenElement")


def test_a_lasting_sentence_comes_back_after_a_passing_one(room: Room) -> None:
    told = room.page.evaluate(
        """async () => {
          const address = new URL('studio/assets/status.js', document.baseURI);
          const { Status } = await import(address);
          const line = document.createElement('p');
          const status = new Status(line);
          const seen = [];
          const see = () => seen.push([...line.childNodes].at(-1)?.data);
          status.tell('ui.status.away', {}, { from: 'socket', stays: true });
          see();
          status.tell('ui.status.copied', {}, { from: 'link' });
          see();
          status.clear('link');
          see();
          status.clear('socket');
          return [...seen, line.matches('.is-shown')];
        }"""
    )
    assert told[0] == told[2] != told[1]
    assert told[3] is False


@pytest.mark.parametrize("size", [(390, 844), (920, 480), (1280, 800)])
def test_a_long_sentence_is_read_whole_and_moves_nothing(
    visit: Callable[..., Room], size: tuple[int, int]
) -> None:
    viewport = dict(zip(("width", "height"), size, strict=True))
    room = visit(viewport=viewport, reduced_motion="reduce").enter().settle()
    places = """() => ['.frame', '.under', '.keepers', '.panel'].map((part) =>
      document.querySelector(part).getBoundingClientRect().toJSON())"""
    before = room.page.evaluate(places)
    room.page.evaluate(
        """() => {
          const headers = {
            "content-disposition": "filename=landscapes-4294967295.png",
          };
          const server = window.fetch;
          window.fetch = (url, how) =>
            String(url).endsWith("studio/save")
              ? Promise.resolve(new Response("", { headers }))
              : server(url, how);
        }"""
    )
    room.press("s").hear("landscapes-4294967295.png")
    assert room.page.evaluate(places) == before
    hidden = room.page.evaluate(
        """() => {
          const line = document.querySelector('.status');
          const words = document.createRange();
          words.selectNodeContents(line);
          const { left, right, top, bottom } = words.getBoundingClientRect();
          const over = document.querySelector('.keepers').getBoundingClientRect().top;
          const cut = getComputedStyle(line).overflow !== 'visible';
          return [cut, left < 0, right > innerWidth, bottom > innerHeight,
                  innerWidth > 900 && bottom > over, top < 0];
        }"""
    )
    assert hidden == [False] * 6


def test_a_new_act_ends_what_was_said_about_an_older_one(room: Room) -> None:
    room.press("c").hear("clipboard|copying").slide("slider:pca-01", 1)
    room.wait("() => !document.querySelector('.status.is-shown')")


def test_a_prefix_without_its_final_slash_serves(visit: Callable[..., Room]) -> None:
    room = visit(reduced_motion="reduce")

    def forward(route: Any) -> None:
        path = route.request.url.partition("/prefix")[2].removeprefix("/")
        route.fulfill(response=route.fetch(url=room.address + path))

    room.page.route("**/prefix*", forward)
    room.page.route("**/prefix/studio/**", forward)
    room.knock(f"{room.address}prefix")
    room.wait("() => window.reverie?.store.card")
    assert room.page.url == f"{room.address}prefix/"


def test_eight_tabs_of_one_browser_are_all_live(room: Room) -> None:
    context = room.page.context
    tabs = [room, *(Room(context.new_page(), room.address) for _ in range(7))]
    for tab in tabs[1:]:
        tab.knock()
    for tab in tabs[1:]:
        tab.come_in()
    for amount, tab in enumerate(tabs, start=1):
        tab.slide("slider:pca-01", amount / 4)
    for amount, tab in enumerate(tabs, start=1):
        tab.settle()
        assert tab.recipe["directions"] == {"pca-01": amount / 4}


def test_without_a_socket_the_picture_follows_on_release(
    chromium: Any, studio: Studio
) -> None:
    context = chromium.new_context(**USUAL)  # no socket ever again
    room = Room(context.new_page(), studio.address)
    room.page.route_web_socket("**/studio/live", lambda socket: socket.close())
    room.enter().hear("let go")
    read = "document.querySelector('canvas.live').toDataURL()"
    before = room.page.evaluate(read)
    room.slide("slider:pca-01", 3)
    room.wait(f"(before) => {read} !== before", before)
    context.close()
