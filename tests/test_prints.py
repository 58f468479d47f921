"""Prints: works that a network enlarges, tile by tile."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import psutil
import pytest
from PIL import Image
from servers import Server

from studio.errors import InputError
from studio.export import prints
from studio.export.prints import enlarge, find_weights, print_size
from studio.export.saved import Form
from studio.export.work import read_work, save_work, verify
from studio.model import Model
from studio.server import enlarging

try:
    find_weights()
except InputError:
    pytestmark = pytest.mark.skip(reason="the weights are not installed here")


def gradient(height: int, width: int) -> np.ndarray:
    """A picture that changes all over, with an edge."""
    y, x = np.mgrid[0:height, 0:width]
    picture = np.stack([8 * x, 8 * y, 128 + 0 * x], 2) % 200
    picture[y > x] //= 2
    return picture.astype(np.uint8)


def shrunk(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    picture = Image.fromarray(pixels).resize(size[::-1], Image.Resampling.BOX)
    return np.asarray(picture, np.float32)


def test_a_print_is_the_work_with_finer_detail_in_its_own_colours() -> None:
    small = gradient(24, 16)
    large = enlarge(small, (96, 64))
    assert large.shape == (96, 64, 3) and large.dtype == np.uint8
    apart = shrunk(large, (3, 2)) - shrunk(small, (3, 2))
    assert np.abs(apart).max() < 3
    plain = Image.fromarray(small).resize((64, 96), Image.Resampling.BICUBIC)
    edges = [np.abs(np.diff(np.asarray(p, np.float32), axis=0)) for p in (large, plain)]
    assert np.percentile(edges[0], 99) > np.percentile(edges[1], 99)


def test_tiles_leave_no_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    small = gradient(20, 36)
    whole = enlarge(small, (80, 144)).astype(int)
    monkeypatch.setattr(prints, "TILE", 18)
    seen: list[tuple[int, int]] = []
    tiled = enlarge(small, (80, 144), lambda done, of: seen.append((done, of)))
    assert seen == [(n, 4) for n in range(1, 5)]
    apart = np.abs(tiled.astype(int) - whole)
    assert apart[:, 66:78].mean() < 2  # around the seam between two tiles


def test_a_print_carries_its_recipe_and_verifies(tiny_model: Model) -> None:
    recipe = tiny_model.recipe(7).with_size((48, 48))
    data = save_work(tiny_model, recipe, Form("PNG", 2))
    work = read_work(data)
    assert work.size == (96, 96) and work.recipe == recipe
    assert work.form == Form("PNG", 2)
    assert verify(tiny_model, work).identical


def test_a_print_that_would_be_too_large_is_told() -> None:
    assert print_size((1024, 512), 4) == (4096, 2048)
    with pytest.raises(InputError) as caught:
        print_size((2048, 512), 4)
    assert caught.value.code == "print_too_large"


def test_the_server_makes_the_same_print_in_a_process_of_its_own(
    server: Server, recipe: dict[str, Any], tiny_model: Model
) -> None:
    form = {"kind": "JPEG", "scale": 2, "quality": 90}
    asked = {"recipe": recipe, "form": form, "credit": {"creator": "Ana"}}
    answer = server.post("studio/save", json=asked)
    assert answer.headers["content-type"] == "image/jpeg"
    assert 'filename="tiny-7-2x.jpg"' in answer.headers["content-disposition"]
    work = read_work(answer.content)
    assert verify(tiny_model, work).identical
    assert work.marks["dc:creator"] == "Ana"
    back = server.post("studio/read", content=answer.content).json()
    assert back == {"recipe": recipe, "installed": True, "changed": False}


def printing() -> list[psutil.Process]:
    """The processes of this one that enlarge, and live."""
    found = []
    for one in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it ended just now
            if "studio.export.prints" in one.cmdline():
                found.append(one)
    return found


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_print_that_nobody_waits_for_ends(
    server: Server, recipe: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enlarging, "LOOK", 0.05)
    body = json.dumps({"recipe": recipe, "form": {"kind": "PNG", "scale": 4}})
    where = urlsplit(server.address)
    head = f"POST /studio/save HTTP/1.1\r\nHost: {where.netloc}\r\n"
    with socket.create_connection((where.hostname or "", where.port or 0)) as asking:
        asked = f"{head}Content-Length: {len(body)}\r\n\r\n{body}"
        asking.sendall(asked.encode())
        until(lambda: bool(printing()))
        process = printing()[0]
        process.suspend()  # so that it cannot end by itself
    until(lambda: process not in printing())


def test_without_weights_one_sentence_says_what_to_install(
    server: Server,
    recipe: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(prints.importlib.util, "find_spec", lambda name: None)
    asked = {"recipe": recipe, "form": {"kind": "PNG", "scale": 4}}
    answer = server.post("studio/save", json=asked)
    assert answer.json()["error"]["code"] == "print_no_weights"
    assert "pip install" in answer.json()["error"]["sentence"]


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ({"form": {"kind": "GIF"}}, "form_kind"),
        ({"form": {"kind": "PNG", "scale": 3}}, "form_scale"),
        ({"form": {"kind": "PNG", "size": 3}}, "recipe_unknown_field"),
        ({"form": 7}, "recipe_object"),
        ({"credit": {"creator": 7}}, "recipe_text"),
        ({"credit": {"creator": "x" * 301}}, "recipe_text"),
    ],
)
def test_what_cannot_be_made_is_told(
    server: Server, recipe: dict[str, Any], extra: dict[str, Any], code: str
) -> None:
    answer = server.post("studio/save", json={"recipe": recipe, **extra})
    assert answer.json()["error"]["code"] == code


def test_a_size_of_the_recipe_is_what_a_print_multiplies(tiny_model: Model) -> None:
    file = save_work(tiny_model, tiny_model.recipe(3), Form("WEBP", 4))
    with Image.open(io.BytesIO(file)) as picture:
        height, width = tiny_model.resolution
        assert picture.size == (4 * width, 4 * height)
