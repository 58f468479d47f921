"""What the benchmarks share: a server of their own, a browser, one JSON answer."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PROBE = Path(__file__).with_name("probe.js").read_text(encoding="utf-8")
DEFAULT_MODEL = "landscapes"
START_LIMIT_S = 120.0
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Eight tabs are eight people: none of them may be put to sleep.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
)


class Unavailable(Exception):
    """Something the measurement needs is not on this machine."""


def report(measure: Callable[[str], dict[str, Any]], about: str) -> None:
    """Run one benchmark as a command; print its JSON, or exit with 2 and a reason."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("model", nargs="?", default=DEFAULT_MODEL, metavar="MODEL")
    try:
        result = measure(parser.parse_args().model)
    except Unavailable as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
    print(json.dumps(result))


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0..1) of the values lie, interpolated."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def medians(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    """The median of every figure over the rounds, to one decimal."""
    return {
        name: round(statistics.median(one[name] for one in rounds), 1)
        for name in rounds[0]
    }


def model_folder(name: str) -> Path:
    """Where the model lies; raises Unavailable with the reason if it cannot be used."""
    from studio.checkpoint import locate
    from studio.errors import StudioError

    try:
        return Path(locate(name)).resolve()
    except StudioError as problem:
        raise Unavailable(str(problem)) from problem


@contextlib.contextmanager
def room_with(model: Path) -> Iterator[dict[str, str]]:
    """Environment variables of a studio that holds this one model and no runs."""
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        (room / "checkpoints").mkdir()
        (room / "checkpoints" / model.name).symlink_to(model)
        (room / "runs").mkdir()
        yield {
            "STUDIO_CHECKPOINTS": str(room / "checkpoints"),
            "STUDIO_RUNS": str(room / "runs"),
            "STUDIO_LANGUAGE": "en",
            "GRADIO_ANALYTICS_ENABLED": "False",
            "GRADIO_TEMP_DIR": str(room / "gradio"),
        }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Page:
    """Where the probe finds the hand and the picture on a page, as CSS selectors.

    `picture` has the topmost layer first: the first one with pixels is what is seen.
    `low` and `high` are the ends of the slider; `rest_ms` is how long the picture
    must not have changed to be at rest, the settled one included.
    """

    range: str
    picture: tuple[str, ...]
    style: str
    low: float = -2.0
    high: float = 2.0
    rest_ms: int = 700


@dataclass(frozen=True)
class Server:
    """One running server; `started` is the time.time() at which it was launched."""

    process: subprocess.Popen[bytes]
    port: int
    started: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def rss_mb(self) -> float:
        """Resident memory of the server and its children, in MB of 10^6 bytes."""
        return sum(map(_rss_bytes, _family(self.process.pid))) / 1e6


def _family(pid: int) -> list[int]:
    listing = Path(f"/proc/{pid}/task/{pid}/children")
    children = listing.read_text().split() if listing.exists() else []
    return [pid, *(one for child in children for one in _family(int(child)))]


def _rss_bytes(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError as problem:
        raise Unavailable(f"memory is read from /proc: {problem}") from problem
    return pages * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def serving(command: Sequence[str], room: dict[str, str]) -> Iterator[Server]:
    """Start `python COMMAND --port N`, wait for its page, stop it at the end."""
    port = free_port()
    with tempfile.TemporaryFile() as log:
        started = time.time()
        process = subprocess.Popen(
            [sys.executable, *command, "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, **room},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        server = Server(process, port, started)
        try:
            if not _answers(server):
                log.seek(0)
                tail = log.read().decode(errors="replace")[-2000:]
                raise RuntimeError(f"{' '.join(command)} did not start:\n{tail}")
            yield server
        finally:
            _stop(process)


def _answers(server: Server) -> bool:
    while time.time() - server.started < START_LIMIT_S:
        if server.process.poll() is not None:
            return False
        try:
            with urllib.request.urlopen(server.url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """A headless browser context in English with the probe in every page."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise Unavailable("Chromium is missing: apt-get install chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as problem:
        message = "playwright is missing: pip install -r requirements-dev.txt"
        raise Unavailable(message) from problem
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=path, args=list(CHROMIUM_FLAGS)
        )
        context = browser.new_context(
            locale="en-GB", viewport={"width": 1280, "height": 900}
        )
        context.add_init_script(PROBE)
        yield context
        browser.close()


def ask(tab: Any, call: str, *values: object) -> Any:
    """The answer of `probe.CALL(...values)` in the tab."""
    return tab.evaluate(f"(values) => probe.{call}(...values)", list(values))


@contextlib.contextmanager
def visiting(context: Any, server: Server, page: Page) -> Iterator[Any]:
    """A tab on the server's page, its slider there and its picture shown at size."""
    tab = context.new_page()
    try:
        tab.goto(server.url)
        tab.wait_for_selector(page.range, state="attached")
        tab.add_style_tag(content=page.style)
        yield tab
    finally:
        tab.close()
