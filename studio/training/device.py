"""Where a run computes."""

from __future__ import annotations

import torch

from studio.errors import RunError
from studio.training import distributed


def pick_device(wish: str) -> torch.device:
    """Turn `auto`, `cpu` or `cuda` into a device; one GPU for each local process.

    Raises RunError where it is not there.
    """
    has_gpu = torch.cuda.is_available()
    if wish == "auto":
        wish = "cuda" if has_gpu else "cpu"
    if wish not in ("cpu", "cuda") or (wish == "cuda" and not has_gpu):
        raise RunError("device_missing", device=wish)
    if wish == "cuda":
        torch.cuda.set_device(distributed.rank() % torch.cuda.device_count())
    return torch.device(wish)
