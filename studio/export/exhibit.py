"""An exhibition: one folder of plain HTML that opens from a USB stick.

The page is made of the templates in ``exhibition/`` with everything but the pictures
written into it; no framework, no module, no request to anywhere. What it shows is in
both languages, escaped, and each work comes as the very file that holds its recipe.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from studio.errors import InputError
from studio.language import LANGUAGES, say
from studio.recipe import Recipe

TEMPLATES = Path(__file__).resolve().parent / "exhibition"
STYLES = ("walls.css", "piece.css")
PIECES = 500
FORMAT = 1
RECIPE_SHOWN = 20_000  # characters; longer ones are in the file alone
MARK = "exhibit.json"  # by which a folder is known as an exhibition of ours
FILMS = {".mp4": "film", ".webm": "film", ".webp": "moving"}

Texts = Mapping[str, str]  # by language
Bring = Callable[[Path], None]  # puts a file at a path


@dataclass(frozen=True)
class Piece:
    """One work or film on the wall.

    ``kind`` is picture, moving (a picture that moves by itself) or film; ``suffix``
    the end of its file's name; ``size`` (height, width) in pixels where it is known;
    ``texts`` paragraphs by language. ``origin`` says how it was made. ``still`` tells
    that a moving picture comes with one that does not, for those who ask for it.
    """

    kind: str
    suffix: str
    titles: Texts
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    origin: Texts = field(default_factory=dict)
    size: tuple[int, int] | None = None
    recipe: Recipe | None = None
    still: bool = False


@dataclass(frozen=True)
class Exhibit:
    """What hangs, and the words on the first wall.

    ``language`` is en, zh, or empty for the visitor's own.
    """

    pieces: tuple[Piece, ...]
    title: str = ""
    artist: str = ""
    statement: str = ""
    licence: str = ""
    language: str = ""

    def __post_init__(self) -> None:
        """Raise InputError where there is nothing to hang, or too much."""
        if not self.pieces:
            raise InputError("exhibit_empty")
        if len(self.pieces) > PIECES:
            raise InputError("exhibit_many", count=len(self.pieces), limit=PIECES)

    @property
    def files(self) -> list[str]:
        """The name of each piece's file in the folder."""
        digits = max(2, len(str(len(self.pieces))))
        return [
            f"works/{_stem(piece, number, digits)}{piece.suffix}"
            for number, piece in enumerate(self.pieces, 1)
        ]


def build(exhibit: Exhibit) -> dict[str, str]:
    """Return the text of each file of an exhibition, by name, but for the works."""
    data = _data_of(exhibit)
    return {"index.html": _page(exhibit, data), MARK: _json(data, indent=1)}


def still_of(file: str) -> str:
    """Return the name of the still picture beside a moving one."""
    return f"{file.rpartition('.')[0]}-still.webp"


def hang(exhibit: Exhibit, folder: Path, bring: Iterable[Mapping[str, Bring]]) -> None:
    """Write an exhibition to ``folder``, whole or not at all.

    ``bring`` gives for each piece what puts its files in place: "file", and "still"
    where there is one. Another exhibition there is replaced; anything else is left
    and refused. Raises InputError.
    """
    _check_place(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".exhibit-", dir=folder.parent))
    except OSError as error:
        raise _unwritten(folder, error) from None
    try:
        _fill(exhibit, beside, bring)
        beside.chmod(0o755)
        _replace(folder, beside)
    except OSError as error:
        raise _unwritten(folder, error) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _fill(exhibit: Exhibit, folder: Path, bring: Iterable[Mapping[str, Bring]]) -> None:
    (folder / "works").mkdir()
    for file, brought in zip(exhibit.files, bring, strict=True):
        brought["file"](folder / file)
        if "still" in brought:
            brought["still"](folder / still_of(file))
    for name, text in build(exhibit).items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _check_place(folder: Path) -> None:
    try:
        taken = folder.exists() and not (
            folder.is_dir() and ((folder / MARK).is_file() or not any(folder.iterdir()))
        )
    except (OSError, ValueError) as error:
        raise _unwritten(folder, error) from None
    if taken:
        raise InputError("exhibit_taken", folder=folder)


def _replace(folder: Path, beside: Path) -> None:
    """Put the new folder in the place of the old one."""
    old = beside.with_name(f"{beside.name}-old")
    if folder.exists():
        folder.rename(old)
    beside.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _unwritten(folder: Path, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or type(error).__name__
    return InputError("cannot_write", path=folder, reason=reason)


def _stem(piece: Piece, number: int, digits: int) -> str:
    name = piece.recipe.model if piece.recipe else piece.kind
    # Letters that all disks and all browsers take, whatever the model is called.
    plain = re.sub(r"[^A-Za-z0-9_-]", "", name)[:32] or "work"
    return f"{number:0{digits}d}-{plain}"


def _data_of(exhibit: Exhibit) -> dict[str, Any]:
    works = [
        {
            "number": number,
            "file": file,
            "kind": piece.kind,
            "titles": dict(piece.titles),
            "texts": {code: list(lines) for code, lines in piece.texts.items()},
            "recipe": piece.recipe.to_dict() if piece.recipe else None,
        }
        for number, (piece, file) in enumerate(
            zip(exhibit.pieces, exhibit.files, strict=True), 1
        )
    ]
    told = {
        key: getattr(exhibit, key)
        for key in ("title", "artist", "statement", "licence", "language")
    }
    mark = hashlib.sha256(_json([told, works]).encode()).hexdigest()[:16]
    return {"format": FORMAT, "id": mark, **told, "works": works}


def _json(data: object, indent: int | None = None) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=indent)


