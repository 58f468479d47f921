"""The weights that a run takes from the model that it starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.checkpoint import locate, read_card, read_weights
from studio.errors import RunError


def load_base(
    name: str, networks: dict[str, nn.Module], kinds: Sequence[str] = ()
) -> None:
    """Put a model's weights into networks of the same shape, asked for `kinds`.

    Raises RunError when the model lacks one of them or its shape differs. A generator
    that had no plan gets one, which changes nothing until it learns. Kinds that the
    model knows are found by their names, wherever they stand; the others keep the
    chance weights of new networks: from zero they were not told apart in 800 steps in
    which these were from the first hundred on. A generator that had no layouts keeps
    its w behind them: it paints as before, moved to the layout that is asked for.
    """
    folder: Path = locate(name)
    known = [kind["name"] for kind in read_card(folder).get("kinds", [])]
    places = [known.index(kind) if kind in known else None for kind in kinds]
    for stem, network in networks.items():
        arrays = read_weights(folder, f"{stem}.safetensors")
        found = {key: torch.from_numpy(array) for key, array in arrays.items()}
        try:
            network.load_state_dict(_fit(found, network.state_dict(), places))
        except (RuntimeError, IndexError):
            raise RunError("base_shape", base=name, part=stem) from None


def _fit(
    found: dict[str, Tensor], own: Mapping[str, Tensor], places: list[int | None]
) -> dict[str, Tensor]:
    """Add what the found weights lack of a network's own, and choose their kinds."""
    if "sketch.parts" in own and "sketch.parts" not in found:
        found = _widen(found, own)
    fitted = {k: v for k, v in found.items() if not k.endswith("kinds.weight")}
    for key, value in own.items():
        if key == "plan.weight":
            fitted.setdefault(key, torch.zeros_like(value))
        if key.endswith("kinds.weight"):
            fitted[key] = value.clone()  # [features, kinds]
            for kind, place in enumerate(places):
                if place is not None:
                    fitted[key][:, kind] = found[key][:, place]
    return fitted


def _widen(found: dict[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Make room at the front of w for layouts, which are measured afterwards."""
    wide = {k: torch.zeros_like(v) for k, v in own.items() if k.startswith("sketch.")}
    numbers = len(own["sketch.parts"])
    for key, value in found.items():
        of_w = key.endswith("style.weight") or key in ("plan.weight", "w_mean")
        wide[key] = F.pad(value, (numbers, 0)) if of_w else value
    return wide
