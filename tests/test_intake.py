"""Bringing pictures: what is taken in, and the ZIPs that are not."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from servers import Server, serving

from studio.paths import pictures_folder
from studio.training import intake


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def png(colour: int = 0, side: int = 40) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), (colour, 200 - colour, 90)).save(buffer, "PNG")
    return buffer.getvalue()


def packed(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


def bring(server: Server, name: str, data: Any, set_name: str = "mine") -> Any:
    where = {"set": set_name, "file": name}
    return server.post("studio/pictures", params=where, content=data)


def taken(set_name: str = "mine") -> list[str]:
    folder = pictures_folder() / set_name
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
    )


def code_of(answer: Any) -> str:
    return answer.json()["error"]["code"]


def assert_nothing_is_left() -> None:
    assert taken() == []
    left = pictures_folder()
    assert not left.is_dir() or not list(left.glob(".incoming*"))


def test_pictures_come_one_by_one_and_in_a_zip(server: Server) -> None:
    assert bring(server, "one.PNG", png()).json() == {"set": "mine", "pictures": 1}
    bring(server, "sub/two.png", png(20))
    inside = packed(
        ("deep/three.png", png(40)),
        ("__MACOSX/deep/._three.png", b"x"),
        ("notes.doc", b"no picture"),
    )
    assert bring(server, "rest.zip", inside).json()["pictures"] == 1
    assert taken() == ["one.png", "rest/deep/three.png", "sub/two.png"]
    found = server.get("studio/pictures", params={"set": "mine"}).json()
    assert (found["images"], found["usable"], found["set"]) == (3, 3, "mine")


def test_what_pictures_are_called_comes_along(server: Server) -> None:
    inside = packed(
        ("in/pear.png", png(40)), ("in/fig.png", png(60)), ("in/other.csv", b"x,y\n"),
        ("in/labels.csv", "file,kind\npear.png,pear\nfig.png,无花果\n".encode()),
        ("in/._labels.csv", b"\0"),
    )  # fmt: skip
    assert bring(server, "rest.zip", inside).json()["pictures"] == 2
    assert "rest/in/other.csv" not in taken()
    found = server.get("studio/pictures", params={"set": "mine"}).json()["labels"]
    assert (found["source"], found["kinds"], found["unknown"]) == ("table", 2, 0)


def test_a_text_beside_a_picture_comes_as_its_note(server: Server) -> None:
    bring(server, "one.png", png())
    assert bring(server, "one.txt", b"sea, fog").json()["pictures"] == 0
    found = server.get("studio/pictures", params={"set": "mine"}).json()["labels"]
    assert (found["source"], found["kinds"]) == ("notes", 2)
    assert code_of(bring(server, "one.txt", b"x" * 2**17)) == "body_too_large"
    assert code_of(bring(server, "table.csv", b"file,kind\n")) == "picture_kind"


def test_a_picture_that_comes_again_takes_its_own_place(server: Server) -> None:
    for colour in (0, 90):
        bring(server, "one.png", png(colour))
    assert taken() == ["one.png"]
    assert (pictures_folder() / "mine/one.png").read_bytes() == png(90)


def test_names_that_deceive_or_collide_are_made_plain(server: Server) -> None:
    inside = packed(
        ("A.png", png(1)),
        ("a.PNG", png(2)),
        ("\u202egnp.evil.png", png(3)),
        ("夕阳 🌅.png", png(4)),
        ("x" * 400 + ".png", png(5)),
    )
    assert bring(server, "z.zip", inside).json()["pictures"] == 5
    names = taken()
    assert len(names) == 5 and "z/夕阳 🌅.png" in names
    assert {"z/A.png", "z/a-2.png"} <= set(names)
    assert not any("\u202e" in name or len(name) > 100 for name in names)


def link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("link.png")
    entry.external_attr = 0o120777 << 16
    return entry


def encrypted() -> bytes:
    data = bytearray(packed(("a.png", png())))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (packed(("../../slip.png", png())), "picture_path"),
        (packed(("/abs.png", png())), "picture_path"),
        (packed(("C:\\abs.png", png())), "picture_path"),
        (packed(("a.png", png()), ("..\\slip.png", png())), "picture_path"),
        (packed((link(), b"/etc/passwd")), "zip_link"),
        (packed(("a.png", png()), ("inner.zip", packed())), "zip_nested"),
        (packed(("big.png", bytes(100 * 2**20))), "zip_bomb"),
        (packed(("notes.txt", b"x")), "zip_empty"),
        (packed(), "zip_empty"),
        (encrypted(), "zip_encrypted"),
        (packed(("a.png", png()))[:-30], "zip_damaged"),
        (b"not a zip at all", "zip_damaged"),
        (b"", "zip_damaged"),
    ],
)
def test_a_zip_that_is_no_honest_one_leaves_nothing(
    server: Server, data: bytes, code: str
) -> None:
    answer = bring(server, "z.zip", data)
    assert (answer.status_code, code_of(answer)) == (400, code)
    assert_nothing_is_left()


def test_a_zip_with_too_many_entries_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MOST_ENTRIES", 3)
    entries = [(f"{i}.png", png(i)) for i in range(4)]
    assert code_of(bring(server, "z.zip", packed(*entries))) == "zip_entries"
    assert_nothing_is_left()


def test_a_zip_that_lies_about_its_size_is_found_out(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = packed(("a.png", bytes(3 * 2**20)))
    size = (3 * 2**20).to_bytes(4, "little")
    lying = honest.replace(size, (900).to_bytes(4, "little"))
    assert code_of(bring(server, "z.zip", lying)) in ("zip_bomb", "zip_damaged")
    assert_nothing_is_left()


@pytest.mark.parametrize(
    ("name", "set_name", "code"),
    [
        ("a.svg", "mine", "picture_kind"),
        ("a", "mine", "picture_kind"),
        ("", "mine", "picture_kind"),
        ("../a.png", "mine", "picture_path"),
        ("/etc/a.png", "mine", "picture_path"),
        ("a.png", "../mine", "run_name"),
        ("a.png", "", "run_name"),
    ],
)
def test_files_that_may_not_come(
    server: Server, name: str, set_name: str, code: str
) -> None:
    assert code_of(bring(server, name, png(), set_name)) == code
    assert_nothing_is_left()


def test_what_is_too_large_is_stopped_on_its_way(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "PICTURE_LIMIT", 1000)

    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield bytes(100)

    for data in (bytes(4000), endless()):
        answer = bring(server, "a.png", data)
        assert (answer.status_code, code_of(answer)) == (413, "body_too_large")
    assert_nothing_is_left()


# -- the doctor's view ---------------------------------------------------------------


def test_the_doctor_shows_what_is_wrong_and_what_to_expect(
    server: Server, tmp_path: Path
) -> None:
    for i in range(5):
        (tmp_path / f"{i}.png").write_bytes(png(30 * i, 240))
    (tmp_path / "again.png").write_bytes(png(0, 240))
    (tmp_path / "broken.png").write_bytes(png()[:40])
    found = server.get("studio/pictures", params={"folder": str(tmp_path)}).json()
    problems = {row["file"]: row["found"] for row in found["problems"]}
    assert problems["broken.png"] == {"broken": ""}
    assert "duplicate" in problems["again.png"] or "duplicate" in problems["0.png"]
    names = ("again", *range(5))
    assert found["sides"] == {f"{name}.png": [240, 240] for name in names}
    assert (found["expectation"], found["fine_tune"]) == ("few", True)
    assert found["resolution"] == [224, 224]
    assert found["dials"]["good"]["minutes"] > found["dials"]["quick"]["minutes"]
    small = server.get(
        "studio/pictures/thumb", params={"folder": str(tmp_path), "file": "0.png"}
    )
    assert Image.open(io.BytesIO(small.content)).size == (144, 144)


@pytest.mark.parametrize("file", ["../secret.png", "broken.png", "no.png", "a.txt", ""])
def test_a_thumb_is_of_a_picture_inside(
    server: Server, tmp_path: Path, file: str
) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(png())
    (folder / "a.txt").write_bytes(png())
    (folder / "broken.png").write_bytes(b"broken")
    where = {"folder": str(folder), "file": file}
    answer = server.get("studio/pictures/thumb", params=where)
    assert (answer.status_code, code_of(answer)) == (404, "not_found")


@pytest.mark.parametrize("folder", ["", "relative", "/no/such", "/%00"])
def test_a_folder_that_is_none_is_told(server: Server, folder: str) -> None:
    answer = server.get("studio/pictures", params={"folder": folder})
    assert (answer.status_code, code_of(answer)) == (400, "folder_missing")


def test_a_whole_disk_is_not_walked(
    server: Server, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studio.server import pictures

    monkeypatch.setattr(pictures, "MOST_FILES", 5)
    answer = server.get("studio/pictures", params={"folder": str(tiny_folder)})
    assert code_of(answer) == "folder_large"
