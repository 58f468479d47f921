"""Starting trainers that outlive their starter, and turning runs into models."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from studio.checkpoint import beside, read_card, replace_folder
from studio.errors import RunError
from studio.paths import ROOT, checkpoints_folder
from studio.training.run import Run, check_name


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
    source, target = run.folder / "checkpoint", checkpoints_folder() / check_name(model)
    if not (source / "card.json").is_file():
        raise RunError("run_no_model", name=run.name)
    if target.exists() and not replace:
        raise RunError("model_exists", name=model)
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
