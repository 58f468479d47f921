"""Our own addresses beside Gradio's, all under ``/studio``.

They are handed to ``launch(app_kwargs=...)``, and every one of them is guarded.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from studio import recipe_fields as fields
from studio.checkpoint import (
    PREVIEW,
    edition,
    fingerprint,
    installed,
    list_models,
    read_card,
)
from studio.errors import InputError, ModelError, PictureError
from studio.export.saved import SavedWork
from studio.export.work import is_consistent, read_work
from studio.language import LANGUAGES
from studio.model_card import read_report, write_card
from studio.recipe import Recipe, read_json
from studio.server import children as nursery
from studio.server import (
    dreaming,
    exhibiting,
    explaining,
    neighbours,
    pictures,
    teaching,
    training,
    views,
    words,
)
from studio.server.assets import TYPES, find_asset, send_file
from studio.server.clips import Clips
from studio.server.enlarging import while_waited_for
from studio.server.films import Films
from studio.server.guards import Endpoint, admit, read_body, status_of
from studio.server.live import serve_socket
from studio.server.local import Locals
from studio.server.picks import Packer
from studio.server.press import Press, file_name, read_credit, read_form
from studio.server.readings import Readings
from studio.server.worker import RenderWorker, in_words, shared_worker

# The recipe's own cap, and a little for the object around it.
SAVE_LIMIT = 260 * 1024
# Uploads are held in memory whole: so many at once, the others wait at the door, and
# one that dawdles longer than this (seconds) must not keep the place.
READS = 4
READ_PATIENCE = 120.0
READ_LIMIT = 32 * 2**20
# The model that a new page opens, where it is installed.
PREFERRED = "landscapes"
CARD_KEYS = (
    "title",
    "family",
    "resolution",
    "layers",
    "default_variety",
    "directions",
    "words",
    "kinds",
    "data",
    "training",
)


def build_routes(worker: RenderWorker | None = None) -> list[BaseRoute]:
    """Return all our routes; ``worker`` is the process's own unless given."""
    makers = worker or shared_worker()
    press, desks = Press(makers), asyncio.Semaphore(READS)
    readings, films = Readings(makers), Films(makers)

    async def live(websocket: WebSocket) -> None:
        await serve_socket(websocket, makers)

    table: list[tuple[str, str, Endpoint]] = [
        ("GET", "/assets/{path:path}", asset),
        ("GET", "/models", models),
        ("GET", "/models/{name}", model_card),
        ("GET", "/models/{name}/preview.webp", preview),
        ("GET", "/models/{name}/card.md", card_file),
        ("POST", "/save", partial(save, press)),
        ("POST", "/read", partial(read, makers, desks)),
        *training.table(),
        *pictures.table(),
        *views.table(makers),
        *Packer(press).table(),
        *Locals(makers).table(),
        *readings.table(),
        *words.table(makers),
        *teaching.table(makers),
        *explaining.table(makers),
        *films.table(),
        *Clips(films, readings).table(),
        *dreaming.table(makers),
        *exhibiting.table(),
        *neighbours.table(makers),
        ("POST", "/children", partial(children, makers, readings)),
    ]
    routes: list[BaseRoute] = [
        Route(f"/studio{path}", guarded(endpoint), methods=[method])
        for method, path, endpoint in table
    ]
    return [*routes, WebSocketRoute("/studio/live", live)]


def guarded(endpoint: Endpoint) -> Endpoint:
    """Return ``endpoint`` behind the guards, its errors told as JSON."""

    async def answer(request: Request) -> Response:
        try:
            admit(request)
            response = await endpoint(request)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as problem:
            error = in_words(problem)
            body = {"error": error.as_dict()}
            response = JSONResponse(body, status_of(error))
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return answer


def default_model(found: list[dict[str, Any]]) -> str | None:
    """Return the model that a new page opens, of those that ``list_models`` gave."""
    ready = [model["name"] for model in found if model["ready"]]
    return PREFERRED if PREFERRED in ready else next(iter(ready), None)


async def asset(request: Request) -> Response:
    """``GET /studio/assets/{path}``: a file of the page."""
    file = find_asset(request.path_params["path"])
    return send_file(request, file, TYPES[file.suffix])


