"""The Exhibit room, and an exhibition as its visitors see it: from a file."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from studio import cli
from studio.export.work import read_work, save_work
from studio.model import Model

from .conftest import Room
from .test_culling import WIDER_THAN_A_PHONE

HERE = "() => document.querySelector('.is-here')?.id === '{}'"
SAYS = """([where, words]) =>
  document.querySelector(`.exhibit-${where}`).textContent.includes(words)"""
HUNG = "count => document.querySelectorAll('.rack-piece').length === count"


def moving(path: Path) -> Path:
    frames = [Image.new("RGB", (40, 30), (n, 90, 60)) for n in (0, 120, 240)]
    frames[0].save(path, "WEBP", save_all=True, append_images=frames[1:], duration=90)
    return path


@pytest.fixture(scope="module")
def folder(
    tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """An exhibition of two works and a moving picture."""
    place = tmp_path_factory.mktemp("usb stick")
    model, files = Model.open(str(tiny_checkpoint)), []
    for seed in (3, 4):
        files.append(place / f"{seed}.png")
        files[-1].write_bytes(save_work(model, model.recipe(seed)))
    files.insert(1, moving(place / "drift.webp"))
    about = ["--title", "Dusk <script>", "--artist", "Ana", "--statement", "Two words."]
    args = [*map(str, files), "-o", str(place / "ex"), *about, "--licence", "CC BY 4.0"]
    with pytest.MonkeyPatch.context() as here:  # before any test has its own folders
        here.setenv("STUDIO_CHECKPOINTS", str(tiny_checkpoint.parent))
        assert cli.main(["exhibit", *args]) == 0
    yield place / "ex"


@pytest.fixture
def visitor(chromium: Any, folder: Path) -> Iterator[Callable[..., Any]]:
    """Somebody who opens the folder with the network cut."""
    contexts = []

    def come(**options: Any) -> Any:
        contexts.append(chromium.new_context(offline=True, **options))
        page = contexts[-1].new_page()
        page.wrong = []
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("console", lambda said: page.wrong.append(said.text))
        page.on("request", lambda asked: page.wrong.extend(foreign(asked.url)))
        page.goto((folder / "index.html").as_uri())
        return page

    yield come
    for context in contexts:
        context.close()


def foreign(address: str) -> list[str]:
    return [] if address.startswith(("file:", "blob:", "data:")) else [address]


def test_an_exhibition_opens_from_a_file_with_the_network_cut(
    visitor: Callable[..., Any], tmp_path: Path, folder: Path
) -> None:
    page = visitor(locale="en-US")
    assert page.text_content("h1") == "Dusk <script>"
    assert page.title() == "Dusk <script>"
    page.wait_for_function(
        "() => [...document.querySelectorAll('.wall img')].every("
        "it => it.complete && it.naturalWidth)"
    )
    page.keyboard.press("ArrowRight")
    page.wait_for_function(HERE.format(1))
    assert page.is_visible("article.is-here figure img")
    assert page.is_hidden(".entrance") and page.is_hidden("article[id='2']")
    assert "seed 3" in page.inner_text(".is-here h2")
    page.click(".is-here summary")
    assert json.loads(page.inner_text(".is-here pre"))["source"] == {"seed": 3}
    page.keyboard.press("l")
    assert "种子 3" in page.inner_text(".is-here h2")
    page.keyboard.press("f")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(HERE.format(3))
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.body.dataset.view === 'wall'")
    assert page.evaluate("document.activeElement.dataset.tile") == "3"
    page.reload()
    assert page.inner_text(".liked b") == "1"
    assert page.get_attribute("html", "data-language") == "zh"
    with page.expect_download() as download:
        page.click(".take")
    told = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert [work["recipe"]["source"] for work in told["works"]] == [{"seed": 3}]
    page.evaluate("location.hash = '1'")
    with page.expect_popup() as opened:  # a browser downloads nothing from a file
        page.click(".is-here .acts a")
    name = opened.value.evaluate("decodeURIComponent(location.pathname)")
    assert read_work(Path(name)).recipe.to_dict() == told["works"][0]["recipe"]
    assert page.wrong == []


def test_an_exhibition_fits_a_phone_and_can_be_swiped(
    visitor: Callable[..., Any],
) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "reduced_motion": "reduce"}
    page = visitor(**phone, has_touch=True, is_mobile=True, locale="zh-CN")
    assert page.evaluate(WIDER_THAN_A_PHONE) == []
    page.tap(".begin a")
    page.wait_for_function(HERE.format(1))
    page.evaluate(
        """() => {
          const at = (type, clientX) => {
            const target = document.body;
            const one = new Touch({ identifier: 1, target, clientX, clientY: 300 });
            const touches = type === 'touchstart' ? [one] : [];
            target.dispatchEvent(new TouchEvent(type,
              { touches, changedTouches: [one], bubbles: true }));
          };
          at('touchstart', 300); at('touchend', 120);
        }"""
    )
    page.wait_for_function(HERE.format(2))
    still = page.locator(".is-here img").evaluate("image => image.currentSrc")
    assert still.endswith("-still.webp")  # nothing moves for who asks for that
    assert page.evaluate(WIDER_THAN_A_PHONE) == []
    assert page.wrong == []


def test_without_a_script_all_of_it_is_there(visitor: Callable[..., Any]) -> None:
    page = visitor(java_script_enabled=False, locale="en-US")
    assert page.is_visible("article[id='1'] img")
    assert page.is_visible("article[id='3'] .text p[lang=en] >> nth=0")
    assert page.is_hidden(".take")


def test_works_are_hung_arranged_and_taken_away(
    visit: Callable[..., Room], tmp_path: Path, tiny_checkpoint: Path
) -> None:
    room = visit(reduced_motion="reduce").enter().begin_again()
    page = room.page
    room.press("k").wait("() => document.querySelectorAll('.keeper').length === 1")
    page.evaluate("location.hash = '#exhibit'")
    page.wait_for_selector(".exhibit-empty")
    assert page.is_disabled("[data-act='exhibit_save']")
    room.do("exhibit_keepers").wait(HUNG, 1)
    model = Model.open(str(tiny_checkpoint))
    file = tmp_path / "nine.png"
    file.write_bytes(save_work(model, model.recipe(9)))
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film")
    page.set_input_files(
        ".exhibit input[type=file]", [file, broken, moving(tmp_path / "drift.webp")]
    )
    room.wait(HUNG, 3)
    room.wait(SAYS, ["notice", "broken.mp4"])
    # the last one to the entrance, by keys alone
    page.focus(".rack-piece:nth-child(3) .rack-open")
    room.press("Shift+ArrowLeft").press("Shift+ArrowLeft")
    room.wait("() => document.querySelector('.rack-piece').dataset.kind === 'moving'")
    page.click(".rack-piece:nth-child(2) .rack-open")
    room.wait("() => document.querySelector('.plate-text').value.includes('seed 2')")
    page.fill(".plate-title", 'Evening "one" <b>')
    page.fill(".plate-text", "My own words.\n\nAnd more.")
    page.fill("[data-field=title]", "What stays")
    room.do("exhibit_preview")
    frame = page.frame_locator(".preview-page")
    assert frame.locator("h1").inner_text() == "What stays"
    frame.locator(".begin a").click()
    frame.locator(".is-here .on").click()
    assert frame.locator(".is-here h2").inner_text() == 'Evening "one" <b>'
    page.click(".exhibit-preview [data-act=close]")
    with page.expect_download() as download:
        room.do("exhibit_save")
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    names = [name.removeprefix("exhibition/works/") for name in files]
    assert names[:4] == [
        "01-moving.webp",
        "01-moving-still.webp",
        "02-tiny.png",
        "03-tiny.png",
    ]
    assert files["exhibition/works/03-tiny.png"] == file.read_bytes()
    work = read_work(files["exhibition/works/02-tiny.png"])
    assert work.recipe.to_dict()["source"] == {"seed": 2}
    assert "My own words." in files["exhibition/index.html"].decode()
    page.reload()
    room.wait(HUNG, 3)
    assert page.input_value("[data-field=title]") == "What stays"
    assert room.errors == []


def test_a_zip_can_be_given_up_and_what_is_taken_down_hung_again(
    visit: Callable[..., Room],
) -> None:
    room = visit(reduced_motion="reduce").enter().settle()
    page = room.page
    room.press("k").wait("() => document.querySelectorAll('.keeper').length === 1")
    page.evaluate("location.hash = '#exhibit'")
    room.do("exhibit_keepers").wait(HUNG, 1)
    loaded: list[Any] = []
    page.on("download", lambda one: loaded.append(one))
    page.route("**/studio/save", lambda route: None)
    room.do("exhibit_save").wait(SAYS, ["told", "piece 1 of 1"])
    room.do("exhibit_cancel").wait(SAYS, ["told", "Given up"])
    assert loaded == []
    page.focus(".rack-piece .rack-open")
    room.press("Delete").wait(HUNG, 0)
    page.click(".exhibit-told .offer")
    room.wait(HUNG, 1)
    assert room.errors == []


def test_favourites_come_back_as_likes(
    visit: Callable[..., Room], tmp_path: Path
) -> None:
    room = visit(reduced_motion="reduce").enter().settle()
    recipe = {**room.recipe, "source": {"seed": 5}}
    works = [
        {"number": 1, "recipe": recipe},
        {"number": 2, "recipe": None},
        {"number": 3, "recipe": {**recipe, "fingerprint": "0" * 16}},
    ]
    told = {"kind": "reverie-favourites", "format": 1, "exhibit": "x", "works": works}
    page = room.page
    page.evaluate("location.hash = '#exhibit'")
    for _ in range(2):  # the same file twice is the same likes
        with page.expect_file_chooser() as chooser:
            room.do("exhibit_liked")
        file = tmp_path / "favourites.json"
        file.write_text(json.dumps(told))
        chooser.value.set_files(file)
        room.wait(SAYS, ["told", "1 favourites"])
    votes = page.evaluate(
        "Object.entries(localStorage).filter(([key]) => key.includes('taste:'))"
        ".flatMap(([, text]) => JSON.parse(text))"
    )
    assert [vote["kind"] for vote in votes] == ["liked"]
    assert len(votes[0]["place"]) >= 1
    file.write_text(json.dumps({"kind": "something else"}))
    with page.expect_file_chooser() as chooser:
        room.do("exhibit_liked")
    chooser.value.set_files(file)
    room.wait(SAYS, ["notice", "no file"])


def test_the_room_fits_a_phone(visit: Callable[..., Room]) -> None:
    phone = {"viewport": {"width": 390, "height": 844}}
    room = visit(**phone, has_touch=True, is_mobile=True, reduced_motion="reduce")
    room.enter().settle().press("k")
    room.page.evaluate("location.hash = '#exhibit'")
    room.do("exhibit_keepers").wait(HUNG, 1)
    assert room.page.evaluate(WIDER_THAN_A_PHONE) == []
