"""The verbs about training, from `check` a folder to `publish` a model."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from studio.cli.answer import add_verb, answer, text
from studio.cli.discovering import discover_into
from studio.config import read_json, to_dict
from studio.errors import InputError, StudioError
from studio.training.base import make_settings
from studio.training.energy import WATTS_A_CORE
from studio.training.launch import (
    check_at_once,
    labelled_pictures,
    publish,
    start_detached,
)
from studio.training.run import Run, list_runs
from studio.training.settings import AUTO, TrainSettings


def register(verbs: Any) -> None:
    """Declare the verbs of this module."""
    _declare_check(add_verb(verbs, "check", _check))
    _declare_train(add_verb(verbs, "train", _train))
    add_verb(verbs, "runs", _runs)
    for name, act in (("status", _status), ("pause", _pause), ("stop", _stop)):
        _with_name(add_verb(verbs, name, act))
    resume = _with_name(add_verb(verbs, "resume", _resume))
    resume.add_argument("--detach", action="store_true", help=text("cli.help.detach"))
    _declare_publish(_with_name(add_verb(verbs, "publish", _publish)))


def _with_name(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("name", metavar="NAME", help=text("cli.argument.run"))
    return parser


def _declare_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", help=text("cli.argument.folder"))
    parser.add_argument("--resolution", default="224", metavar="HxW",
                        help=text("cli.help.resolution"))  # fmt: skip


def _check(args: argparse.Namespace) -> None:
    from studio.training.advice import DIALS, expectation
    from studio.training.doctor import examine, summarise
    from studio.training.labels import describe_labels

    found = summarise(examine(Path(args.folder), read_size(args.resolution)))
    found["labels"] = describe_labels(Path(args.folder))
    usable = found["usable"]
    advice = text(f"ui.train.expect.{expectation(usable)}", n=usable)
    found["forecast"] = {"minutes": DIALS["good"], "advice": advice}
    answer(args, found, _prescription(found))


def _prescription(found: dict[str, Any]) -> Iterator[str]:
    """Say what was found in sentences, with the first few files of each problem."""
    yield text("cli.check.images", **{k: found[k] for k in ("images", "usable")})
    for problem, files in found["files"].items():
        if files:
            shown = ", ".join(files[:5]) + (", ..." if len(files) > 5 else "")
            yield text(f"cli.check.{problem}", count=len(files), files=shown)
    yield from _label_lines(found["labels"])
    yield found["forecast"]["advice"]


def _label_lines(labels: dict[str, Any]) -> Iterator[str]:
    if "error" in labels:
        yield text(f"error.{labels['error']['code']}", **labels["error"]["params"])
        return
    if labels["source"]:
        told = ", ".join(f"{name} ({count})" for name, count in labels["commonest"])
        known = {"column": labels["column"], "kinds": labels["kinds"]}
        yield text(f"cli.check.labels.{labels['source']}", **known, commonest=told)
    if labels["unknown"]:
        yield text("cli.check.labels.unknown", unknown=labels["unknown"])


def _declare_train(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("folder", metavar="FOLDER", help=text("cli.argument.folder"))
    add("--name", required=True, help=text("cli.argument.run"))
    add("--family", default="gan", help=text("cli.help.family"))
    add("--resolution", metavar="HxW", help=text("cli.help.resolution"))
    add("--minutes", type=float, help=text("cli.help.minutes"))
    add("--kimg", type=float, help=text("cli.help.kimg"))
    add("--from", dest="base", default="scratch", help=text("cli.help.from"))
    add("--labels", nargs="?", const=AUTO, default="", metavar="COLUMN",
        help=text("cli.help.labels"))  # fmt: skip
    add("--device", default="auto", help=text("cli.help.device"))
    add("--seed", type=int, default=0, help=text("cli.help.train_seed"))
    add("--option", action="append", default=[], metavar="KEY=VALUE",
        help=text("cli.help.option"))  # fmt: skip
    add("--detach", action="store_true", help=text("cli.help.detach"))


def _declare_publish(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--as", dest="model", required=True, metavar="MODEL",
                        help=text("cli.help.as"))  # fmt: skip
    parser.add_argument("--title", help=text("cli.help.title"))
    parser.add_argument("--kimg", type=int, help=text("cli.help.publish_kimg"))
    parser.add_argument("--data", metavar="JSON", help=text("cli.help.data"))
    parser.add_argument("--force", action="store_true", help=text("cli.help.force"))
    parser.add_argument("--discover", action="store_true",
                        help=text("cli.help.publish_discover"))  # fmt: skip


def _train(args: argparse.Namespace) -> int:
    folder = Path(args.folder)
    if not folder.is_dir():
        raise InputError("folder_missing", folder=args.folder)
    settings = read_settings(args, folder.resolve())
    check_at_once(settings)
    return _work(_create(settings), args)


def _create(settings: TrainSettings) -> Run:
    """Make the run; of several processes that `torchrun` started, one makes it."""
    if "RANK" not in os.environ:
        return Run.create(settings)
    from studio.training import distributed  # and with it torch, which takes seconds

    distributed.join()
    if distributed.rank() == 0:
        Run.create(settings)
    distributed.wait()
    return Run.open(settings.name)


def read_settings(args: argparse.Namespace, folder: Path) -> TrainSettings:
    """Turn the options of `train` into settings. Raises InputError."""
    given: dict[str, Any] = {
        "folder": str(folder),
        "name": args.name,
        "family": args.family,
        "kimg": args.kimg,
        "minutes": args.minutes,
        "base": args.base,
        "labels": args.labels,
        "device": args.device,
        "seed": args.seed,
    }
    if args.resolution is not None:
        given["resolution"] = read_size(args.resolution)
    if args.minutes is None and args.kimg is None:
        given["minutes"] = TrainSettings.minutes
    for option in args.option:
        key, _, value = option.partition("=")
        given[key] = read_value(value)
    return make_settings(given)


def read_value(text: str) -> Any:
    """Read the value of an option: a number, a list like `32,64`, or a word."""
    for written in (text, f"[{text}]"):
        try:
            return read_json(written)
        except ValueError:
            continue
    return text


def read_size(text: str) -> tuple[int, int]:
    """Read `128` or `192x128` as height and width. Raises InputError."""
    parts = text.lower().split("x")
    if len(parts) > 2 or not all(part.isdecimal() and len(part) < 6 for part in parts):
        raise InputError("train_resolution", size=text)
    return int(parts[0]), int(parts[-1])


def _work(run: Run, args: argparse.Namespace) -> int:
    """Train here in the foreground, or in a process of its own under --detach."""
    if args.detach:
        start_detached(run)
    else:
        import contextlib
        import sys

        from studio.training.session import train

        # Under --json stdout is one JSON value; the trainer's lines go to stderr.
        with contextlib.redirect_stdout(sys.stderr if args.json else sys.stdout):
            train(run)
    _answer_status(args, run)
    return 0


def _resume(args: argparse.Namespace) -> int:
    run = Run.open(args.name)
    if args.detach and run.alive():
        raise InputError("run_taken", name=run.name)
    if not run.alive():
        run.clear_requests()  # they were meant for an earlier trainer
    return _work(run, args)


def _runs(args: argparse.Namespace) -> None:
    statuses = [_status_if_damaged(run) or run.status() for run in list_runs()]
    lines = [line for status in statuses for line in _summary(status)]
    answer(args, statuses, lines or [text("cli.run.none")])


def _status_if_damaged(run: Run) -> dict[str, Any] | None:
    """Give a status that says so for a run whose settings cannot be read."""
    try:
        run.settings()
        return None
    except StudioError as problem:
        return {**run.status(), "phase": "failed", "error": str(problem)}


def _status(args: argparse.Namespace) -> None:
    _answer_status(args, Run.open(args.name))


def _pause(args: argparse.Namespace) -> None:
    _request(args, "pause")


def _stop(args: argparse.Namespace) -> None:
    _request(args, "stop")


def _request(args: argparse.Namespace, what: str) -> None:
    run = Run.open(args.name)
    run.request(what)
    answer(args, {"name": run.name, "requested": what},
           [text("cli.run.requested", name=run.name)])  # fmt: skip


def _publish(args: argparse.Namespace) -> None:
    try:
        data = read_json(Path(args.data).read_text("utf-8")) if args.data else {}
    except (OSError, ValueError):
        data = None
    if not isinstance(data, dict):
        raise InputError("publish_data", path=args.data)
    run = Run.open(args.name)
    wishes = {"replace": args.force, "kimg": args.kimg}
    folder = publish(run, args.model, args.title, data, **wishes)
    if args.discover:
        discover_into(folder, labelled_pictures(run), None, quiet=args.json)
    answer(args, {"name": args.model}, [text("cli.run.published", name=folder.name)])


def _answer_status(args: argparse.Namespace, run: Run) -> None:
    status = run.status()
    settings = to_dict(run.settings())
    answer(args, status | {"family": settings["family"]}, _lines(status))


def _summary(status: dict[str, Any]) -> Iterator[str]:
    yield _line(status)
    if status["error"]:
        yield f"  {status['error']}"


def _line(status: dict[str, Any]) -> str:
    return text(
        "cli.run.line", **{k: status[k] for k in ("name", "phase", "images_seen")}
    )


def _lines(status: dict[str, Any]) -> Iterator[str]:
    yield _line(status)
    if status["stalled"]:
        yield text("cli.run.stalled")
    if status["behind"]:
        yield text("cli.run.behind", name=status["behind"])
    if status["images_per_s"] and status["eta_s"] is not None:
        minutes = round(status["eta_s"] / 60)
        yield text("cli.run.pace", speed=status["images_per_s"], minutes=minutes)
    if isinstance(status["best"], dict):
        yield text("cli.run.best", **status["best"])
    if status["energy_wh"] is not None:
        yield _energy(status)
    if status["ended"] == "patience":
        yield text("cli.run.ended_patience")
    if status["error"]:
        yield status["error"]


def _energy(status: dict[str, Any]) -> str:
    """Say what a run has taken, and how that is known."""
    key = f"ui.train.energy.{status['energy_source']}"
    return text(key, wh=round(status["energy_wh"], 1), watts=WATTS_A_CORE)
