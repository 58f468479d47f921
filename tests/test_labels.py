"""Labels come from a table, from notes or from folders, and damage is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from studio.cli import main
from studio.errors import InputError
from studio.training.labels import (
    FEWEST,
    Labels,
    choose_labels,
    describe_labels,
    read_labels,
)


def hang(folder: Path, *files: str) -> None:
    for number, file in enumerate(files):
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 32), (number, 90, 120)).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    hang(tmp_path, "a.png", "b.png", "c.png")
    return tmp_path


def write(folder: Path, text: str) -> None:
    (folder / "labels.csv").write_text(text, encoding="utf-8")


def test_a_table_gives_its_first_column_or_the_one_asked_for(folder: Path) -> None:
    write(
        folder,
        'file,artist,tags\na.png,"Cross, Henri-Edmond",sea  trees\n'
        "b.png,卡纳莱托,sea\nc.png,,\ngone.png,Nobody,x\n",
    )
    found = read_labels(folder)
    assert (found.source, found.column, found.unknown) == ("table", "artist", 1)
    assert found.of == {"a.png": ("Cross, Henri-Edmond",), "b.png": ("卡纳莱托",)}
    tags = read_labels(folder, "tags")
    assert tags.of == {"a.png": ("sea", "trees"), "b.png": ("sea",)}
    assert tags.counts == [("sea", 2), ("trees", 1)]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_tables_of_spreadsheets_are_read(folder: Path, mark: str) -> None:
    rows = ["\ufefffile{}fruit", "a.png{}passion fruit", "b.png{}pear", "short"]
    write(folder, "\r\n".join(row.format(mark) for row in rows))
    assert read_labels(folder).of == {"a.png": ("passion fruit",), "b.png": ("pear",)}


@pytest.mark.parametrize(
    ("content", "column", "code"),
    [
        (b"file,kind\na.png,\xff\xfe\n", None, "labels_damaged"),
        (b'file,kind\na.png,"open\n', None, "labels_damaged"),
        (b"file,kind\n\0", None, "labels_damaged"),
        (b"", None, "labels_column"),
        (b"name,kind\na.png,x\n", None, "labels_column"),
        (b"file\na.png\n", None, "labels_column"),
        (b"file,kind\na.png,x\n", "fruit", "labels_column"),
    ],
)
def test_a_damaged_table_is_told(
    folder: Path, content: bytes, column: str | None, code: str
) -> None:
    (folder / "labels.csv").write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_labels(folder, column)
    assert caught.value.code == code


def test_tables_below_name_what_lies_beside_them(tmp_path: Path) -> None:
    hang(tmp_path, "one/a.png", "two/in/a.png")
    write(tmp_path / "one", "file,kind\na.png,pear\n")
    write(tmp_path / "two", "file,kind\nin/a.png,fig\nb.png,gone\n")
    found = read_labels(tmp_path)
    assert found.of == {"one/a.png": ("pear",), "two/in/a.png": ("fig",)}
    assert (found.source, found.column, found.unknown) == ("table", "kind", 1)
    write(tmp_path, "file,kind\none/a.png,plum\n")
    assert read_labels(tmp_path).of == {"one/a.png": ("plum",)}


def test_files_that_were_left_out_are_neither_labelled_nor_unknown(
    folder: Path,
) -> None:
    write(folder, "file,kind\na.png,x\nb.png,y\n")
    found = read_labels(folder, excluded=("a.png",))
    assert (found.of, found.unknown) == ({"b.png": ("y",)}, 0)


def test_notes_beside_pictures_hold_labels_between_commas(folder: Path) -> None:
    (folder / "a.txt").write_text("sea, old boats\nsea")
    (folder / "b.txt").write_bytes(b"\xff, tree")
    (folder / "readme.txt").write_text("not about a picture")
    found = read_labels(folder)
    assert (found.source, found.unknown) == ("notes", 1)
    assert found.of["a.png"] == ("sea", "old boats")
    assert "tree" in found.of["b.png"] and "c.png" not in found.of


def test_a_text_about_no_picture_makes_no_notes(tmp_path: Path) -> None:
    hang(tmp_path, "pears/a.png", "apples/b.png")
    (tmp_path / "readme.txt").write_text("hello")
    assert read_labels(tmp_path).source == "folders"


def test_folders_are_labels_also_within_the_one_of_a_zip(tmp_path: Path) -> None:
    hang(tmp_path, "all/in/pears/a.png", "all/in/pears/deep/b.png", "all/in/figs/c.png")
    found = read_labels(tmp_path)
    assert found.source == "folders"
    assert sorted(found.of.values()) == [("figs",), ("pears",), ("pears",)]


def test_one_folder_or_none_labels_nothing(folder: Path, tmp_path: Path) -> None:
    assert read_labels(folder) == Labels({})
    hang(tmp_path / "x", "only/a.png", "only/b.png")
    assert read_labels(tmp_path / "x") == Labels({})
    (tmp_path / "empty").mkdir()
    assert read_labels(tmp_path / "empty") == Labels({})


def test_a_description_never_stops_the_doctor(folder: Path) -> None:
    write(folder, "file,kind\na.png,x\nb.png,x\nc.png,y\n")
    found = describe_labels(folder)
    assert found["kinds"] == 2 and found["commonest"] == [["x", 2], ["y", 1]]
    (folder / "labels.csv").write_bytes(b"\xff")
    assert describe_labels(folder)["error"]["code"] == "labels_damaged"


def test_the_command_tells_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, "file,kind\na.png,pear\nb.png,pear\nc.png,fig\nd.png,fig\n")
    assert main(["check", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["labels"]["kinds"] == 2
    assert main(["check", str(folder)]) == 0
    assert "pear (2), fig (1)" in capsys.readouterr().out
    (folder / "labels.csv").write_bytes(b"\xff")
    assert main(["check", str(folder)]) == 0
    assert "labels.csv" in capsys.readouterr().out


def test_of_several_labels_the_first_that_enough_pictures_are_known_by_counts() -> None:
    pair, lone = ("trees", "sea"), ("sea",)
    chosen = choose_labels([pair] * FEWEST + [lone] * FEWEST + [("rare", "sea"), ()])
    assert chosen == ["trees"] * FEWEST + ["sea"] * (FEWEST + 1) + [None]


def test_a_label_that_hardly_ever_comes_first_gives_its_pictures_to_the_next() -> None:
    few = FEWEST - 1
    rows = [("trees", "dark")] * FEWEST + [("dark", "sea")] * few + [("sea",)] * FEWEST
    chosen = choose_labels(rows)
    assert chosen == ["trees"] * FEWEST + ["sea"] * (few + FEWEST)


def test_the_doctor_tells_how_many_kinds_can_be_learnt(folder: Path) -> None:
    hang(folder, *(f"{i}.png" for i in range(2 * FEWEST)))
    rows = [f"{i}.png,{'pear' if i % 2 else 'plum'}" for i in range(2 * FEWEST)]
    write(folder, "\n".join(["file,fruit", *rows, "a.png,fig"]))
    found = describe_labels(folder)
    assert (found["kinds"], found["learnable"]) == (3, 2)
