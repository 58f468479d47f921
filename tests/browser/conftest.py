"""One studio and one Chromium for all browser tests; a fresh context for each."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from servers import NEAR, free_port

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
ROOT = Path(__file__).resolve().parents[2]
USUAL = {"locale": "en-US", "viewport": {"width": 1280, "height": 800}}
PATIENCE = 60_000  # milliseconds; machines differ, and nothing here measures time
FORGET = """async () => {
  localStorage.clear();
  sessionStorage.clear();
  for (const { name } of await indexedDB.databases()) {
    await new Promise((done, failed) => {
      const asked = indexedDB.deleteDatabase(name);
      asked.onsuccess = done;  // once the page that was left has let go of it
      asked.onerror = failed;
    });
  }
}"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is here, and skip it without Chromium unless that is forbidden."""
    missing = not CHROMIUM.exists() and not os.environ.get("STUDIO_REQUIRE_BROWSER")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if missing:
                item.add_marker(pytest.mark.skip(reason="there is no Chromium"))


class Studio:
    """``python app.py`` in a process of its own, on one port for its whole life."""

    def __init__(
        self, checkpoints: Path, runs: Path, port: int, **environment: str
    ) -> None:
        self.address = f"http://127.0.0.1:{port}/"
        self.checkpoints, self.runs = checkpoints, runs
        folders = {"STUDIO_CHECKPOINTS": str(checkpoints), "STUDIO_RUNS": str(runs)}
        self._environment = {**os.environ, **folders, **environment}
        self._command = [sys.executable, "app.py", "--port", str(port)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until the page answers."""
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, env=self._environment, stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 600
        while not self._answers():
            assert self._process.poll() is None, "the studio ended by itself"
            assert time.monotonic() < deadline, "the studio does not answer"
            time.sleep(0.2)

    def stop(self) -> None:
        """End it, as a person does with Ctrl+C or a machine that restarts."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}studio/models", **NEAR).is_success
        except httpx.HTTPError:
            return False


