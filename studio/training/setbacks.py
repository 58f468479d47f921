"""What a machine can run out of while it trains, and what is done about it."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import torch

from studio.errors import RunError
from studio.training.run import Run
from studio.training.settings import TrainSettings

FULL = (errno.ENOSPC, errno.EDQUOT)
# What allocators say that have no exception of their own.
NO_MEMORY = (
    "not enough memory",
    "out of memory",
    "DefaultCPUAllocator",
    "ALLOC_FAILED",
)


def explain(run: Run, problem: Exception) -> Exception:
    """Give a RunError in place of what says that a run's folder cannot be written.

    Any other problem is given back as it is.
    """
    if not isinstance(problem, OSError):
        return problem
    if not (run.folder / "config.json").is_file():
        return RunError("run_gone", name=run.name)
    if problem.errno in FULL:
        return RunError("disk_full", name=run.name)
    path = problem.filename
    if isinstance(path, (str, Path)) and Path(path).is_relative_to(run.folder):
        reason = problem.strerror or type(problem).__name__
        return RunError("cannot_write", path=path, reason=reason)
    return problem


def is_about_memory(problem: BaseException) -> bool:
    """Tell whether memory was short, of the machine or of a graphics card."""
    if isinstance(problem, (MemoryError, torch.OutOfMemoryError)):
        return True
    said = str(problem)
    return isinstance(problem, RuntimeError) and any(word in said for word in NO_MEMORY)


def halve_batch(settings: TrainSettings) -> TrainSettings | None:
    """Give settings that need less memory; None where that was done before.

    The batch stays a multiple of 4, since the discriminator compares four at a time.
    """
    batch = max(4, settings.batch // 8 * 4)
    crops = max(1, settings.autoencoder_batch // 2)
    if settings.halved or (batch, crops) == (
        settings.batch,
        settings.autoencoder_batch,
    ):
        return None
    return replace(settings, batch=batch, autoencoder_batch=crops, halved=True)