async def models(request: Request) -> Response:
    """``GET /studio/models``: what is installed, and what a new page opens."""
    found = await run_in_threadpool(list_models)
    return JSONResponse({"models": found, "default": default_model(found)})


async def model_card(request: Request) -> Response:
    """``GET /studio/models/{name}``: what the page must know of one model."""
    return JSONResponse(await run_in_threadpool(_describe, request.path_params["name"]))


async def preview(request: Request) -> Response:
    """``GET /studio/models/{name}/preview.webp``: a picture until there is one."""
    folder = await run_in_threadpool(installed, request.path_params["name"])
    if not (folder / PREVIEW).is_file():
        raise InputError("not_found", name=PREVIEW)
    return send_file(request, folder / PREVIEW, TYPES[".webp"])


async def card_file(request: Request) -> Response:
    """``GET /studio/models/{name}/card.md?language=zh``: its model card, to keep."""
    name = request.path_params["name"]
    asked = request.query_params.get("language", "")
    language = asked if asked in LANGUAGES else LANGUAGES[0]
    told = await run_in_threadpool(_write_card, name, language)
    headers = {"Content-Disposition": 'attachment; filename="README.md"'}
    return Response(told, media_type="text/markdown", headers=headers)


async def save(press: Press, request: Request) -> Response:
    """``POST /studio/save``: a recipe becomes a file that holds it.

    Beside ``recipe``: ``form`` with ``kind``, ``scale`` and ``quality``, and
    ``credit`` with ``creator``, ``rights`` and ``title``.
    """
    body = fields.an_object(read_json(await read_body(request, SAVE_LIMIT)), "save")
    recipe = Recipe.from_dict(body.get("recipe"))
    form, credit = read_form(body.get("form")), read_credit(body.get("credit"))
    name = f'attachment; filename="{file_name(recipe, form)}"'
    making = asyncio.ensure_future(press.make(recipe, form, credit))
    return Response(
        await while_waited_for(request, making),
        media_type=TYPES[form.suffix],
        headers={"Content-Disposition": name},
    )


async def read(
    worker: RenderWorker, desks: asyncio.Semaphore, request: Request
) -> Response:
    """``POST /studio/read``: the recipe inside a picture, and if it can be made."""
    async with desks:
        body = read_body(request, READ_LIMIT)
        try:
            data = await asyncio.wait_for(body, READ_PATIENCE)
        except asyncio.TimeoutError as problem:
            raise InputError("too_slow") from problem
        work = await run_in_threadpool(_read_whole, data)
    recipe = work.recipe
    state = await run_in_threadpool(_standing, recipe)
    if state["installed"] and not state["changed"]:
        consistent = worker.ask(recipe.model, lambda model: is_consistent(model, work))
        if not await asyncio.wrap_future(consistent):
            raise PictureError("picture_recipe_damaged")
    return JSONResponse({"recipe": recipe.to_dict(), **state})


async def children(
    worker: RenderWorker, readings: Readings, request: Request
) -> Response:
    """``POST /studio/children``: works bred from works, each with its role."""
    text = await read_body(request, nursery.LIMIT)
    wanted = nursery.read_request(read_json(text, nursery.LIMIT))
    name, task = wanted.parents[0].model, partial(nursery.breed, wanted)
    if wanted.parts:
        return JSONResponse(await readings.lend(name, task))
    return JSONResponse(await asyncio.wrap_future(worker.ask(name, task)))


def _read_whole(data: bytes) -> SavedWork:
    work = read_work(data)
    _ = work.pixels  # a file whose picture is damaged is told at once, not when made
    return work


def _describe(name: str) -> dict[str, Any]:
    folder = installed(name)
    card = read_card(folder)
    known = {key: card[key] for key in CARD_KEYS if key in card}
    marks = {"fingerprint": fingerprint(folder), "edition": edition(folder)}
    report = read_report(card, marks["fingerprint"])
    return {"name": name, **marks, **known, "report": report}


def _write_card(name: str, language: str) -> str:
    folder = installed(name)
    return write_card(read_card(folder), name, fingerprint(folder), language)


def _standing(recipe: Recipe) -> dict[str, bool]:
    try:
        current = fingerprint(installed(recipe.model))
    except ModelError:
        return {"installed": False, "changed": False}
    return {"installed": True, "changed": current != recipe.fingerprint}
