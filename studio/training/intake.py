"""Pictures that a person brings: files and ZIPs from strangers, put in a folder.

What they are called comes along: `labels.csv`, and a text beside each.

Nothing here believes what a file says of itself. Whatever is refused leaves nothing
behind: everything is written beside its place and renamed.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from studio.errors import InputError
from studio.paths import pictures_folder
from studio.training.dataset import SUFFIXES
from studio.training.labels import MOST_BYTES, NOTE, NOTE_BYTES, TABLE
from studio.training.run import check_name

PICTURE_LIMIT = 64 * 2**20  # bytes of one picture
ZIP_LIMIT = 4 * 2**30  # bytes of one ZIP
UNPACKED_LIMIT = 8 * 2**30  # bytes of all its pictures
MOST_ENTRIES = 100_000
MOST_RATIO = 50  # unpacked over packed: pictures are packed already
SMALL = 2**20  # bytes below which a ratio says nothing
LONGEST_NAME = 80  # characters of one part of a path
DEEPEST = 8  # parts of a path
CHUNK = 2**20
# what zipfile raises over files that are none, or use what it does not know
BROKEN = (
    zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError,
    ValueError,
)  # fmt: skip
UNSAFE = re.compile(r'[<>:"|?*\\/]')


def picture_set(name: str) -> Path:
    """Give the folder of the set `name`. Raises RunError for an impossible name."""
    return pictures_folder() / check_name(name)


def limit_of(name: str) -> int:
    """Give how many bytes a file may have. Raises InputError where it may not come."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".zip":
        return ZIP_LIMIT
    if suffix in SUFFIXES:
        return PICTURE_LIMIT
    if is_label(name):
        return NOTE_BYTES if suffix == NOTE else MOST_BYTES
    raise InputError("picture_kind", name=name)


def is_label(name: str) -> bool:
    """Tell whether a file says what pictures are called."""
    path = PurePosixPath(name.replace("\\", "/").lower())
    return path.name == TABLE or path.suffix == NOTE


@contextmanager
def incoming() -> Iterator[Path]:
    """Give a folder of one's own that is gone afterwards, whatever happens."""
    folder = pictures_folder() / f".incoming-{secrets.token_hex(6)}"
    try:
        folder.mkdir(parents=True)
        yield folder
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise InputError("cannot_write", path=folder, reason=reason) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def take_in(file: Path, name: str, target: Path) -> int:
    """Put an uploaded file, or what a ZIP holds, into the set `target`.

    Gives the number of pictures. `file` lies in a folder that `incoming` gave. A
    picture of the same name is replaced. Raises InputError with what is wrong.
    """
    path = safe_path(name)
    if path.suffix.lower() != ".zip":
        place = target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, place)
        return int(path.suffix in SUFFIXES)
    unpacked = file.parent / "unpacked"
    count = unpack(file, unpacked)
    target.mkdir(parents=True, exist_ok=True)
    os.replace(unpacked, _free_place(target, path.stem))
    return count


def safe_path(name: str) -> Path:
    """Give the path within a set for a name that a stranger chose.

    What could not be a name here or would deceive the eye (control characters,
    changes of writing direction) is left out of it. Raises InputError for one that
    would leave the set.
    """
    whole = name.replace("\\", "/")
    parts = [part for part in whole.split("/") if part not in ("", ".")]
    absolute = whole.startswith("/") or re.match(r"[A-Za-z]:", whole)
    if absolute or ".." in parts or not parts:
        raise InputError("picture_path", name=name)
    folders = [_clean(part) for part in parts[:-1][-DEEPEST:]]
    stem, suffix = os.path.splitext(parts[-1])
    return Path(*folders, _clean(stem) + suffix.lower())


def unpack(file: Path, folder: Path) -> int:
    """Unpack a ZIP's pictures and their labels into a new folder; count the pictures.

    Raises InputError: nothing of a ZIP that is refused may be used.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            entries = _wanted_of(archive)
            places = _places(entries)
            left = UNPACKED_LIMIT
            for entry, place in zip(entries, places, strict=True):
                left -= _write(archive, entry, folder / place, left)
    except BROKEN:
        raise InputError("zip_damaged") from None
    return sum(_is_picture(entry) for entry in entries)


def _wanted_of(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Check all entries of a ZIP before any is written; give pictures and labels."""
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise InputError("zip_entries", limit=MOST_ENTRIES)
    for entry in entries:
        _check(entry)
    found = [entry for entry in entries if _is_picture(entry)]
    if not found:
        raise InputError("zip_empty")
    found += [entry for entry in entries if _is_labelling(entry)]
    size = sum(entry.file_size for entry in found)
    packed = sum(entry.compress_size for entry in found)
    if size > UNPACKED_LIMIT or (size > SMALL and size > MOST_RATIO * max(packed, 1)):
        raise InputError("zip_bomb")
    return found


def _check(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    safe_path(name if name.strip("/.\\") else "folder")
    if entry.flag_bits & 1:
        raise InputError("zip_encrypted")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise InputError("zip_link", name=name)
    if name.lower().endswith(".zip") and not _is_hidden(name):
        raise InputError("zip_nested", name=name)


def _is_picture(entry: zipfile.ZipInfo) -> bool:
    suffix = PurePosixPath(entry.filename).suffix.lower()
    return suffix in SUFFIXES and not entry.is_dir() and not _is_hidden(entry.filename)


def _is_labelling(entry: zipfile.ZipInfo) -> bool:
    return is_label(entry.filename) and not _is_hidden(entry.filename)


def _is_hidden(name: str) -> bool:
    """Such as what macOS adds to every ZIP."""
    parts = name.replace("\\", "/").split("/")
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _places(entries: list[zipfile.ZipInfo]) -> list[Path]:
    """Give each entry a place of its own, also where names differ by case alone."""
    taken: set[str] = set()
    places = []
    for entry in entries:
        path = place = safe_path(entry.filename)
        number = 2
        while str(place).casefold() in taken:
            place = path.with_name(f"{path.stem}-{number}{path.suffix}")
            number += 1
        taken.add(str(place).casefold())
        places.append(place)
    return places


def _write(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path, left: int
) -> int:
    """Write one entry, counting what comes and not what was declared."""
    place.parent.mkdir(parents=True, exist_ok=True)
    most, size = min(PICTURE_LIMIT, left), 0
    with archive.open(entry) as source, place.open("xb") as target:
        while chunk := source.read(CHUNK):
            size += len(chunk)
            if size > most:
                raise InputError("zip_bomb")
            target.write(chunk)
    return size


def _free_place(target: Path, stem: str) -> Path:
    place, number = target / stem, 2
    while place.exists():
        place, number = target / f"{stem}-{number}", number + 1
    return place


def _clean(part: str) -> str:
    normal = unicodedata.normalize("NFC", part)
    shown = "".join(c for c in normal if not unicodedata.category(c).startswith("C"))
    plain = UNSAFE.sub("_", shown).strip(" ")[:LONGEST_NAME]
    cut = plain.encode()[: 2 * LONGEST_NAME].decode(errors="ignore")
    return cut.lstrip(".") or "_"  # a leading dot would hide it
