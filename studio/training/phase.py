"""What the phases of a run share: their pace, their randomness, their optimisers."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_, get_total_norm
from torch.optim import AdamW, Optimizer

from studio.training import distributed
from studio.training.state import Parts

PHASES = ("autoencoder", "generator")
BETAS = (0.0, 0.99)  # of Adam, for players of a game
FIRST_SHEET = 1000  # images: within a minute on two cores
LARGEST = 65504.0  # the largest number in fp16


class Randomness:
    """All chance of one step, a pure function of (seed, phase, step, process).

    Nothing random is carried from step to step, so a run that was killed goes on
    exactly as if it had not been.
    """

    def __init__(self, seed: int, phase: str, step: int) -> None:
        entropy = (seed, PHASES.index(phase), step, distributed.rank())
        self.numpy = np.random.default_rng(entropy)
        self.torch = torch.Generator()
        self.torch.manual_seed(int(self.numpy.integers(2**63)))

    def normal(self, *shape: int) -> Tensor:
        """Draw standard normal numbers."""
        return torch.randn(shape, generator=self.torch)

    def loud(self, dropout: float, *shape: int) -> Tensor | None:
        """Draw what dropout multiplies by: 0 in its share of places, more elsewhere.

        None, and nothing drawn, where the share is 0 (arXiv:1207.0580).
        """
        if not dropout:
            return None
        heard = torch.rand(shape, generator=self.torch) >= dropout
        return heard / (1 - dropout)


class Phase(ABC):
    """Networks and optimisers that learn together, one batch a step."""

    name: str
    # what it is made of, by the names under which it is saved
    saved: tuple[str, ...] = (
        "model", "average", "judge", "optimiser", "judge_optimiser",
    )  # fmt: skip

    def __init__(self) -> None:
        self.steps = 0
        self.images = 0  # seen by all processes together
        self.seconds = 0.0  # of active time
        self.setbacks = 0  # how often it diverged and was set back

    @property
    def caution(self) -> float:
        """Give the factor on learning rates: half for each setback."""
        return 0.5**self.setbacks

    def is_sound(self, losses: dict[str, float]) -> bool:
        """Tell whether losses and weights are numbers that a checkpoint can hold."""
        modules = [p for p in self.parts().values() if isinstance(p, nn.Module)]
        weights = [
            p.detach() for m in modules for p in m.parameters() if p.requires_grad
        ]
        # their length is no less than the largest of them, and cheaper: 3 ms a step
        length = get_total_norm(weights).item()
        return length < LARGEST and all(map(math.isfinite, losses.values()))

    @abstractmethod
    def step(self, progress: float) -> dict[str, float]:
        """Learn from one batch; `progress` in [0, 1] sets rates. Gives losses."""

    def parts(self) -> Parts:
        """Name everything that must be saved to go on."""
        return {part: getattr(self, part) for part in self.saved}


def falling_rate(progress: float, decay: float) -> float:
    """Give the factor on learning rates: 1, then linear to 0.05 in the last share."""
    return 1.0 if decay <= 0 else max(0.05, min(1.0, (1 - progress) / decay))


def half_life_keep(kimg: float, images: int, batch: int) -> float:
    """Give what an average keeps a step: half after `kimg`, less at the beginning."""
    return float(0.5 ** (batch / min(1000 * kimg, 0.05 * images)))


def set_rate(optimiser: Optimizer, factor: float) -> None:
    """Scale every group's own base rate."""
    for group in optimiser.param_groups:
        group["lr"] = group["base_rate"] * factor


def make_adam(
    groups: Sequence[tuple[Iterable[nn.Parameter], float]],
    betas: tuple[float, float],
    decay: float = 0.0,
) -> AdamW:
    """Make Adam over (parameters, base rate) groups.

    `decay` pulls weights towards zero, apart from the gradient (arXiv:1711.05101).
    """
    options = [
        {"params": list(parameters), "lr": rate, "base_rate": rate}
        for parameters, rate in groups
    ]
    return AdamW(options, betas=betas, eps=1e-8, weight_decay=decay, fused=True)


def apply_gradients(
    optimiser: Optimizer, loss: Tensor, longest: float | None = None
) -> None:
    """Do one optimiser step down the gradient of a loss, cut to a norm of `longest`."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    distributed.average_gradients(parameters)
    if longest is not None:
        clip_grad_norm_(parameters, longest)
    optimiser.step()


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, keep: float) -> None:
    """Move an exponential average of weights towards a model's by 1 - keep."""
    for slow, fast in zip(average.parameters(), model.parameters(), strict=True):
        slow.lerp_(fast, 1 - keep)
    for kept, now in zip(average.buffers(), model.buffers(), strict=True):
        kept.copy_(now)


def precision(device: torch.device) -> AbstractContextManager[None]:
    """bf16 where it is fast: on CUDA. Measured slower than fp32 on CPUs without AMX."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")


def went_over(kimg: float, images: int, batch: int) -> bool:
    """Tell whether the last step, of `batch` images, went over a multiple of `kimg`."""
    every = max(1, round(1000 * kimg))
    return images // every != (images - batch) // every


def is_sheet_due(kimg: float, images: int, batch: int) -> bool:
    """Tell whether it is time for a sheet: soon after the start, then regularly."""
    return went_over(kimg, images, batch) or images - batch < FIRST_SHEET <= images
