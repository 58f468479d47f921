"""``python app.py`` itself: its flags, its start, its page and its end."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from servers import Server, free_port, receive, send

import app
from studio.server import serving

ROOT = Path(__file__).resolve().parent.parent


def said(capsys: pytest.CaptureFixture, *arguments: str) -> str:
    """Start with these arguments, expect a refusal, and return its one sentence."""
    assert app.main(arguments) == 2
    told = capsys.readouterr()
    lines = told.err.strip().splitlines()
    assert not told.out and len(lines) == 1 and not lines[0].startswith("error.")
    return lines[0]


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_LANGUAGE", "en")
    monkeypatch.delenv("SPACE_ID", raising=False)
    monkeypatch.delenv("GRADIO_SERVER_PORT", raising=False)


def test_the_network_is_not_served_without_a_login(
    capsys: pytest.CaptureFixture,
) -> None:
    assert "--auth" in said(capsys, "--listen")


@pytest.mark.parametrize("login", ["", "ada", "ada:", ":secret", " :secret"])
def test_half_a_login_is_refused(capsys: pytest.CaptureFixture, login: str) -> None:
    assert "USER:PASS" in said(capsys, "--auth", login)


@pytest.mark.parametrize("port", ["0", "-1", "65536", "x", "80.5", "9" * 5000, "٣"])
def test_an_impossible_port_is_refused(
    capsys: pytest.CaptureFixture, port: str
) -> None:
    assert "65535" in said(capsys, f"--port={port}")


def test_the_help_is_in_the_persons_language(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("STUDIO_LANGUAGE", "zh")
    with pytest.raises(SystemExit):
        app.main(["--help"])
    names = {"python", "app", "py", "h", "help", "listen", "auth", "port"}
    names |= {"USER", "PASS", "N", "http", "Reverie"}
    assert set(re.findall("[A-Za-z]+", capsys.readouterr().out)) <= names


def test_an_unknown_flag_is_refused(capsys: pytest.CaptureFixture) -> None:
    assert "--no-such" in said(capsys, "--no-such")


def test_a_taken_port_is_told(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert port in said(capsys, "--port", port)
        monkeypatch.setenv("GRADIO_SERVER_PORT", port)
        assert port in said(capsys)


def test_a_refusal_is_in_the_persons_language(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_LANGUAGE", "zh")
    assert "端口" in said(capsys, "--port", "x")


def test_flags_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = app.read_options([])
    assert (plain.listen, plain.auth, plain.port) == (False, None, app.DEFAULT_PORT)
    monkeypatch.setenv("GRADIO_SERVER_PORT", "7999")
    assert app.read_options([]).port == 7999
    full = app.read_options(["--listen", "--auth", "ada:a:b", "--port", "8000"])
    assert (full.listen, full.auth, full.port) == (True, ("ada", "a:b"), 8000)
    monkeypatch.setenv("SPACE_ID", "ada/reverie")
    assert app.read_options(["--listen"]).auth is None


def test_what_the_page_wants_is_joined_with_what_the_server_wants() -> None:
    ours = {"share": False, "app_kwargs": {"routes": [1], "middleware": [2]}}
    looks = {"css": "x", "share": True, "app_kwargs": {"middleware": [3], "debug": 1}}
    both = serving.combine(ours, looks)
    assert (both["share"], both["css"]) == (False, "x")
    wanted = {"routes": [1], "middleware": [2, 3], "debug": 1}
    assert both["app_kwargs"] == wanted
    assert ours["app_kwargs"]["middleware"] == [2]


def test_a_space_may_be_framed_and_a_local_studio_may_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nothing: Any = SimpleNamespace()
    assert "frame-ancestors" in str(vars(serving.CarefulHeaders(nothing)))
    monkeypatch.setenv("SPACE_ID", "ada/reverie")
    assert "frame-ancestors" not in str(vars(serving.CarefulHeaders(nothing)))


# -- the whole studio ----------------------------------------------------------------


@contextmanager
def studio(*arguments: str, port: int | None = None) -> Iterator[Server]:
    """Run ``python app.py`` and wait for its word that it is ready."""
    command = [sys.executable, "app.py", "--port", str(port or free_port())]
    running = subprocess.Popen(
        [*command, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert running.stdout is not None
    try:
        first = running.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", first)
        assert found, first + running.stdout.read()
        yield Server(found.group(), worker=None)  # type: ignore[arg-type]
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
        assert running.wait(20) == 0, rest
        assert "Traceback" not in rest
    finally:
        running.kill()
        running.wait()
        running.stdout.close()


@pytest.mark.slow
def test_the_studio_starts_shows_a_work_to_who_signed_in_and_stops(
    tiny_checkpoint: Path,
) -> None:
    with studio("--auth", "ada:secret") as server:
        page = server.get("").text
        assert "data:image/webp" not in page and "studio/assets/" not in page
        assert server.get("studio/models").status_code == 401
        server.sign_in("ada", "secret")
        page = server.get("").text
        assert "studio/assets/" in page
        assert "data:image/webp;base64," in page, "a work, before any script has run"
        assert server.get("openapi.json").status_code == 404
        assert server.get("monitoring").status_code in (403, 404)
        card = server.get("studio/models/tiny").json()
        known = {"model": card["name"], "fingerprint": card["fingerprint"]}
        with server.socket(origin=server.address.rstrip("/")) as client:
            send(client, 1, {"format": 1, **known, "source": {"seed": 7}})
            assert receive(client, timeout=60).jpeg
        assert not reachable_from_outside(server)


def reachable_from_outside(server: Server) -> bool:
    """Say whether another address of this machine reaches the server."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Nothing is sent: this only asks which address would be used.
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return False
        own = probe.getsockname()[0]
    if own.startswith("127."):
        return False
    try:
        httpx.get(server.address.replace("127.0.0.1", own), timeout=5)
    except httpx.HTTPError:
        return False
    return True
