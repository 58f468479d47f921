"""The page before any browser: its shell, its first bytes, its words and modules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from servers import Server, free_port

from studio.language import LANGUAGES, table
from studio.server.serving import LOOPBACK, combine, launch_settings, start
from studio.server.worker import RenderWorker
from studio.training.settings import FAMILIES
from studio.ui import opening
from studio.ui.page import SLOT, build

GRADIO = b'<head><meta charset="utf-8" /></head><body><gradio-app></gradio-app></body>'
MODULES = sorted(opening.ASSETS.rglob("*.js"))
KEY = re.compile(r"[\"'`]((?:ui|error)\.[a-z_.]+[a-z_])[\"'`]")
TAKEN = re.compile(r"import \{([^}]*)\} from \"(\.[^\"]+)\"")
GIVEN = re.compile(r"export (?:async )?(?:const|class|function\*?|let) (\w+)")
IMPORT = re.compile(r"(?:from |import\()\"(\.[./a-z]+\.js)\"")


def test_the_room_comes_before_gradio_and_holds_a_picture() -> None:
    page = opening.furnish(GRADIO).decode()
    assert page.index('id="reverie-room"') < page.index("<gradio-app")
    assert page.index("charset") < page.index("<style>")
    assert 'src="data:image/webp;base64,' in page


def test_without_a_model_the_page_still_opens(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STUDIO_CHECKPOINTS", str(tmp_path))
    assert opening.preview() == opening.NOTHING
    assert opening.NOTHING in opening.furnish(GRADIO).decode()


def test_another_page_than_gradios_passes_unchanged() -> None:
    assert opening.furnish(b"<p>Not found</p>") == b"<p>Not found</p>"


def test_the_shell_has_a_slot_for_the_room_and_a_way_without_a_socket() -> None:
    blocks, looks = build()
    html = next(b for b in blocks.blocks.values() if b.get_block_name() == "html")
    assert SLOT in html.html_template
    assert [function.__name__ for function in html.server_fns] == ["frame"]
    assert "theme" in looks


def test_the_room_is_only_for_who_has_signed_in() -> None:
    page, looks = build()
    worker = RenderWorker()
    settings = launch_settings(LOOPBACK, free_port(), ("ann", "secret"), worker)
    server = Server(start(page, combine(settings, looks)), worker)
    try:
        assert "reverie-room" not in server.get("").text
        server.sign_in("ann", "secret")
        assert "reverie-room" in server.get("").text
    finally:
        page.close(verbose=False)
        worker.close()


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_says_what_exists(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    keys = set(KEY.findall(text))
    for language in LANGUAGES:
        missing = {key for key in keys if not has(key, table(language))}
        assert missing == set(), language
    imported = set(IMPORT.findall(text))
    assert {name for name in imported if not (module.parent / name).is_file()} == set()


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_takes_only_what_others_give(module: Path) -> None:
    for names, place in TAKEN.findall(module.read_text(encoding="utf-8")):
        given = set(GIVEN.findall((module.parent / place).read_text(encoding="utf-8")))
        taken = {name.split(" as ")[0].strip() for name in names.split(",")} - {""}
        assert taken <= given, place


def has(key: str, words: dict[str, str]) -> bool:
    """Whether there are words for ``key``, or for a family that it begins."""
    return key in words or any(known.startswith(f"{key}.") for known in words)


@pytest.mark.parametrize("family", FAMILIES)
def test_each_kind_of_model_has_a_small_picture(family: str) -> None:
    path = opening.ASSETS / "train" / f"family-{family}.webp"
    assert path.stat().st_size < 30_000
    with Image.open(path) as picture:
        assert picture.size == (640, 160)