def _page(exhibit: Exhibit, data: Mapping[str, Any]) -> str:
    count = len(exhibit.pieces)
    hung = list(zip(exhibit.pieces, exhibit.files, strict=True))
    script = _template("exhibit.js").strip()
    works = [{key: work[key] for key in _CARRIED} for work in data["works"]]
    carried = {"id": data["id"], "title": exhibit.title, "works": works}
    values = {
        "first": exhibit.language or LANGUAGES[0],
        "given": exhibit.language,
        "policy": _policy(f"\n{script}\n"),
        "title": escape(exhibit.title) or _both("exhibit.untitled"),
        "artist": escape(exhibit.artist),
        "statement": _paragraphs(exhibit.statement),
        "licence": escape(exhibit.licence),
        "opening": _picture(*hung[0], small=True).replace(' loading="lazy"', ""),
        "tiles": "\n".join(_tile(i, *one) for i, one in enumerate(hung, 1)),
        "pieces": "\n".join(
            _piece(i, count, exhibit.artist, *one) for i, one in enumerate(hung, 1)
        ),
        "style": "\n".join(_template(name) for name in STYLES),
        "script": script,
        # no text in it can end the element that it stands in
        "data": _json(carried).replace("<", "\\u003c"),
    }
    words = {key: _both(f"exhibit.{key}") for key in _WORDS}
    page = _filled("page.html", {**words, **values})
    # A title holds text alone: no tags in it.
    named = escape(exhibit.title or say("exhibit.untitled", values["first"]))
    return re.sub(
        r"<title>.*?</title>", lambda _: f"<title>{named}</title>", page, count=1
    )


_WORDS = ("begin", "favourites", "favourites_why", "take", "made", "keys")
_CARRIED = ("number", "titles", "recipe")


def _policy(script: str) -> str:
    """Return what the page may load: its own files, and nothing from anywhere."""
    mark = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    own = "'self' file: blob: data:"
    return escape(
        f"default-src 'none'; img-src {own}; media-src {own}; "
        f"style-src 'unsafe-inline'; script-src 'sha256-{mark}'"
    )


def _tile(number: int, piece: Piece, file: str) -> str:
    picture = _picture(piece, file, small=True)
    title = _said(piece.titles)
    values = {"number": str(number), "picture": picture, "title": title}
    return _filled("tile.html", values).rstrip()


def _piece(number: int, count: int, artist: str, piece: Piece, file: str) -> str:
    words = ("like", "download", "overview")
    texts = "\n".join(
        f'<p lang="{code}">{escape(line)}</p>'
        for code in LANGUAGES
        for line in piece.texts.get(code, ())
    )
    values = {
        "number": str(number),
        "count": str(count),
        "before": str((number - 2) % count + 1),
        "after": str(number % count + 1),
        "picture": _picture(piece, file),
        "address": file,
        "title": _said(piece.titles),
        "artist": escape(artist),
        "text": texts,
        "origin": _said(piece.origin),
        "recipe": _recipe(piece),
        **{word: _both(f"exhibit.{word}") for word in words},
    }
    return _filled("piece.html", values).rstrip()


def _picture(piece: Piece, file: str, *, small: bool = False) -> str:
    height, width = piece.size or (0, 0)
    size = f' width="{width}" height="{height}"' if piece.size else ""
    if piece.kind == "film":
        how = "muted tabindex=-1" if small else "controls loop"
        # some browsers show no frame before they are sent to one
        how += f' playsinline preload="metadata" src="{file}#t=0.1"'
        return f"<video {how}></video>"
    name = "" if small else escape(next(iter(piece.titles.values()), ""))
    shown = still_of(file) if piece.still else file
    image = f'<img src="{shown}" alt="{name}"{size} loading="lazy" decoding="async">'
    if not piece.still:
        return image
    calm = "(prefers-reduced-motion: no-preference)"
    return f'<picture><source srcset="{file}" media="{calm}">{image}</picture>'


def _recipe(piece: Piece) -> str:
    if piece.recipe is None:
        return ""
    text = piece.recipe.to_json()
    if len(text) > RECIPE_SHOWN:
        return f"<p>{_both('exhibit.recipe_long')}</p>"
    summary = f"<summary>{_both('exhibit.recipe')}</summary>"
    return f"<details>{summary}<pre>{escape(text)}</pre></details>"


def _paragraphs(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    return "\n".join(f"<p>{escape(line)}</p>" for line in lines if line)


def _both(key: str) -> str:
    return _said({code: say(key, code) for code in LANGUAGES})


def _said(texts: Texts) -> str:
    """Return texts by language as HTML; once where they are all the same."""
    if len(set(texts.values())) < 2:
        return escape(next(iter(texts.values()), ""))
    return "".join(
        f'<span lang="{code}">{escape(text)}</span>' for code, text in texts.items()
    )


def _filled(name: str, values: Mapping[str, str]) -> str:
    """Fill the holes of a template; what is filled in is not looked at again."""
    return re.sub(
        r"@(\w+)@", lambda hole: values.get(hole[1], hole[0]), _template(name)
    )


@cache
def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")
