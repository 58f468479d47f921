"""Files that somebody wants to hang: works, and films as they are."""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import InputError, PictureError, RecipeError
from studio.export.exhibit import Bring, Piece, Texts
from studio.export.saved import SUFFIXES, SavedWork
from studio.export.work import read_work
from studio.language import LANGUAGES, say

if TYPE_CHECKING:
    from PIL import Image

FILMS = (".mp4", ".webm")
TITLE = 80  # characters of a file's name that make a title
_WEBM = b"\x1a\x45\xdf\xa3"


def read_file(path: Path) -> tuple[Piece | SavedWork, Mapping[str, Bring]]:
    """Return a film as a piece or a work as it is, and what puts its files in place.

    Raises InputError with the file's name.
    """
    suffix = path.suffix.lower()
    bring: dict[str, Bring] = {"file": _copy(path)}
    try:
        if suffix in FILMS:
            _check_film(path, suffix)
            return _film("film", suffix, path), bring
        if suffix in SUFFIXES:
            return _picture(path, bring), bring
    except PictureError as error:
        if error.code == "cannot_read":
            reason = error.params["reason"]
            raise InputError(
                "exhibit_unreadable", name=path.name, reason=reason
            ) from None
        raise InputError("exhibit_piece", name=path.name) from None
    except RecipeError:
        raise InputError("exhibit_piece", name=path.name) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError("exhibit_unreadable", name=path.name, reason=reason) from None
    raise InputError("exhibit_piece", name=path.name)


def piece_of(
    work: SavedWork,
    card: Mapping[str, Any] | None,
    told: Mapping[str, Sequence[str]] | None = None,
) -> Piece:
    """Return a work as a piece.

    ``told`` are its paragraphs by language, the title first (see ``wall_text.tell``);
    without them the file's own words stand, and a model that nobody has (``card`` is
    None) is known by its name.
    """
    suffix = next(end for end, kind in SUFFIXES.items() if kind == work.form.kind)
    titles = {code: say("exhibit.no_title", code) for code in LANGUAGES}
    texts: dict[str, Sequence[str]] = {code: _own_words(work) for code in LANGUAGES}
    if told:
        titles = {code: told[code][0] for code in LANGUAGES}
        texts = {code: told[code][1:] for code in LANGUAGES}
    if own := work.marks.get("dc:title"):
        titles = dict.fromkeys(LANGUAGES, own)
    origin = origin_of(work.recipe.model, work.size, card)
    return Piece(
        "picture", suffix, titles, texts, origin, size=work.size, recipe=work.recipe
    )


def origin_of(
    model: str, size: tuple[int, int], card: Mapping[str, Any] | None
) -> Texts:
    """Say of which model a work is, by language, and how large."""
    known = card or {}
    told = (known.get("data") or {}).get("translations") or {}
    height, width = size
    names = {
        code: str((told.get(code) or {}).get("title") or known.get("title") or model)
        for code in LANGUAGES
    }
    return {
        code: say("exhibit.origin", code, model=name, height=height, width=width)
        for code, name in names.items()
    }


def _own_words(work: SavedWork) -> list[str]:
    words = (work.marks.get(name) for name in ("dc:description", "dc:source"))
    return [text for text in words if text]


def _picture(path: Path, bring: dict[str, Bring]) -> Piece | SavedWork:
    try:
        work = read_work(path)
        _ = work.pixels  # one whose pixels are damaged is no work to hang
        return work
    except PictureError as error:
        if error.code != "picture_is_film":
            raise
    size, still = _first_frame(path)
    bring["still"] = lambda target: still.save(target, "WEBP", quality=90)
    return _film("moving", ".webp", path, size)


def _first_frame(path: Path) -> tuple[tuple[int, int], Image.Image]:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(path.read_bytes()), formats=["WEBP"]) as film:
            still = film.convert("RGB")
            film.seek(film.n_frames - 1)  # type: ignore[attr-defined]
            film.load()
    except (SyntaxError, ValueError, EOFError) as error:
        raise PictureError("picture_pixels") from error
    return (still.height, still.width), still


def _film(
    kind: str, suffix: str, path: Path, size: tuple[int, int] | None = None
) -> Piece:
    name = " ".join(path.stem.replace("_", " ").split())[:TITLE]
    titles = dict.fromkeys(LANGUAGES, name or say(f"exhibit.{kind}", "en"))
    origin = {code: say("exhibit.origin_film", code) for code in LANGUAGES}
    return Piece(kind, suffix, titles, {}, origin, size, still=kind == "moving")


def _copy(path: Path) -> Bring:
    def bring(target: Path) -> None:
        shutil.copyfile(path, target)

    return bring


def _check_film(path: Path, suffix: str) -> None:
    """Refuse what is no whole film. Raises PictureError, OSError.

    An MP4 is a row of boxes to its very end, with one that lists its frames.
    """
    with path.open("rb") as file:
        if suffix == ".webm":
            if file.read(4) != _WEBM:
                raise PictureError("picture_unknown")
            return
        end, place, kinds = path.stat().st_size, 0, set()
        while place < end:
            file.seek(place)
            head = file.read(16)
            size = int.from_bytes(head[:4], "big")
            if size == 1:
                size = int.from_bytes(head[8:16], "big")
            size = size or end - place  # the last may leave its size open
            if size < 8 or place + size > end:
                raise PictureError("picture_truncated")
            kinds.add(head[4:8])
            place += size
    if not {b"ftyp", b"moov"} <= kinds:
        raise PictureError("picture_unknown")
