"""Addresses for the pictures to learn from: bringing them, and the doctor's view."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio.errors import InputError
from studio.paths import pictures_folder
from studio.server.guards import Endpoint, admit_training
from studio.training import advice, intake
from studio.training.dataset import SUFFIXES, open_picture
from studio.training.doctor import Diagnosis, examine, summarise
from studio.training.labels import describe_labels

UPLOADS = 4  # at once; the others wait at the door
PATIENCE = 60.0  # seconds that an upload may say nothing
MOST_FILES = 100_000  # of a folder: more is somebody's whole disk
MOST_SHOWN = 200  # pictures with a problem
THUMB = 144  # pixels
HANDFUL = 6  # pictures that are shown as training will see them
LARGEST_SIDE = 1024  # pixels: no run is larger
MOST_SMALL = 2000  # pictures whose sizes are told


def table() -> list[tuple[str, str, Endpoint]]:
    """Give method, path and endpoint of each address."""
    return [
        ("POST", "/pictures", partial(bring, asyncio.Semaphore(UPLOADS))),
        ("GET", "/pictures", look),
        ("GET", "/pictures/thumb", thumb),
    ]


async def bring(doors: asyncio.Semaphore, request: Request) -> Response:
    """``POST /studio/pictures?set=&file=``: one picture or ZIP, straight to disk."""
    admit_training()
    name = request.query_params.get("file", "")
    target = intake.picture_set(request.query_params.get("set", ""))
    limit = intake.limit_of(name)
    intake.safe_path(name)
    async with doors:
        count = await _take(request, name, target, limit)
    return JSONResponse({"set": target.name, "pictures": count})


async def _take(request: Request, name: str, target: Path, limit: int) -> int:
    with intake.incoming() as folder:
        file = folder / "file"
        await store_body(request, file, limit)
        return await run_in_threadpool(intake.take_in, file, name, target)


async def store_body(request: Request, file: Path, limit: int) -> None:
    """Write a body to a file as it comes, and no more of it than the limit."""
    problem = InputError("body_too_large", limit=f"{limit // 2**20} MB")
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared[:20]) > limit:
        raise problem
    size, parts = 0, aiter_chunks(request)
    with file.open("xb") as target:
        async for part in parts:
            size += len(part)
            if size > limit:
                raise problem
            await run_in_threadpool(target.write, part)


async def aiter_chunks(request: Request) -> AsyncIterator[bytes]:
    """Yield the body's parts; InputError where the next one does not come."""
    stream = request.stream().__aiter__()
    while True:
        try:
            yield await asyncio.wait_for(stream.__anext__(), PATIENCE)
        except StopAsyncIteration:
            return
        except asyncio.TimeoutError as problem:
            raise InputError("too_slow") from problem


async def look(request: Request) -> Response:
    """``GET /studio/pictures?folder= or set=``: what the data set doctor finds."""
    admit_training()
    folder = folder_of(request)
    return JSONResponse(await run_in_threadpool(_look, folder))


async def thumb(request: Request) -> Response:
    """``GET /studio/pictures/thumb?folder=&file=``: one picture, small."""
    admit_training()
    folder = folder_of(request)
    name = request.query_params.get("file", "")
    data = await run_in_threadpool(_thumb, folder, name)
    headers = {"Cache-Control": "private, max-age=600"}
    return Response(data, media_type="image/webp", headers=headers)


def folder_of(request: Request) -> Path:
    """Give the folder that a request names. Raises InputError, or RunError."""
    if name := request.query_params.get("set", ""):
        return intake.picture_set(name)
    typed = request.query_params.get("folder", "").strip()
    folder = Path(typed).expanduser() if typed and "\0" not in typed else Path("\\")
    if not folder.is_absolute() or not folder.is_dir():
        raise InputError("folder_missing", folder=typed)
    return folder


def _look(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise InputError("folder_missing", folder=folder.name)
    _refuse_whole_disks(folder)
    diagnosis = examine(folder, (0, 0))  # which are small, the page tells by `sides`
    found = summarise(diagnosis)
    del found["files"], found["small"]
    own = folder.parent == pictures_folder()
    return {
        **found,
        "folder": str(folder),
        "set": folder.name if own else None,
        "problems": _problems(diagnosis),
        "sides": smallest(diagnosis),
        "some": [file for file in diagnosis.sizes if file not in diagnosis.problems][
            :12
        ],
        "handful": handful(diagnosis),
        "labels": describe_labels(folder),
        **advice.advise(diagnosis),
    }


def handful(diagnosis: Diagnosis) -> list[str]:
    """Choose a few pictures of all shapes, the tallest and the broadest among them."""
    copies = {f for f, found in diagnosis.problems.items() if "duplicate" in found}
    sizes = {f: size for f, size in diagnosis.sizes.items() if f not in copies}
    files = sorted(sizes, key=lambda file: (sizes[file][1] / sizes[file][0], file))
    last = len(files) - 1
    places = {round(i * last / (HANDFUL - 1)) for i in range(HANDFUL)}
    return [files[place] for place in sorted(places)] if files else []


def smallest(diagnosis: Diagnosis) -> dict[str, tuple[int, int]]:
    """Give height and width of what is small at some size, the smallest first."""
    sizes = diagnosis.sizes
    small = [file for file in sizes if min(sizes[file]) < LARGEST_SIDE]
    small.sort(key=lambda file: (min(sizes[file]), file))
    return {file: sizes[file] for file in small[:MOST_SMALL]}


def _problems(diagnosis: Diagnosis) -> list[dict[str, Any]]:
    """List files with what is wrong with them, those that cannot be used first."""
    rows = [
        {"file": file, "found": found} for file, found in diagnosis.problems.items()
    ]
    rows.sort(key=lambda row: ("broken" not in row["found"], row["file"]))
    return rows[:MOST_SHOWN]


def _refuse_whole_disks(folder: Path) -> None:
    count = 0
    for _, folders, files in os.walk(folder):
        count += len(folders) + len(files)
        if count > MOST_FILES:
            raise InputError("folder_large", folder=str(folder), limit=MOST_FILES)


def picture_file(folder: Path, name: str) -> Path:
    """Give a picture of a folder by its name there. Raises InputError for others."""
    path = folder / name if "\0" not in name else folder
    inside = path.resolve().is_relative_to(folder.resolve())
    if not inside or path.suffix.lower() not in SUFFIXES or not path.is_file():
        raise InputError("not_found", name=name)
    return path


def _thumb(folder: Path, name: str) -> bytes:
    opened = open_picture(picture_file(folder, name), quick=THUMB)
    if opened is None:
        raise InputError("not_found", name=name)
    picture = opened[0]
    picture.thumbnail((THUMB, THUMB))
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=80)
    return buffer.getvalue()
