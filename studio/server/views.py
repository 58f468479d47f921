"""Addresses for pictures as training will see them: framed, augmented, painted back.

And of which models' kind they are.
"""

from __future__ import annotations

import asyncio
import io
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio.checkpoint import list_models
from studio.errors import InputError, RunError
from studio.server.guards import Endpoint, admit_training
from studio.server.pictures import folder_of, picture_file
from studio.server.recent import Recent
from studio.server.worker import RenderWorker
from studio.training.dataset import (
    find_pictures,
    load_picture,
    open_picture,
    take_whole,
)
from studio.training.glimpse import glimpse
from studio.training.likeness import SIDE, glance_at, likeness
from studio.training.settings import FAMILIES, FRAMINGS

if TYPE_CHECKING:
    from studio.model import Model

DEFAULT_SIZE = (224, 224)
STEP = 32
MOST_SIDE = 512  # pixels; larger ones are shown reduced
READS = 4  # pictures opened at once
COMPARED = 96  # pictures of a folder
WORKS, TOGETHER = 64, 8  # of a model; so many hold up a moving hand
MODELS = 8  # whose works are remembered

_works: Recent[tuple[str, str], np.ndarray] = Recent(MODELS)


def table(worker: RenderWorker) -> list[tuple[str, str, Endpoint]]:
    """Give method, path and endpoint of each address."""
    desks = asyncio.Semaphore(READS)
    return [
        ("GET", "/pictures/framed", partial(framed, desks)),
        ("GET", "/pictures/augmented", partial(augmented, desks)),
        ("GET", "/pictures/painted", partial(painted, desks, worker)),
        ("GET", "/pictures/kin", partial(kin, desks, worker)),
    ]


async def framed(desks: asyncio.Semaphore, request: Request) -> Response:
    """``GET /studio/pictures/framed?folder=&file=&framing=&size=``: what is learnt."""
    image = await _read(desks, request)
    return await _send(take_whole(image, size_of(request)))


async def augmented(desks: asyncio.Semaphore, request: Request) -> Response:
    """``GET /studio/pictures/augmented?...&family=&mirror=&seed=``: one look at it."""
    image = await _read(desks, request)
    asked = request.query_params
    seed = asked.get("seed", "0")
    rng = np.random.default_rng(int(seed) if _is_small(seed) else 0)
    family = _one_of(FAMILIES, asked.get("family", ""))
    mirror = asked.get("mirror") != "false"
    return await _send(glimpse(image, size_of(request), rng, family, mirror))


async def painted(
    desks: asyncio.Semaphore, worker: RenderWorker, request: Request
) -> Response:
    """``GET /studio/pictures/painted?...&base=``: as a model paints it back."""
    image = await _read(desks, request)
    base = request.query_params.get("base", "")
    known = await run_in_threadpool(list_models)
    if not any(model["name"] == base and model["ready"] for model in known):
        raise RunError("base_missing", base=base)
    whole = take_whole(image, size_of(request))
    made = await asyncio.wrap_future(worker.ask(base, partial(_paint_back, whole)))
    return await _send(made)


async def kin(
    desks: asyncio.Semaphore, worker: RenderWorker, request: Request
) -> Response:
    """``GET /studio/pictures/kin?folder=``: how much they are of each model's kind."""
    admit_training()
    folder = folder_of(request)
    async with desks:
        pictures = await run_in_threadpool(_glances, folder)
    found = {}
    for model in await run_in_threadpool(list_models):
        if model["ready"]:
            works = await _works_of(worker, model["name"])
            found[model["name"]] = round(likeness(pictures, works), 2)
    return JSONResponse({"kin": found})


def _glances(folder: Path) -> np.ndarray:
    """Look at pictures from all over a folder: [N,16,16,3]."""
    files = list(find_pictures(folder))
    some = files[:: -(-len(files) // COMPARED)] if files else []
    opened = (open_picture(file, quick=4 * SIDE) for file in some)
    return np.array([glance_at(found[0]) for found in opened if found], np.float32)


async def _works_of(worker: RenderWorker, name: str) -> np.ndarray:
    """Glances of a model's works of the first seeds, remembered: [N,16,16,3]."""
    asked = worker.ask(name, lambda model: model.fingerprint)
    key = (name, await asyncio.wrap_future(asked))
    if key not in _works:
        parts = []
        for start in range(0, WORKS, TOGETHER):
            task = worker.ask(name, partial(_paint, range(start, start + TOGETHER)))
            parts.append(await asyncio.wrap_future(task))
        _works[key] = np.concatenate(parts)
    return _works[key]


def _paint(seeds: range, model: Model) -> np.ndarray:
    """Runs on the render thread."""
    works = model.render([model.recipe(seed) for seed in seeds])
    return np.stack([glance_at(Image.fromarray(pixels)) for pixels in works])


def _paint_back(image: np.ndarray, model: Model) -> np.ndarray:
    """Runs on the render thread."""
    from studio.training.reconstruction import rebuild

    made: np.ndarray = rebuild(model.autoencoder, [image])[0]
    return made


async def _read(desks: asyncio.Semaphore, request: Request) -> np.ndarray:
    admit_training()
    file = picture_file(folder_of(request), request.query_params.get("file", ""))
    framing = _one_of(FRAMINGS, request.query_params.get("framing", ""))
    async with desks:
        return await run_in_threadpool(_open, file, size_of(request), framing)


def _open(file: Path, size: tuple[int, int], framing: str) -> np.ndarray:
    image = load_picture(file, size, framing, quick=2 * max(size))
    if image is None:
        raise InputError("not_found", name=file.name)
    return image


def size_of(request: Request) -> tuple[int, int]:
    """Read `size=192x128` (h x w); what is being typed gives the nearest that works."""
    parts = request.query_params.get("size", "").lower().split("x")
    if len(parts) > 2 or not all(_is_small(part) for part in parts):
        return DEFAULT_SIZE
    height, width = int(parts[0]), int(parts[-1])
    scale = min(1.0, MOST_SIDE / max(height, width, 1))
    return _whole_steps(height * scale), _whole_steps(width * scale)


def _whole_steps(side: float) -> int:
    return max(STEP, int(side) // STEP * STEP)


def _is_small(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 6


def _one_of(known: tuple[str, ...], asked: str) -> str:
    return asked if asked in known else known[0]


async def _send(pixels: np.ndarray) -> Response:
    data = await run_in_threadpool(_encode, pixels)
    headers = {"Cache-Control": "private, max-age=600"}
    return Response(data, media_type="image/webp", headers=headers)


def _encode(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=92)
    return buffer.getvalue()
