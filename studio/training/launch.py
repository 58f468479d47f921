"""Starting trainers that outlive their starter, and turning runs into models."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

from studio.checkpoint import beside, locate, read_card, replace_folder
from studio.errors import InputError, RunError, StudioError
from studio.paths import ROOT, checkpoints_folder, runs_folder
from studio.training.dataset import find_pictures, open_picture
from studio.training.labels import labels_to_learn, read_labels
from studio.training.run import Run, check_name
from studio.training.settings import TrainSettings


def check_at_once(settings: TrainSettings) -> None:
    """Refuse what can be seen at once, or a run is left behind that took the name.

    Raises StudioError with the reason.
    """
    folder = Path(settings.folder)
    if not folder.is_dir():
        raise InputError("folder_missing", folder=settings.folder)
    paths = find_pictures(folder, settings.excluded)
    readable = (path for path in paths if open_picture(path, quick=64))
    if len(list(islice(readable, 2))) < 2:
        raise InputError("folder_empty", folder=str(folder))
    if settings.labels:
        labels_to_learn(settings)
    if settings.base != "scratch":
        locate(settings.base)
    if settings.device == "cuda":
        from studio.training.device import pick_device  # and with it torch

        pick_device(settings.device)


def delete(run: Run) -> None:
    """Delete a run and all that it made. Raises RunError while it trains."""
    if run.alive():
        raise RunError("run_alive", name=run.name)
    grave = runs_folder() / ".deleted" / secrets.token_hex(6)
    try:
        grave.parent.mkdir(exist_ok=True)
        run.folder.rename(grave)  # out of every list at once
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise RunError("cannot_write", path=run.folder, reason=reason) from None
    shutil.rmtree(grave, ignore_errors=True)


def start_detached(run: Run) -> None:
    """Start `python -m studio resume NAME` in a session of its own.

    The very command that a person would type: the trainer is that process, whoever
    started it, and a closed browser or terminal does not reach it.
    """
    with (run.folder / "log.txt").open("ab") as log:
        trainer = subprocess.Popen(
            [sys.executable, "-m", "studio", "resume", run.name],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
    run.write_status(trainer.pid, phase="queued")


def find_words_detached(run: Run, model: str) -> None:
    """Start `python -m studio discover MODEL` beside everything else, for minutes.

    What a run was published as has sliders without names; this gives it words, learnt
    from the labels of the run's pictures where those are still there. It writes what
    it finds into the model's folder at once, and what it says into the run's.
    """
    command = [sys.executable, "-m", "studio", "discover", model]
    if pictures := labelled_pictures(run):
        command += ["--folder", str(pictures)]
    with (run.folder / "words.txt").open("wb") as log:
        subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def labelled_pictures(run: Run) -> Path | None:
    """Give the folder that a run learnt from, where it is still there with labels."""
    try:
        folder = Path(run.settings().folder)
        return folder if folder.is_dir() and read_labels(folder).of else None
    except StudioError:
        return None


def check_publishing(run: Run, model: str, *, replace: bool) -> Path:
    """Give the folder to publish a run to. Raises RunError as `publish` does."""
    target = checkpoints_folder() / check_name(model)
    if not (run.folder / "checkpoint" / "card.json").is_file():
        raise RunError("run_no_model", name=run.name)
    if target.exists() and not replace:
        raise RunError("model_exists", name=model)
    return target


def publish(
    run: Run,
    model: str,
    title: str | None,
    data: dict[str, Any],
    *,
    replace: bool,
    kimg: int | None = None,
) -> Path:
    """Copy a run's best snapshot, or that of `kimg`, to the checkpoints in one rename.

    `data` is merged into the card's statement about the pictures (source, rights).
    Raises RunError when the run has no model yet, or the name is taken and `replace`
    is false.
    """
    target = check_publishing(run, model, replace=replace)
    source = run.folder / "checkpoint"
    new = beside(target, "new")
    shutil.rmtree(new, ignore_errors=True)
    if kimg is None:
        shutil.copytree(source, new)
    else:
        from studio.training.snapshot import write_snapshot

        write_snapshot(run, kimg, new)
    card = read_card(new)
    card["title"] = title or model.replace("-", " ").replace("_", " ").title()
    card["data"] |= data
    text = json.dumps(card, indent=1, ensure_ascii=False)
    (new / "card.json").write_text(text + "\n", "utf-8")
    replace_folder(new, target)
    return target
