"""The page's own files: modules, styles and sentences, and nothing beside them."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from studio.errors import InputError
from studio.language import FOLDER as LANGUAGES_FOLDER

UI_FOLDER = Path(__file__).resolve().parent.parent / "ui" / "assets"
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
}


def find_asset(path: str) -> Path:
    """Return the file for ``path``: one of the page's, or ``languages/NAME.json``.

    Raises InputError for anything else, such as a path that leaves its folder.
    """
    folder, _, name = path.rpartition("/")
    root = LANGUAGES_FOLDER if folder == "languages" else UI_FOLDER
    relative = name if folder == "languages" else path
    hidden = any(not part or part[0] == "." for part in relative.split("/"))
    # ValueError is a null byte, OSError a name that is too long for a file.
    with contextlib.suppress(OSError, ValueError):
        file = (root / relative).resolve()
        known = file.suffix in TYPES and file.is_relative_to(root.resolve())
        if known and not hidden and file.is_file():
            return file
    raise InputError("not_found", name=path)


def send_file(request: Request, file: Path, media_type: str) -> Response:
    """Answer with a file, or with 304 where the browser has these very bytes."""
    data = file.read_bytes()
    tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    # Asked about each time, so that an update of the studio is never half a page.
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    known = request.headers.get("if-none-match", "")
    # Compression on the way makes a tag weak without changing what it names.
    if tag in [one.strip().removeprefix("W/") for one in known.split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=media_type, headers=headers)
