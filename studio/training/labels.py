"""What pictures are called: read from `labels.csv`, notes beside them, or folders.

The first source that there is counts, in that order. Nothing is guessed from pixels. A
table names files as seen from where it lies: a ZIP's own one lies with its pictures.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from studio.errors import InputError, StudioError
from studio.training.dataset import find_pictures
from studio.training.settings import AUTO, TrainSettings

FEWEST = 12  # pictures of a kind; with less it would be learnt by heart
MOST = 200  # kinds
TABLE = "labels.csv"
NOTE = ".txt"  # how the text beside a picture ends
MOST_BYTES = 32 * 2**20  # of the table
NOTE_BYTES = 64 * 2**10  # of a note beside a picture
LONGEST = 80  # characters of a label
SHOWN = 6  # of the commonest
# Columns that hold several words of a fixed vocabulary; in others a space belongs to
# the label, as in "passion fruit", and so does the comma of "Cross, Henri-Edmond".
WORDS = ("tags", "labels")


@dataclass(frozen=True)
class Labels:
    """Labels by file, as `find_pictures` names it below the folder.

    `source` is "table", "notes", "folders", or "" where there are none; `column` is
    that of the table. `unknown` counts rows and notes about pictures that are not here.
    """

    of: dict[str, tuple[str, ...]]
    source: str = ""
    column: str = ""
    unknown: int = 0

    @property
    def counts(self) -> list[tuple[str, int]]:
        """Give each label with its number of pictures, the commonest first."""
        counted = Counter(label for labels in self.of.values() for label in labels)
        return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))


def read_labels(
    folder: Path, column: str | None = None, excluded: Collection[str] = ()
) -> Labels:
    """Read the labels of the pictures of a folder, but those left out.

    `column` is one of the table's; without it the first after `file` is taken. Raises
    InputError for a table that cannot be read or has no such column. Tables in folders
    below count where there is none at the top.
    """
    paths = find_pictures(folder, excluded)
    files = [path.relative_to(folder).as_posix() for path in paths]
    # a row about a picture that was left out is not unknown
    known = {path.relative_to(folder).as_posix() for path in find_pictures(folder)}
    if tables := _find_tables(folder):
        return _read_tables(folder, tables, files, known, column)
    return _read_notes(folder, files, known) or _read_folders(files)


def describe_labels(folder: Path) -> dict[str, Any]:
    """Tell how many kinds there are and the commonest; an `error` in their place."""
    try:
        labels = read_labels(folder)
    except StudioError as problem:
        return {"source": "table", "error": problem.as_dict()}
    counts = labels.counts
    return {
        "source": labels.source,
        "column": labels.column,
        "kinds": len(counts),
        "learnable": _count_kinds(choose_labels([*labels.of.values()])),
        "labelled": len(labels.of),
        "commonest": [list(pair) for pair in counts[:SHOWN]],
        "unknown": labels.unknown,
    }


def labels_to_learn(
    settings: TrainSettings, files: Sequence[str] | None = None
) -> list[str | None]:
    """Give the label by which each of a run's pictures is learnt; None for none.

    `files` are named as in the folder; without them all that have labels count.
    Raises InputError where fewer than two kinds are left.
    """
    folder = settings.folder
    column = None if settings.labels == AUTO else settings.labels
    found = read_labels(Path(folder), column, settings.excluded)
    if column and found.source != "table":  # notes and folders have no columns
        raise InputError("labels_no_table", folder=folder, column=column)
    if not found.of:
        raise InputError("labels_none", folder=folder)
    chosen = choose_labels([found.of.get(file, ()) for file in files or found.of])
    if _count_kinds(chosen) < 2:
        raise InputError("labels_few", folder=folder, fewest=FEWEST)
    return chosen


def choose_labels(labels: Sequence[Sequence[str]]) -> list[str | None]:
    """Choose of each picture's labels the first that enough pictures are known by.

    Where most have "trees" before all else, few are left for "sea": the rarest goes,
    and its pictures to their next label, until each has `FEWEST` of its own.
    """
    counted = Counter(label for own in labels for label in own)
    of: dict[str, list[int]] = {x: [] for x, n in counted.items() if n >= FEWEST}
    chosen: list[str | None] = [None] * len(labels)
    waiting: Sequence[int] = range(len(labels))
    while True:
        for i in waiting:
            chosen[i] = label = next((x for x in labels[i] if x in of), None)
            if label is not None:
                of[label].append(i)
        rarest = min(of, key=lambda label: (len(of[label]), label), default=None)
        if rarest is None or len(of[rarest]) >= FEWEST:
            return chosen
        waiting = of.pop(rarest)


def _count_kinds(chosen: list[str | None]) -> int:
    return min(MOST, len(set(chosen) - {None}))


def _find_tables(folder: Path) -> list[Path]:
    top = folder / TABLE
    return [top] if top.is_file() else sorted(folder.rglob(TABLE))


def _read_tables(
    folder: Path,
    tables: list[Path],
    files: list[str],
    known: set[str],
    column: str | None,
) -> Labels:
    told: dict[str, str] = {}
    for path in tables:
        column, cells = _read_table(path, column)
        place = path.parent.relative_to(folder)
        for name, cell in cells.items():
            told.setdefault((place / name).as_posix(), cell)
    assert column is not None
    pattern = r"[;|\s]+" if column in WORDS else r"[;|]"
    found = _split_all({file: told[file] for file in files if file in told}, pattern)
    return Labels(found, "table", column, len(told.keys() - known))


def _read_table(path: Path, column: str | None) -> tuple[str, dict[str, str]]:
    """Give the column that counts, and what it says of each file."""
    rows = _rows(path)
    head = [name.strip() for name in next(rows, [])]
    others = [name for name in head if name not in ("", "file")]
    wanted = column or (others[0] if others else "label")
    for name in ("file", wanted):
        if name not in head:
            raise InputError("labels_column", column=name, known=", ".join(head) or "-")
    place, cell = head.index("file"), head.index(wanted)
    told: dict[str, str] = {}
    for row in rows:
        if len(row) > place and row[place].strip():
            name = PurePosixPath(row[place].strip().replace("\\", "/")).as_posix()
            told.setdefault(name, row[cell] if len(row) > cell else "")
    return wanted, told


def _rows(path: Path) -> Iterator[list[str]]:
    """Read a table with commas, semicolons or tabs. Raises InputError."""
    line = 1
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError
        text = path.read_bytes().decode("utf-8-sig")
        if "\0" in text:
            raise ValueError
        head = text.partition("\n")[0]
        mark = max(",;\t", key=head.count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
        for row in reader:
            line = reader.line_num + 1
            yield row
    except (OSError, ValueError, csv.Error):
        raise InputError("labels_damaged", line=line) from None


def _read_notes(folder: Path, files: list[str], known: set[str]) -> Labels | None:
    """Read the text beside each picture: labels between commas or on lines."""
    notes = {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for path in sorted(folder.rglob(f"*{NOTE}"))
        if path.is_file()
    }
    told = {}
    for file in files:
        if path := notes.get(PurePosixPath(file).with_suffix("").as_posix()):
            told[file] = _note(path)
    found = _split_all(told, r"[,;|\n]")
    stems = {PurePosixPath(file).with_suffix("").as_posix() for file in known}
    return Labels(found, "notes", "", len(notes.keys() - stems)) if found else None


def _note(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(NOTE_BYTES).decode("utf-8-sig", "replace")
    except OSError:
        return ""


def _read_folders(files: list[str]) -> Labels:
    """Take the first folder that tells pictures apart, where there are two or more."""
    folders = [PurePosixPath(file).parts[:-1] for file in files]
    # a ZIP often holds one folder that holds everything
    depth = 0
    while folders and all(len(parts) > depth for parts in folders):
        if len({parts[depth] for parts in folders}) > 1:
            break
        depth += 1
    names = {parts[depth] for parts in folders if len(parts) > depth}
    if len(names) < 2:
        return Labels({})
    told: dict[str, tuple[str, ...]] = {
        file: (parts[depth][:LONGEST],)
        for file, parts in zip(files, folders, strict=True)
        if len(parts) > depth
    }
    return Labels(told, "folders")


def _split_all(told: dict[str, str], pattern: str) -> dict[str, tuple[str, ...]]:
    """Split what is told of each file into labels, each once; files with none go."""
    found = {}
    for file, text in told.items():
        parts = (" ".join(part.split())[:LONGEST] for part in re.split(pattern, text))
        if labels := tuple(dict.fromkeys(part for part in parts if part)):
            found[file] = labels
    return found
