"""Where things live on disk, and the one way to write a file."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def checkpoints_folder() -> Path:
    """Return the folder of installed models; STUDIO_CHECKPOINTS moves it."""
    return _folder("STUDIO_CHECKPOINTS", "checkpoints")


def runs_folder() -> Path:
    """Return the folder of training runs; STUDIO_RUNS moves it."""
    return _folder("STUDIO_RUNS", "runs")


def pictures_folder() -> Path:
    """Return the folder of what people brought to train on, one folder a set."""
    return runs_folder() / ".pictures"


def write_atomically(path: Path | str, data: bytes) -> None:
    """Write ``data`` to ``path`` whole or not at all, replacing what is there.

    The bytes go to a temporary file beside ``path`` first, so a reader, a crash or
    a full disk never leaves half a file. The folder must exist. Raises OSError.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name[:32]}-{secrets.token_hex(6)}")
    try:
        with open(beside, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _folder(variable: str, name: str) -> Path:
    moved = os.environ.get(variable, "").strip()
    return Path(moved).expanduser() if moved else ROOT / name
