"""Ways to learn pictures that are not the studio's own, for `benchmarks.peers`.

    python -m benchmarks.rivals pixels|lightweight|pace PICTURES INTO MINUTES

`pixels` is a GAN whose generator makes pixels, in the studio's own loop. `lightweight`
is lightweight-gan 1.2 from PyPI, which asks for a GPU when it is imported: it is told
that there is one, and what it sends there stays. `pace` measures the network that it
has by default. Works and what was learnt lie in INTO; a process that was killed goes on
from the last minute.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.harness import Unavailable
from studio.paths import write_atomically
from studio.training.settings import TrainSettings

if TYPE_CHECKING:
    from studio.training.generator import GeneratorPhase

SIDE, SEED, WORKS = 128, 0, 512
SAVE_S, LONGEST_STEP_S = 60.0, 120.0
TOGETHER = 16  # works drawn at a time
PACED = 4  # steps, of which the first has a gradient penalty, as one in four has
HOW = (
    "lightweight-gan is missing: pip install --no-deps lightweight-gan torchvision"
    " kornia kornia_rs einops adabelief-pytorch tabulate colorama tqdm"
)
# Its command's defaults at 128 px; and what its own options make of them until an image
# costs about what one costs the studio (docs/benchmarks.md).
DEFAULT: dict[str, Any] = {
    "latent_dim": 256,
    "fmap_max": 512,
    "attn_res_layers": [32],
    "disc_output_size": 1,
    "batch_size": 10,
}
SHRUNK: dict[str, Any] = {
    **DEFAULT,
    "latent_dim": 128,
    "fmap_max": 64,
    "fmap_inverse_coef": 9,
    "attn_res_layers": [],
    "batch_size": 16,
}
# The levels that a generator of latents has are as wide as there; each finer one half.
WIDTHS = (256, 192, 160, 80, 40, 20)


class Rival(Protocol):
    """What learns: a step at a time, and from where it was left."""

    def step(self, progress: float) -> int:
        """Learn once; give how many pictures were made for it."""

    def state(self) -> dict[str, Any]:
        """Give all that is needed to go on."""

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from that."""

    def draw(self, count: int) -> np.ndarray:
        """Make pictures, uint8 [count,H,W,3], none picked."""


# -- pixels in this loop ------------------------------------------------------------


@dataclass(frozen=True)
class PixelSettings(TrainSettings):
    """Settings of a run whose latents are the pixels themselves."""

    @property
    def factor(self) -> int:
        """Pixels per cell."""
        return 1


class Bare(nn.Module):
    """Stands where the autoencoder stands: its latents are pixels of unit variance."""

    def __init__(self, pixels: Tensor) -> None:
        super().__init__()
        self.mean = pixels.mean(dim=(0, 2, 3), keepdim=True)
        self.deviation = pixels.std(dim=(0, 2, 3), keepdim=True)

    def encode(self, pixels: Tensor) -> Tensor:
        return (pixels - self.mean) / self.deviation

    def decode(self, latents: Tensor) -> Tensor:
        return latents * self.deviation + self.mean


def pixel_settings(folder: Path, **changes: Any) -> PixelSettings:
    """Give the settings of `pixels`: the studio's own, but for where it works."""
    given: dict[str, Any] = {
        "folder": str(folder),
        "name": "pixels",
        "resolution": (SIDE, SIDE),
        "seed": SEED,
        "latent_channels": 3,
        "generator_widths": WIDTHS,
        "discriminator_widths": WIDTHS[::-1],
    }
    return PixelSettings(**(given | changes))


