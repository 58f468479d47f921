"""Several processes, one run: started by `torchrun`, joined by averaged gradients.

Every process holds the same weights, draws its own part of each batch, and averages
gradients before each optimiser step (synchronous data parallelism). Averaging by
hand instead of wrapping modules keeps penalties, shared fakes and several forward
passes per step free of a wrapper's rules.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import Tensor


def join() -> None:
    """Join the other processes when `torchrun` started this one."""
    if "RANK" in os.environ and not dist.is_initialized():
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")


def leave() -> None:
    """Leave the group, if any."""
    if dist.is_initialized():
        dist.destroy_process_group()


def rank() -> int:
    """Give this process's number, 0 when alone."""
    return dist.get_rank() if dist.is_initialized() else 0


def world() -> int:
    """Give the number of processes."""
    return dist.get_world_size() if dist.is_initialized() else 1


def average_gradients(parameters: Iterable[Tensor]) -> None:
    """Replace each gradient by its mean over all processes."""
    if world() == 1:
        return
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    flat /= world()
    start = 0
    for gradient in gradients:
        part = flat[start : start + gradient.numel()]
        gradient.copy_(part.view_as(gradient))
        start += gradient.numel()


def agree(values: list[float]) -> list[float]:
    """Give process 0's values to all: one clock and one set of requests decide."""
    if world() == 1:
        return values
    device = "cuda" if dist.get_backend() == "nccl" else "cpu"
    shared = torch.tensor(values, dtype=torch.float64, device=device)
    dist.broadcast(shared, src=0)
    return shared.tolist()


def wait() -> None:
    """Wait until every process is here."""
    if world() > 1:
        dist.barrier()