class Room:
    """The director's room in a tab, and what a person does and sees there."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.address = address
        self.errors: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def enter(self, address: str | None = None) -> Room:
        """Open the page and wait for its first frame."""
        return self.knock(address).come_in()

    def knock(self, address: str | None = None) -> Room:
        """Open the page without waiting for anything in it."""
        self.page.goto(address or self.address, wait_until="commit")
        return self

    def come_in(self) -> Room:
        """Wait for the first frame."""
        self.wait("() => window.reverie?.store.card")
        self.wait("() => document.querySelector('.frame.has-picture')")
        return self

    def begin_again(self) -> Room:
        """Put seed 2 back on the easel, as a change of its own."""
        self.press("Escape")
        self.page.evaluate(
            """() => {
              document.activeElement.blur();
              document.querySelector('.status').classList.remove("is-shown");
              const { format, model, fingerprint } = reverie.store.recipe;
              const size = [128, 128];
              const recipe = { format, model, fingerprint, size, source: { seed: 2 } };
              const work = { recipe, hand: { strength: 1, amounts: {} } };
              reverie.store.edit(() => work, 'test');
            }"""
        )
        return self.settle()

    def wait(self, condition: str, argument: Any = None) -> None:
        self.page.wait_for_function(condition, arg=argument)

    def do(self, name: str) -> Room:
        """Press the button ``name``."""
        self.page.click(f"[data-act='{name}']")
        return self

    def step(self, way: str) -> Room:
        """Walk the history by the button ``undo`` or ``redo``, and arrive.

        Where a walk leads is read from the database: until then everything is at rest.
        """
        before = self.page.evaluate("reverie.history.head.id")
        self.do(way).wait("(id) => reverie.history.head.id !== id", before)
        return self

    def press(self, keys: str) -> Room:
        self.page.keyboard.press(keys)
        return self

    def unfold(self) -> Room:
        """Unfold everything that is folded."""
        self.page.evaluate(
            "document.querySelectorAll('#reverie-room details')"
            ".forEach((fold) => { fold.open = true; })"
        )
        return self

    def speak(self, language: str) -> Room:
        """Let the page speak ``en`` or ``zh``."""
        self.page.evaluate(
            """async (language) => {
              const address = new URL('studio/assets/languages.js', document.baseURI);
              await (await import(address)).languages.use(language);
            }""",
            language,
        )
        return self

    def slide(self, how: str, value: float) -> Room:
        """Drag the slider ``how`` to ``value`` and let go."""
        self.page.locator(f"input[data-how='{how}']").evaluate(
            """(input, value) => {
              input.value = String(value);
              input.dispatchEvent(new Event('input', { bubbles: true }));
              input.dispatchEvent(new Event('change', { bubbles: true }));
            }""",
            value,
        )
        return self

    def visible(self, selector: str) -> int:
        """Count what can be seen of the elements that fit a selector."""
        return self.page.locator(selector).evaluate_all(
            """(found) => found.filter((it) => {
              const { width, height } = it.getBoundingClientRect();
              const seen = it.checkVisibility({ visibilityProperty: true });
              return seen && width * height > 0;
            }).length"""
        )

    def settle(self) -> Room:
        """Wait until what is on the easel is recorded and its picture has settled."""
        self.page.evaluate("reverie.store.flush()")
        self.wait(
            """() => {
              const told = (recipe) => JSON.stringify(Object.entries(recipe).sort());
              const head = reverie.history.head;
              return head && told(reverie.store.recipe) === told(head.recipe);
            }"""
        )
        self.wait("() => reverie.picture.settledRecipe === reverie.store.recipe")
        return self

    def pixels(self) -> str:
        """The settled picture, byte for byte."""
        return self.page.locator("canvas.settled").evaluate("it => it.toDataURL()")

    @property
    def recipe(self) -> dict[str, Any]:
        return self.page.evaluate("reverie.store.recipe")

    def hear(self, words: str) -> Room:
        """Wait for a sentence in the status line with ``words`` (a pattern) in it.

        Looked for and read at once: another sentence may follow, and it passes.
        """
        self.wait(
            """(words) => {
              const line = document.querySelector('.status.is-shown');
              return line && new RegExp(words).test(line.textContent);
            }""",
            words,
        )
        return self

    def accept(self) -> Room:
        """Take what the status line offers as soon as it does, for it passes."""
        self.wait(
            """() => {
              const offer = document.querySelector('.status.is-shown .offer');
              offer?.click();
              return Boolean(offer);
            }"""
        )
        return self


@pytest.fixture(scope="session")
def studio(
    tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Studio]:
    """A running studio with copies of the tiny checkpoint, named tiny and wild."""
    checkpoints = tmp_path_factory.mktemp("models")
    for name in ("tiny", "wild"):
        shutil.copytree(tiny_checkpoint, checkpoints / name)
    path = checkpoints / "tiny" / "card.json"
    card = json.loads(path.read_text())
    card["data"]["translations"] = {"zh": {"title": "小模型", "source": "阁楼"}}
    path.write_text(json.dumps(card))
    studio = Studio(checkpoints, tmp_path_factory.mktemp("no_runs"), free_port())
    try:
        studio.start()
        yield studio
    finally:
        studio.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=FLAGS, headless=True
        )
        yield browser
        browser.close()


class Tabs:
    """Tabs that are used again: to open one costs more than most tests do in it."""

    def __init__(self, browser: Any, address: str) -> None:
        self._browser, self._blank = browser, f"{address}studio/assets/rooms.css"
        self._free: dict[str, list[Any]] = {}
        self._kind: dict[Any, str] = {}

    def take(self, **options: Any) -> Any:
        """A tab of a browser that has never been here, as far as a page can tell."""
        options = {**USUAL, **options}
        kind = json.dumps(options, sort_keys=True)
        free = self._free.setdefault(kind, [])
        page = free.pop() if free else self._browser.new_context(**options).new_page()
        self._kind[page] = kind
        return page

    def give_back(self, page: Any) -> None:
        """Forget all that a person has left in the browser of a tab."""
        for other in page.context.pages:
            # a request may still be on its way through a route
            other.unroute_all(behavior="ignoreErrors")
            if other != page:
                other.close()
        page.goto(self._blank)
        page.mouse.move(0, 0)
        page.evaluate(FORGET)
        self._free[self._kind.pop(page)].append(page)


@pytest.fixture(scope="session")
def tabs(chromium: Any, studio: Studio) -> Tabs:
    """The tabs of all tests."""
    return Tabs(chromium, studio.address)


@pytest.fixture
def visit(studio: Studio, tabs: Tabs) -> Iterator[Callable[..., Room]]:
    """Open rooms: each call is another person's browser, forgotten after the test."""
    taken = []

    def open_room(**options: Any) -> Room:
        taken.append(tabs.take(**options))
        return Room(taken[-1], studio.address)

    yield open_room
    for page in taken:
        tabs.give_back(page)


@pytest.fixture(scope="module")
def _home(studio: Studio, tabs: Tabs) -> Iterator[Room]:
    page = tabs.take(reduced_motion="reduce")
    yield Room(page, studio.address).enter().settle()
    tabs.give_back(page)


@pytest.fixture
def room(_home: Room) -> Iterator[Room]:
    """A room without drift, seed 2 on the easel, nothing else; no script may fail.

    The tests of a module share its tab; what they keep, lock or say, they clear.
    """
    _home.begin_again()
    yield _home
    assert _home.errors == []
