"""The page of an exhibition, for a browser that puts the files beside it itself.

``POST /studio/exhibit`` takes the words of the first wall and ``pieces``, and gives
``{"files": {name: text}, "works": [name, ...]}``. Pictures and films never pass here:
the browser has them, or asks for each work as it does when saving one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio import recipe_fields as fields
from studio.checkpoint import installed, read_card
from studio.errors import InputError, ModelError, RecipeError
from studio.export.exhibit import PIECES, Exhibit, Piece, build, still_of
from studio.export.hanging import FILMS, origin_of
from studio.export.png_chunks import SIDE_LIMIT
from studio.export.saved import SUFFIXES
from studio.language import LANGUAGES, say
from studio.recipe import Recipe, read_json
from studio.server.guards import Endpoint, read_body

LIMIT = 16 * 2**20  # bytes of a request: five hundred explicit w are 8 MB
WORDS = {"title": 200, "artist": 200, "licence": 300, "statement": 5000}
PARAGRAPHS, PARAGRAPH = 24, 3000  # of a wall text, and characters of one
KINDS = {"picture": tuple(SUFFIXES), "moving": (".webp",), "film": FILMS}
_PIECE = ("kind", "suffix", "titles", "texts", "size", "recipe")


def table() -> list[tuple[str, str, Endpoint]]:
    """Give method, path and endpoint of each address."""
    return [("POST", "/exhibit", exhibit)]


async def exhibit(request: Request) -> Response:
    """``POST /studio/exhibit``: all that an exhibition needs beside its works."""
    text = await read_body(request, LIMIT)
    return JSONResponse(await run_in_threadpool(_make, text))


def _make(text: bytes) -> dict[str, Any]:
    shown = read_exhibit(read_json(text, LIMIT))
    stills = [
        still_of(file) if piece.still else None
        for piece, file in zip(shown.pieces, shown.files, strict=True)
    ]
    return {"files": build(shown), "works": shown.files, "stills": stills}


def read_exhibit(data: object) -> Exhibit:
    """Check ``data`` (parsed JSON). Raises InputError, RecipeError."""
    body = fields.an_object(data, "exhibit")
    fields.check_keys(body, "", (*WORDS, "language", "pieces"), ("pieces",))
    items = body["pieces"]
    if not isinstance(items, list) or not items:
        raise InputError("exhibit_empty")
    if len(items) > PIECES:
        raise InputError("exhibit_many", count=len(items), limit=PIECES)
    language = body.get("language", "")
    if language not in ("", *LANGUAGES):
        raise InputError("exhibit_language", value=language)
    words = {key: _text(body.get(key, ""), key, limit) for key, limit in WORDS.items()}
    cards: dict[str, Mapping[str, Any] | None] = {}
    pieces = tuple(_piece(item, f"pieces[{i}]", cards) for i, item in enumerate(items))
    return Exhibit(pieces, language=language, **words)


def _piece(
    value: object, path: str, cards: dict[str, Mapping[str, Any] | None]
) -> Piece:
    item = fields.an_object(value, path)
    fields.check_keys(item, f"{path}.", _PIECE, ("kind", "suffix"))
    kind, suffix = item["kind"], item["suffix"]
    if kind not in tuple(KINDS) or suffix not in KINDS[kind]:
        raise InputError("form_kind", value=suffix)
    recipe = None if item.get("recipe") is None else Recipe.from_dict(item["recipe"])
    size = _size(item.get("size"), path)
    origin = {code: say("exhibit.origin_film", code) for code in LANGUAGES}
    if recipe and size:
        origin = dict(origin_of(recipe.model, size, _card(recipe.model, cards)))
    return Piece(
        kind,
        suffix,
        _titles(item.get("titles", {}), f"{path}.titles"),
        _texts(item.get("texts", {}), f"{path}.texts"),
        origin,
        size=size,
        recipe=recipe,
        still=kind == "moving",
    )


def _card(
    model: str, cards: dict[str, Mapping[str, Any] | None]
) -> Mapping[str, Any] | None:
    """Read a model's card, once; None where the model is not here any more."""
    if model not in cards:
        try:
            cards[model] = read_card(installed(model))
        except ModelError:
            cards[model] = None
    return cards[model]


def _titles(value: object, path: str) -> dict[str, str]:
    told = _by_language(value, path)
    titles = {code: _text(told.get(code, ""), path, WORDS["title"]) for code in told}
    return {
        code: titles.get(code, "").strip() or say("exhibit.no_title", code)
        for code in LANGUAGES
    }


def _texts(value: object, path: str) -> dict[str, list[str]]:
    return {
        code: [
            _text(line, path, PARAGRAPH)
            for line in fields.a_list(lines, path, 0, PARAGRAPHS)
        ]
        for code, lines in _by_language(value, path).items()
    }


def _by_language(value: object, path: str) -> dict[str, Any]:
    told = fields.an_object(value, path)
    fields.check_keys(told, f"{path}.", LANGUAGES, ())
    return told


def _size(value: object, path: str) -> tuple[int, int] | None:
    if value is None:
        return None
    sides = fields.a_list(value, f"{path}.size", 2, 2)
    height, width = (
        fields.an_integer(side, f"{path}.size", 1, 4 * SIDE_LIMIT) for side in sides
    )
    return height, width


def _text(value: object, path: str, limit: int) -> str:
    if not isinstance(value, str) or len(value) > limit:
        raise RecipeError("recipe_text", field=path, limit=limit)
    return value
