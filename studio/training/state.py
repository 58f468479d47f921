"""What a phase needs to go on, as one safetensors file written in one rename."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer

from studio.errors import RunError
from studio.paths import write_atomically

Parts = dict[str, nn.Module | Optimizer]


def pack(parts: Parts) -> dict[str, Tensor]:
    """Name every tensor of modules and optimisers, as `part/number/key`."""
    tensors: dict[str, Tensor] = {}
    for name, part in parts.items():
        if isinstance(part, nn.Module):
            found = part.state_dict()
        else:
            found = {
                f"{i}/{key}": value
                for i, state in part.state_dict()["state"].items()
                for key, value in state.items()
            }
        tensors |= {f"{name}/{key}": value for key, value in found.items()}
    return {key: value.detach().contiguous() for key, value in tensors.items()}


@torch.no_grad()
def unpack(tensors: dict[str, Tensor], parts: Parts) -> None:
    """Put tensors back into the modules and optimisers they came from."""
    for name, part in parts.items():
        start = name + "/"
        mine = {k[len(start) :]: v for k, v in tensors.items() if k.startswith(start)}
        if isinstance(part, nn.Module):
            part.load_state_dict(mine)
        else:
            _unpack_optimiser(mine, part)


def _unpack_optimiser(tensors: dict[str, Tensor], optimiser: Optimizer) -> None:
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    optimiser.state.clear()
    for key, value in tensors.items():
        number, entry = key.split("/")
        parameter = parameters[int(number)]
        # Moments in the very memory layout of their parameter: a fused step walks
        # both as flat memory.
        like = parameter if value.shape == parameter.shape else value
        mine = torch.empty_like(like, dtype=value.dtype).copy_(value)
        optimiser.state[parameter][entry] = mine


def save_state(path: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write tensors and facts (JSON) so that a kill leaves the old or the new file."""
    on_cpu = {key: value.cpu() for key, value in tensors.items()}
    write_atomically(path, save(on_cpu, {"facts": json.dumps(facts)}))


def load_state(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Read what `save_state` wrote; None where nothing was."""
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads(file.metadata()["facts"])
            return {key: file.get_tensor(key) for key in file.keys()}, facts  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, KeyError, TypeError):
        raise RunError("run_damaged", name=path.parent.parent.name) from None
