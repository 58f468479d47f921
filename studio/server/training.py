"""Addresses of the Train room: runs are watched, started and ruled.

A run is its folder and a process of its own: nothing here remembers anything, so a
page, a second browser or a new server finds every run as it is.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio.checkpoint import list_models, locate
from studio.config import from_dict, read_json, to_dict
from studio.errors import InputError, RunError
from studio.paths import ROOT
from studio.server.assets import TYPES, send_file
from studio.server.guards import Endpoint, admit_training, read_body
from studio.training import advice, launch, watch
from studio.training.base import shapes_of
from studio.training.energy import WATTS_A_CORE
from studio.training.intake import picture_set
from studio.training.run import Run
from studio.training.settings import TrainSettings

# Names of thousands of pictures that were left out fit in.
BODY_LIMIT = 2 * 2**20
TRIAL_SECONDS = 10.0
TRIAL_PATIENCE = 240.0  # seconds, on a machine that is busy with something else
PUBLISH_PATIENCE = 600.0
# What the generator of a family learns against, which a whole start needs too.
PARTNERS = {"gan": "discriminator.safetensors", "vae": "encoder.safetensors"}


def table() -> list[tuple[str, str, Endpoint]]:
    """Give method, path and endpoint of each address."""
    one_trial = asyncio.Semaphore(1)
    rows: list[tuple[str, str, Endpoint]] = [
        ("GET", "/runs", runs),
        ("POST", "/runs", start),
        ("GET", "/runs/{name}", run),
        ("GET", "/runs/{name}/samples/{file}", sample),
        ("POST", "/trial", partial(trial, one_trial)),
        ("GET", "/bases", bases),
    ]
    for act in ACTS:
        rows.append(("POST", f"/runs/{{name}}/{act}", partial(rule, act)))
    return rows


async def runs(request: Request) -> Response:
    """``GET /studio/runs``: all runs, newest first."""
    admit_training()
    return JSONResponse({"runs": await run_in_threadpool(watch.all_runs)})


async def run(request: Request) -> Response:
    """``GET /studio/runs/{name}``: all that the page shows of one run."""
    admit_training()
    found = Run.open(request.path_params["name"])
    return JSONResponse(await run_in_threadpool(watch.describe, found))


async def sample(request: Request) -> Response:
    """``GET /studio/runs/{name}/samples/{file}``: one sheet."""
    admit_training()
    found = Run.open(request.path_params["name"])
    file = watch.sheet_file(found, request.path_params["file"])
    return send_file(request, file, TYPES[".webp"])


async def bases(request: Request) -> Response:
    """``GET /studio/bases``: the models that a run can start from."""
    admit_training()
    found = await run_in_threadpool(_bases)
    return JSONResponse({"bases": found, "defaults": to_dict(TrainSettings("", ""))})


async def start(request: Request) -> Response:
    """``POST /studio/runs``: the very run that the command line would start."""
    admit_training()
    settings = await _read_settings(request)
    if not settings.rights.strip():
        raise InputError("rights_missing")
    begun = await run_in_threadpool(_start, settings)
    return JSONResponse(watch.summary(begun))


async def trial(turn: asyncio.Semaphore, request: Request) -> Response:
    """``POST /studio/trial``: ten seconds of it, and what they let one expect."""
    admit_training()
    settings = await _read_settings(request)
    async with turn:
        pace = await run_in_threadpool(_try_out, settings)
    share = settings.autoencoder_share if settings.base == "scratch" else 0.0
    dials = advice.forecast(pace, share)
    return JSONResponse({"pace": pace | {"watts_a_core": WATTS_A_CORE}, "dials": dials})


async def rule(act: str, request: Request) -> Response:
    """``POST /studio/runs/{name}/{act}``: pause, resume, stop, delete or publish."""
    admit_training()
    body = read_json_object(await read_body(request, BODY_LIMIT))
    found = Run.open(request.path_params["name"])
    return JSONResponse(await run_in_threadpool(ACTS[act], found, body))


def read_json_object(body: bytes) -> dict[str, Any]:
    """Read a body that is a JSON object, or nothing. Raises InputError."""
    try:
        data = read_json(body.decode()) if body else {}
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise InputError("not_an_object")
    return data


async def _read_settings(request: Request) -> TrainSettings:
    body = read_json_object(await read_body(request, BODY_LIMIT))
    if "set" in body:
        body["folder"] = str(picture_set(str(body.pop("set"))))
    sizes = await run_in_threadpool(_sizes, body)
    if body.get("kimg") is not None:
        body.setdefault("minutes", None)
    return from_dict(TrainSettings, {**sizes, **body})


def _sizes(body: dict[str, Any]) -> dict[str, Any]:
    """Give the sizes of the networks that a run starts from, if it starts from some."""
    base = body.get("base", "scratch")
    if base == "scratch" or not isinstance(base, str):
        return {}
    if not any(model["name"] == base for model in list_models()):
        raise RunError("base_missing", base=base)
    whole = body.get("base_parts", "all") == "all"
    sizes = shapes_of(base, whole)
    for key in sizes:  # another size would only be told by a trainer that fails
        body.pop(key, None)
    return sizes


def _bases() -> list[dict[str, Any]]:
    found = []
    for model in list_models():
        if not model["ready"]:
            continue
        folder = locate(model["name"])
        partner = PARTNERS.get(model["family"], "discriminator.safetensors")
        whole = (folder / partner).is_file()
        known = ("name", "title", "titles", "family", "resolution", "images")
        found.append({**{key: model[key] for key in known}, "whole": whole})
    return found


def _start(settings: TrainSettings) -> Run:
    launch.check_at_once(settings)
    begun = Run.create(settings)
    launch.start_detached(begun)
    return begun


def _try_out(settings: TrainSettings) -> dict[str, Any]:
    launch.check_at_once(settings)
    command = [sys.executable, "-m", "studio.training.trial", str(TRIAL_SECONDS)]
    answer = _run(command, TRIAL_PATIENCE, json.dumps(to_dict(settings)))
    if answer is None:
        raise RunError("trial_failed")
    return answer


def _run(command: list[str], patience: float, text: str = "") -> dict[str, Any] | None:
    """Let a process of its own answer with JSON: torch has one caller in this one."""
    try:
        done = subprocess.run(
            command, cwd=ROOT, input=text, capture_output=True, text=True,
            timeout=patience, env={**os.environ, "STUDIO_LANGUAGE": "en"},
        )  # fmt: skip
        answer = json.loads(done.stdout.splitlines()[-1])
    except (subprocess.TimeoutExpired, OSError, ValueError, IndexError):
        return None
    return answer if isinstance(answer, dict) else None


def _request(what: str, found: Run, _: dict[str, Any]) -> dict[str, Any]:
    found.request(what)
    return watch.summary(found)


def _resume(found: Run, _: dict[str, Any]) -> dict[str, Any]:
    found.settings()  # a damaged run is told at once
    if found.alive():
        raise RunError("run_taken", name=found.name)
    found.clear_requests()  # they were meant for an earlier trainer
    launch.start_detached(found)
    return watch.summary(found)


def _delete(found: Run, _: dict[str, Any]) -> dict[str, Any]:
    launch.delete(found)
    return {"name": found.name, "deleted": True}


def _publish(found: Run, wish: dict[str, Any]) -> dict[str, Any]:
    """Put a run's best snapshot, or the one that a person chose, among the models.

    Its words are found afterwards, by a process of its own: nobody waits for them.
    """
    told = _put_among_models(found, wish)
    launch.find_words_detached(found, told["model"])
    return told


def _put_among_models(found: Run, wish: dict[str, Any]) -> dict[str, Any]:
    model = str(wish.get("model") or found.name)
    title = str(wish["title"])[:200] if wish.get("title") else None
    replace = wish.get("replace") is True
    kimg = wish.get("kimg")
    if kimg is None:
        rights = found.settings().rights
        data = {"rights": rights} if rights else {}
        launch.publish(found, model, title, data, replace=replace)
        return {"model": model}
    if type(kimg) is not int or kimg not in watch.snapshots(found):
        kept = ", ".join(map(str, watch.snapshots(found))) or "-"
        raise RunError("run_no_snapshot", name=found.name, kimg=kimg, kept=kept)
    return _publish_snapshot(found, model, title, kimg, replace)


def _publish_snapshot(
    found: Run, model: str, title: str | None, kimg: int, replace: bool
) -> dict[str, Any]:
    launch.check_publishing(found, model, replace=replace)
    command = [sys.executable, "-m", "studio", "publish", found.name, "--json"]
    command += ["--as", model, "--kimg", str(kimg)]
    command += ["--title", title] if title else []
    command += ["--force"] if replace else []
    if _run(command, PUBLISH_PATIENCE) is None:
        raise RunError("publish_failed", name=found.name)
    return {"model": model}


ACTS: dict[str, Callable[[Run, dict[str, Any]], dict[str, Any]]] = {
    "pause": partial(_request, "pause"),
    "stop": partial(_request, "stop"),
    "resume": _resume,
    "delete": _delete,
    "publish": _publish,
}