class Pixels:
    """The studio's generator, judges and losses, on pixels in place of latents."""

    def __init__(self, settings: PixelSettings) -> None:
        from studio.training.dataset import Pictures
        from studio.training.generator import GeneratorPhase, make_networks
        from studio.training.perception import Perception

        device = torch.device("cpu")
        views = _views(Pictures.of(settings), settings)
        self.bare = Bare(views[:1024].float())
        for part in views.split(64):
            part.copy_(self.bare.encode(part.float()))
        # of the autoencoder a judge of features asks only to decode
        eyes = Perception(settings, self.bare, device)  # type: ignore[arg-type]
        eyes.settle(views)
        networks = make_networks(settings)
        self.phase: GeneratorPhase = GeneratorPhase(
            settings, views, networks, device, eyes
        )

    def step(self, progress: float) -> int:
        losses = self.phase.step(progress)
        if not self.phase.is_sound(losses):
            raise Unavailable("pixels: the weights are no numbers any more")
        return self.phase.settings.batch

    def state(self) -> dict[str, Any]:
        from studio.training.state import pack

        facts = {"steps": self.phase.steps, "images": self.phase.images}
        return {"tensors": pack(self.phase.parts()), **facts}

    def restore(self, state: dict[str, Any]) -> None:
        from studio.training.state import unpack

        unpack(state["tensors"], self.phase.parts())
        self.phase.steps, self.phase.images = state["steps"], state["images"]

    @torch.inference_mode()
    def draw(self, count: int) -> np.ndarray:
        from studio.model import to_bytes

        model, chance = self.phase.average, torch.Generator().manual_seed(SEED)
        z = torch.randn(count, model.config.z_dim, generator=chance)
        w = [model.spread(model.mapping(part)) for part in z.split(TOGETHER)]
        made = [to_bytes(self.bare.decode(model.synthesise(part))) for part in w]
        return np.concatenate(made)


def _views(pictures: Any, settings: TrainSettings) -> Tensor:
    """Give several views of each picture to learn from: fp16 [N,3,H,W] in [-1,1]."""
    from studio.model import to_pixels

    rng = np.random.default_rng((settings.seed, 77))
    found = []
    for i in pictures.train:
        each = range(settings.variants)
        views = np.stack([pictures.view(i, rng, settings.mirror) for _ in each])
        found.append(to_pixels(views).half())
    return torch.cat(found)


# -- lightweight-gan ----------------------------------------------------------------


class Lightweight:
    """lightweight-gan's own trainer and data, on the processor."""

    def __init__(self, folder: Path, into: Path, options: dict[str, Any]) -> None:
        import random

        random.seed(SEED)
        np.random.seed(SEED)
        torch.manual_seed(SEED)
        self.trainer = import_lightweight().Trainer(
            name="lightweight",
            base_dir=into,
            image_size=SIDE,
            save_every=10**9,
            use_aim=False,
            num_workers=1,
            **options,
        )
        # It would draw three sheets every hundred steps: that time goes to learning.
        self.trainer.evaluate = lambda *_, **__: None
        self.trainer.save = lambda *_: None
        self.trainer.set_data_src(str(folder))
        self.trainer.init_GAN()

    def step(self, progress: float) -> int:
        self.trainer.train()
        return int(self.trainer.batch_size)

    def state(self) -> dict[str, Any]:
        gan = self.trainer.GAN
        parts = {"gan": gan, "made": gan.G_opt, "judged": gan.D_opt}
        kept = {key: part.state_dict() for key, part in parts.items()}
        return {**kept, "steps": self.trainer.steps}

    def restore(self, state: dict[str, Any]) -> None:
        gan = self.trainer.GAN
        gan.load_state_dict(state["gan"])
        gan.G_opt.load_state_dict(state["made"])
        gan.D_opt.load_state_dict(state["judged"])
        self.trainer.steps = state["steps"]

    @torch.inference_mode()
    def draw(self, count: int) -> np.ndarray:
        gan, chance = self.trainer.GAN.eval(), torch.Generator().manual_seed(SEED)
        z = torch.randn(count, gan.latent_dim, generator=chance)
        # not the average, which it begins after 20,000 steps
        made = [gan.G(part).clamp(0, 1) for part in z.split(TOGETHER)]
        pixels = torch.cat(made).mul(255).round().to(torch.uint8)
        return pixels.permute(0, 2, 3, 1).numpy()


