"""Dreams and walks for a page: sentences to keyframes, keyframes to a way between.

``POST /studio/dream`` takes ``{"text", "recipe", "from", "count", "last"}`` and gives
some of the dream's sentences with what was understood and the work of each; the page
asks for the rest while the beginning plays. ``POST /studio/walk`` takes ``{"plan"}``
and gives the stops of the walk as w, so that the page can play it over the live socket.
"""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio import recipe_fields as fields
from studio.checkpoint import installed, read_card
from studio.errors import InputError
from studio.export.film import FRAMES_PER_SECOND, SIDE, SUFFIXES
from studio.filming import Plan
from studio.latent import dream as dreams
from studio.latent import walk as walks
from studio.latent.drives import usual_drives
from studio.latent.encoder import load_encoder
from studio.recipe import Recipe, read_json
from studio.server.children import space_of
from studio.server.guards import Endpoint, is_demo, read_body
from studio.server.recent import Recent
from studio.server.worker import RenderWorker

if TYPE_CHECKING:
    from studio.model import Model

DREAM_LIMIT = 800 * 1024  # bytes: a long dream, and two recipes
PLAN_LIMIT = 12 * 2**20  # bytes: 500 works with a w a layer are 6 MB
AT_ONCE = 2  # dreams that are understood at once
SENTENCES = 16  # of one answer
POOLS = 4
WAYS = 4  # of a walk that are measured before others have their turn
PREVIEWED = 64  # ways of a preview that are measured; a film has all of them
# In a studio that strangers share, what one film may take.
SHARED_SECONDS, SHARED_SIDE = 60.0, 512

_pools: Recent[tuple[str, float], dreams.Pool] = Recent(POOLS)


def table(worker: RenderWorker) -> list[tuple[str, str, Endpoint]]:
    """Give method, path and endpoint of each address."""
    ears = asyncio.Semaphore(AT_ONCE)
    return [
        ("GET", "/dream", offer),
        ("POST", "/dream", partial(hear, worker, ears)),
        ("POST", "/walk", partial(walk, worker)),
    ]


async def offer(request: Request) -> Response:
    """``GET /studio/dream?model=``: what a film may be, and what a sound drives.

    Whoever asks is about to tell a dream, so the sentence encoder is fetched already.
    """
    card = await run_in_threadpool(_card, request.query_params.get("model", ""))
    threading.Thread(target=load_encoder, name="encoder", daemon=True).start()
    told = {
        "fps": list(FRAMES_PER_SECOND),
        "side": [SIDE[0], SHARED_SIDE if is_demo() else SIDE[1]],
        "formats": [suffix[1:] for suffix in SUFFIXES],
        "drives": [vars(drive) for drive in usual_drives(card)],
        "sound": not is_demo(),
        "seconds": SHARED_SECONDS if is_demo() else None,
    }
    return JSONResponse(told)


async def hear(
    worker: RenderWorker, ears: asyncio.Semaphore, request: Request
) -> Response:
    """``POST /studio/dream``: some sentences of a dream, and the works they become."""
    body = read_json(await read_body(request, DREAM_LIMIT), DREAM_LIMIT)
    data = fields.an_object(body, "dream")
    known = ("text", "recipe", "from", "count", "last")
    fields.check_keys(data, "", known, ("text", "recipe"))
    if not isinstance(data["text"], str):
        raise InputError("dream_empty")
    base = Recipe.from_dict(data["recipe"])
    last = Recipe.from_dict(data["last"]) if data.get("last") else None
    start = fields.an_integer(data.get("from", 0), "from", 0, walks.MOST)
    count = fields.an_integer(data.get("count", SENTENCES), "count", 1, SENTENCES)
    sentences = await run_in_threadpool(dreams.split, data["text"])
    part = sentences[start : start + count]
    async with ears:
        card = await run_in_threadpool(_card, base.model)
        heard = await run_in_threadpool(dreams.hear, part, card)
    stage = partial(_stage, part, heard, base, last, start)
    moments = await asyncio.wrap_future(worker.ask(base.model, stage))
    told = [moment.to_dict() for moment in moments]
    return JSONResponse({"total": len(sentences), "from": start, "moments": told})


async def walk(worker: RenderWorker, request: Request) -> Response:
    """``POST /studio/walk``: the stops of a plan's walk, for the page to play."""
    body = read_json(await read_body(request, PLAN_LIMIT), PLAN_LIMIT)
    data = fields.an_object(body, "walk")
    fields.check_keys(data, "", ("plan",), ("plan",))
    plan = await run_in_threadpool(Plan.from_dict, data["plan"])
    found = await run_in_threadpool(build_walk, worker, plan, most=PREVIEWED)
    return JSONResponse(_describe(plan, found))


def build_walk(
    worker: RenderWorker,
    plan: Plan,
    wanted: Callable[[], bool] = lambda: True,
    most: int = walks.MOST,
) -> walks.Walk:
    """Build a plan's walk on the render thread, a few ways at a time.

    Of more than ``most`` ways the others are taken to change as those do. Raises
    InputError, RecipeError, ModelError; stops where it is not ``wanted``.
    """
    walks.check_keyframes(plan.keyframes)
    name = plan.keyframes[0].recipe.model
    rough = worker.ask(name, partial(_rough, plan)).result()
    count = min(most, len(rough.ways))
    for start in range(0, count, WAYS):
        if not wanted():
            break
        ways = range(start, min(start + WAYS, count))
        task = partial(walks.measured, walk=rough, ways=ways)
        rough = worker.ask(name, task).result()
    return plan.timed(walks.guessed(rough, count))


def _rough(plan: Plan, model: Model) -> walks.Walk:
    return plan.rough(model, space_of(model) if plan.turns else None)


def _stage(
    sentences: list[str],
    heard: list[Any],
    base: Recipe,
    last: Recipe | None,
    first: int,
    model: Model,
) -> list[dreams.Moment]:
    model.check(base)
    pool = _pool(model, base.variety)
    return dreams.stage(model, sentences, heard, base, last, pool, first)


def _pool(model: Model, variety: float) -> dreams.Pool:
    key = (model.fingerprint, variety)
    if key not in _pools:
        _pools[key] = dreams.Pool.of(model, variety)
    return _pools[key]


def _describe(plan: Plan, found: walks.Walk) -> dict[str, Any]:
    captions = [vars(caption) for caption in plan.captions(found)]
    stops = [
        {
            "seconds": round(stop.keyframe.seconds, 4),
            "easing": stop.keyframe.easing,
            "shares": [round(share, 4) for share in stop.shares],
            # Half precision: far below what a preview shows.
            "w": base64.b64encode(stop.style.astype("<f2").tobytes()).decode(),
        }
        for stop in found.stops
    ]
    layers, width = np.shape(found.stops[0].style)
    told = {"loop": found.loop, "seconds": found.seconds, "layers": layers}
    return {**told, "width": width, "stops": stops, "captions": captions}


def _card(name: str) -> dict[str, Any]:
    return read_card(installed(name))
