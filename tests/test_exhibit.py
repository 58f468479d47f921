"""An exhibition: what lies in its folder, and what cannot be hung."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio import cli
from studio.errors import InputError
from studio.export.exhibit import PIECES, Exhibit, Piece, build, hang
from studio.export.metadata import Credit
from studio.export.saved import Form
from studio.export.work import read_work, save_work
from studio.model import Model

NASTY = '"><script>alert(1)</script>{0} @title@ & 画'


def atom(kind: bytes, content: bytes = b"") -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content


FILM = atom(b"ftyp", b"isom") + atom(b"mdat", b"x" * 99) + atom(b"moov", b"y" * 20)


@pytest.fixture(scope="module")
def shown(
    tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """Works and films to hang; their model is tiny."""
    folder = tmp_path_factory.mktemp("shown")
    model = Model.open(str(tiny_checkpoint))
    for name, form in (("a b'<i>.png", Form()), ("ü.jpg", Form("JPEG"))):
        (folder / name).write_bytes(save_work(model, model.recipe(7), form))
    named = Credit(title=NASTY)
    file = save_work(model, model.recipe(8), Form("WEBP"), named)
    (folder / "8.webp").write_bytes(file)
    (folder / "evening_walk.mp4").write_bytes(FILM)
    frames = [Image.new("RGB", (8, 6), (n, 0, 0)) for n in (0, 99, 200)]
    moving = folder / "drift.webp"
    frames[0].save(moving, "WEBP", save_all=True, append_images=frames[1:])
    yield folder


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    status = cli.main(["exhibit", *map(str, args)])
    told = capsys.readouterr()
    return status, told.out, told.err


class Page(HTMLParser):
    """What a browser would find in a page: every address, every script, its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.scripts = 0
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        known = ("src", "href", "srcset", "action", "poster")
        self.addresses += [value or "" for key, value in attrs if key in known]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_works_and_films_become_one_folder(
    shown: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("a b'<i>.png", "ü.jpg", "8.webp", "evening_walk.mp4", "drift.webp")
    folder = tmp_path / "deep" / "展览 & 'more'"
    about = ("--title", NASTY, "--artist", "Ana <b>", "--statement", "One.\n\nTwo </p>")
    files = [shown / name for name in names]
    status, out, _ = run(
        capsys, *files, "-o", folder, *about, "--licence", "CC", "--json"
    )
    assert status == 0
    told = json.loads(out)
    page = Page((folder / "index.html").read_text("utf-8"))
    kept = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    still = "works/05-moving-still.webp"
    assert kept == {"index.html", "exhibit.json", still, *told["works"]}
    for file, name in zip(told["works"], names, strict=True):
        assert (folder / file).read_bytes() == (shown / name).read_bytes()
        assert re.fullmatch(r"works/[0-9]+-[a-z]+\.[a-z0-9]+", file)
    # nothing but what lies beside the page is asked for, and all of it is there
    for address in page.addresses:
        name = address.split("#")[0]
        assert not name or name in kept, address
    assert page.scripts == 2  # its data and its own
    words = " ".join(page.words)
    for text in (NASTY, "Ana <b>", "Two </p>", "evening walk", "tiny"):
        assert text in words, text
    assert "Untitled (seed 7)" in words and "无题（种子 7）" in words
    data = json.loads((folder / "exhibit.json").read_text("utf-8"))
    assert data["works"][0]["recipe"] == read_work(files[0]).recipe.to_dict()
    with Image.open(folder / still) as picture:
        assert not getattr(picture, "is_animated", False)


def test_an_exhibition_is_replaced_and_anything_else_is_not(
    shown: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "ex"
    work = shown / "8.webp"
    assert run(capsys, work, shown / "drift.webp", "-o", folder)[0] == 0
    assert run(capsys, work, "-o", folder)[0] == 0
    assert len(list((folder / "works").iterdir())) == 1
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    for taken in (tmp_path / "mine", work):
        status, _, error = run(capsys, work, "-o", taken)
        assert status == 2 and "no exhibition" in error
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["letter.txt"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ex", "mine"]


def test_a_work_of_a_model_that_is_gone_hangs_with_its_own_words(
    shown: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STUDIO_CHECKPOINTS", str(tmp_path / "none"))
    folder = tmp_path / "ex"
    status, out, error = run(capsys, shown / "ü.jpg", "-o", folder, "--json")
    assert (
        status == 0 and "tiny" in error and json.loads(out)["unexplained"] == ["tiny"]
    )
    assert "Made with AI (人工智能生成)" in (folder / "index.html").read_text("utf-8")


def spoilt(shown: Path) -> dict[str, bytes]:
    noise = io.BytesIO()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(noise, "PNG")
    moving = (shown / "drift.webp").read_bytes()
    return {
        "plain.png": noise.getvalue(),
        "cut.jpg": (shown / "ü.jpg").read_bytes()[:-9],
        "text.txt": b"hello",
        "cut.mp4": FILM[:-3],
        "no_index.mp4": atom(b"ftyp") + atom(b"mdat"),
        "text.mp4": b"hello, I am no film at all",
        "empty.mp4": b"",
        "text.webm": b"hello",
        "cut.webp": moving[: len(moving) - 30],
        "wrong.png": FILM,
    }


def test_what_is_damaged_is_named_and_nothing_is_written(
    shown: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    for name, data in spoilt(shown).items():
        file = tmp_path / "in" / name
        file.write_bytes(data)
        status, _, error = run(capsys, shown / "8.webp", file, "-o", tmp_path / "ex")
        assert status == 2 and name in error, name
        assert error.count("\n") == 1
    missing = tmp_path / "in" / "gone.mp4"
    status, _, error = run(capsys, missing, "-o", tmp_path / "ex")
    assert status == 2 and "gone.mp4" in error
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


def test_none_and_too_many_are_told_and_five_hundred_hang(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        Exhibit(())
    assert caught.value.code == "exhibit_empty"
    piece = Piece("picture", ".png", {"en": "One", "zh": "一"}, size=(8, 8))
    with pytest.raises(InputError) as caught:
        Exhibit((piece,) * (PIECES + 1))
    assert caught.value.code == "exhibit_many"
    exhibit = Exhibit((piece,) * PIECES)
    bring = ({"file": lambda target: target.write_bytes(b"x") and None},) * PIECES
    hang(exhibit, tmp_path / "ex", bring)
    assert len(list((tmp_path / "ex" / "works").iterdir())) == PIECES
    page = Page((tmp_path / "ex" / "index.html").read_text("utf-8"))
    assert "works/500-picture.png" in page.addresses
    one = Page(build(Exhibit((piece,)))["index.html"])
    assert {"#1", "#"} <= set(one.addresses)


@pytest.mark.parametrize("language", ["", "en", "zh"])
def test_the_language_to_begin_with(language: str) -> None:
    piece = Piece("picture", ".png", {"en": "One", "zh": "一"})
    page = build(Exhibit((piece,), language=language))["index.html"]
    assert f'data-given="{language}"' in page
    assert f'<html lang="{language or "en"}"' in page


def test_a_disk_that_is_full_leaves_what_was_there(
    shown: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    folder = tmp_path / "ex"
    assert run(capsys, shown / "8.webp", "-o", folder)[0] == 0
    before = (folder / "index.html").read_bytes()
    whole = shutil.copyfile

    def full(source: Path, target: Path) -> None:
        whole(source, target)
        if "02-" in str(target):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfile", full)
    status, _, error = run(capsys, shown / "8.webp", shown / "ü.jpg", "-o", folder)
    assert status == 2 and "No space left" in error
    assert (folder / "index.html").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["ex"]


def test_whoever_stops_it_leaves_no_half_folder(
    shown: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(source: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "copyfile", stopped)
    files = [str(shown / "8.webp"), "-o", str(tmp_path / "ex")]
    assert cli.main(["exhibit", *files]) == 130
    assert not list(tmp_path.iterdir())


def test_a_language_that_it_does_not_speak_is_told(
    shown: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = (shown / "8.webp", "-o", tmp_path / "ex", "--language", "fr")
    status, _, error = run(capsys, *asked)
    assert status == 2 and "fr" in error
