"""What the second phase learns from, made once and read back the same ever after."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from studio.errors import RunError
from studio.training.kinds import Kinds
from studio.training.state import load_state, save_state


@dataclass(frozen=True)
class Material:
    """Latents fp16 [N,C,h,w] of the pictures' views, and of what kinds they are."""

    latents: Tensor
    kinds: Kinds | None = None


def save_material(path: Path, material: Material) -> None:
    """Write it in one rename.

    Kinds stand beside the latents, since a table that is edited while a run is paused
    would make each kind another one.
    """
    tensors, kinds = {"latents": material.latents}, material.kinds
    if kinds is None:
        return save_state(path, tensors, {})
    facts = {"kinds": kinds.names, "counts": kinds.counts}
    return save_state(path, tensors | {"kinds": kinds.of}, facts)


def load_material(path: Path) -> Material:
    """Read what was written. Raises RunError where nothing was, or it is damaged."""
    saved = load_state(path)
    if saved is None:
        raise RunError("run_damaged", name=path.parent.parent.name)
    tensors, facts = saved
    if "kinds" not in tensors:
        return Material(tensors["latents"])
    kinds = Kinds(tuple(facts["kinds"]), tuple(facts["counts"]), tensors["kinds"])
    return Material(tensors["latents"], kinds)