class _Processor:
    """torch, as a module sees it that asks for a GPU by name."""

    @staticmethod
    def device(name: str) -> torch.device:
        return torch.device("cpu")

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)


def _stay(self: Any, *_: Any, **__: Any) -> Any:
    return self


def import_lightweight() -> Any:
    """Import lightweight-gan where there is no GPU. Raises Unavailable.

    From then on nothing of this process goes to a GPU.
    """
    found = torch.cuda.is_available
    torch.cuda.is_available = lambda: True
    try:
        package = import_module("lightweight_gan.lightweight_gan")
    except ImportError as problem:
        raise Unavailable(f"{HOW} ({problem})") from problem
    finally:
        torch.cuda.is_available = found
    for kind in (torch.Tensor, nn.Module):
        setattr(kind, "cuda", _stay)  # noqa: B010
    package.torch = _Processor()  # type: ignore[attr-defined]
    return package


# -- the time that each has ---------------------------------------------------------


def learn(rival: Rival, into: Path, minutes: float) -> dict[str, Any]:
    """Let it learn for so many minutes of its own, and keep its works; tell its pace.

    Goes on from what lies in the folder. What is read and built before the first step
    does not count, as it does not in a run of the studio.
    """
    path = into / "state.pt"
    facts: dict[str, float] = {"seconds": 0.0, "images": 0, "cpu_s": 0.0}
    if path.exists():
        saved = torch.load(path, weights_only=False)  # it is our own
        facts = saved.pop("facts")
        rival.restore(saved)
    told = facts["seconds"]
    while facts["seconds"] < 60 * minutes:
        begun, worked = time.monotonic(), time.process_time()
        facts["images"] += rival.step(facts["seconds"] / (60 * minutes))
        # more than that and the machine was asleep
        facts["seconds"] += min(time.monotonic() - begun, LONGEST_STEP_S)
        facts["cpu_s"] += time.process_time() - worked
        if facts["seconds"] - told > SAVE_S:
            told = facts["seconds"]
            _save(rival, path, facts)
            print(json.dumps(facts), file=sys.stderr, flush=True)
    _save(rival, path, facts)
    np.save(into / "works.npy", rival.draw(WORKS))
    return facts


def _save(rival: Rival, path: Path, facts: dict[str, float]) -> None:
    half = path.with_suffix(".half")
    torch.save({**rival.state(), "facts": facts}, half)
    half.replace(path)


def pace(folder: Path, into: Path) -> dict[str, Any]:
    """Measure the network that lightweight-gan has by default, over few steps."""
    rival, facts = Lightweight(folder, into, DEFAULT), {"images": 0}
    rival.trainer.steps = PACED  # the first batch, whatever is only done once
    rival.step(0.0)
    rival.trainer.steps = PACED
    begun, worked = time.monotonic(), time.process_time()
    for _ in range(PACED):
        facts["images"] += rival.step(0.0)
    seconds, cpu = time.monotonic() - begun, time.process_time() - worked
    return {**facts, "seconds": seconds, "cpu_s": cpu}


def main() -> None:
    """Run it as a command, from `benchmarks.peers`."""
    name, folder, into, minutes = sys.argv[1], *map(Path, sys.argv[2:4]), sys.argv[4]
    into.mkdir(parents=True, exist_ok=True)
    try:
        if name == "pace":
            found = pace(folder, into)
        elif name == "pixels":
            found = learn(Pixels(pixel_settings(folder)), into, float(minutes))
        else:
            rival = Lightweight(folder, into, SHRUNK)
            found = learn(rival, into, float(minutes))
    except Unavailable as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
    write_atomically(into / "facts.json", json.dumps(found).encode())


if __name__ == "__main__":
    main()
