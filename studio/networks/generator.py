"""Style generator: z -> w -> latents (arXiv:1812.04948, arXiv:1912.04958).

No noise inputs: the same w always gives the same picture, and sliders are smooth.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.networks.blocks import he_linear, leaky, leaky_

SKETCHED = 7  # cells a side of a layout, at most


@dataclass(frozen=True)
class GeneratorConfig:
    """Shape of a generator; `latent_size` is (height, width) in latent cells."""

    latent_channels: int = 16
    latent_size: tuple[int, int] = (14, 14)
    z_dim: int = 128
    w_dim: int = 192
    mapping_layers: int = 3
    widths: tuple[int, ...] = (256, 192, 160)  # coarse to fine; the last one repeats
    kinds: int = 0  # labels that it can be asked for
    plan: bool = False  # w also lays out the coarsest level, cell by cell
    layout: int = 0  # numbers that z and w begin with and that name a layout

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Height and width of each level, coarse to fine: 4, 7, 14 for 14 cells."""
        sizes = [self.latent_size]
        while min(sizes[0]) >= 7:
            height, width = sizes[0]
            sizes.insert(0, ((height + 1) // 2, (width + 1) // 2))
        return sizes

    @property
    def levels(self) -> int:
        """Resolutions, the constant's included."""
        return len(self.sizes)

    @property
    def base(self) -> tuple[int, int]:
        """Height and width of the learnt constant."""
        return self.sizes[0]

    @property
    def cells(self) -> tuple[int, int]:
        """Height and width in which a layout is sketched."""
        height, width = self.latent_size
        return min(height, SKETCHED), min(width, SKETCHED)

    @property
    def layers(self) -> int:
        """How many w vectors steer a picture: two a level, coarse to fine."""
        return 2 * self.levels

    def width(self, level: int) -> int:
        """Channels at a level, 0 being the coarsest."""
        return self.widths[min(level, len(self.widths) - 1)]


def normalise(z: Tensor) -> Tensor:
    """Bring each z [N,z_dim] to a mean square of 1."""
    return z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + 1e-8)


class Mapping(nn.Module):
    """z [N,z_dim], and of what kinds [N,kinds] it shall be, to w [N,w_dim].

    Kinds are shares: one of them 1, two of them 1/2 for a hybrid, or none at all.
    They meet z before the first layer (arXiv:1411.1784). Numbers that name a layout
    stay as they are, at the front of w.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.layout = config.layout
        width = config.w_dim - config.layout
        sizes = [config.z_dim] + [width] * config.mapping_layers
        pairs = itertools.pairwise(sizes)
        self.layers = nn.ModuleList(he_linear(a, b) for a, b in pairs)
        if config.kinds:
            self.kinds = nn.Linear(config.kinds, sizes[1], bias=False)
            nn.init.normal_(self.kinds.weight)  # as loud as what z gives

    def forward(self, z: Tensor, kinds: Tensor | None = None) -> Tensor:
        w = z = normalise(z)
        for i, layer in enumerate(self.layers):
            w = layer(w)
            if i == 0 and kinds is not None:
                w = w + self.kinds(kinds)
            w = leaky(w)
        return torch.cat([z[:, : self.layout], w], dim=1) if self.layout else w


class ModulatedConv(nn.Module):
    """3x3 convolution whose input channels are scaled by w and output renormalised.

    Eq. 1-3, arXiv:1912.04958, computed as scale, shared convolution, scale: a
    convolution per sample (`groups=N`) is many times slower on a CPU.
    """

    def __init__(self, inputs: int, outputs: int, w_dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        nn.init.normal_(self.weight, std=1 / math.sqrt(inputs * 9))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.style = he_linear(w_dim, inputs, gain=1.0)
        nn.init.ones_(self.style.bias)
        self.kept_power: Tensor | None = None

    def power(self) -> Tensor:
        """Give the squared weights summed over the kernel, [outputs, inputs]."""
        return self.weight.square().sum(dim=(2, 3))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        scale = self.style(w)  # [N, inputs]
        power = self.power() if self.kept_power is None else self.kept_power
        renorm = torch.rsqrt(scale.square() @ power.T + 1e-8)  # [N, outputs]
        x = F.conv2d(x * scale[:, :, None, None], self.weight, padding=1)
        # sqrt(2) keeps the variance; a positive factor may go through leaky first
        gain = math.sqrt(2)
        bias = gain * self.bias[:, None, None]
        return leaky_(torch.addcmul(bias, x, gain * renorm[:, :, None, None]))


class Level(nn.Module):
    """Two modulated convolutions and a 1x1 output that is summed over levels."""

    def __init__(self, inputs: int, outputs: int, config: GeneratorConfig) -> None:
        super().__init__()
        self.first = ModulatedConv(inputs, outputs, config.w_dim)
        self.second = ModulatedConv(outputs, outputs, config.w_dim)
        self.output = nn.Conv2d(outputs, config.latent_channels, 1)
        nn.init.normal_(self.output.weight, std=0.5 / math.sqrt(outputs))
        assert self.output.bias is not None
        nn.init.zeros_(self.output.bias)

    def forward(self, x: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
        """Take x [N,C,h,w] and w [N,2,w_dim]; give features and latents."""
        x = self.second(self.first(x, w[:, 0]), w[:, 1])
        return x, self.output(x)


def enlarge_features(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Double height and width by repetition, cut to an odd size if need be.

    Neighbouring latents differ a lot, and without noise inputs the edges between
    repeated cells are what the convolutions make fine detail from: on smoothly
    enlarged features a generator could not even learn 16 pictures by heart.
    """
    return F.interpolate(x, scale_factor=2)[:, :, : size[0], : size[1]]


def enlarge_latents(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Enlarge smoothly to a size."""
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


class Sketch(nn.Module):
    """Coarse latents by the first numbers of w: `mean` plus so much of each `part`.

    Parts are measured, not learnt: principal components of the latents of pictures,
    each as strong as it is there. So every w has a layout of its own from the first
    step on, and what learns learns to paint it. Each level is shown it (`views`), and
    what comes out is moved to it.
    """

    mean: Tensor
    parts: Tensor

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.shape = (config.latent_channels, *config.cells)
        self.register_buffer("mean", torch.zeros(self.shape))
        self.register_buffer("parts", torch.zeros(config.layout, *self.shape))
        widths = [config.width(0), *map(config.width, range(config.levels - 1))]
        channels = config.latent_channels
        views = [nn.Conv2d(channels, width, 1, bias=False) for width in widths]
        for view in views:
            nn.init.normal_(view.weight, std=1 / math.sqrt(channels))
        self.views = nn.ModuleList(views)

    def forward(self, w: Tensor) -> Tensor:
        """Turn w [N,w_dim] into coarse latents [N,C,h,w]."""
        return self.mean + self.draw(w[:, : len(self.parts)])

    def draw(self, numbers: Tensor) -> Tensor:
        """Give so much [N,layout] of each part: [N,C,h,w]."""
        return torch.tensordot(numbers, self.parts, dims=1)

    def read(self, latents: Tensor) -> Tensor:
        """Give the numbers [N,layout] that sketch latents [N,C,h,w] best."""
        coarse = F.adaptive_avg_pool2d(latents, self.shape[1:]) - self.mean
        parts = self.parts.flatten(1)  # at right angles to each other
        power = parts.square().sum(dim=1).clamp_min(1e-8)
        return coarse.flatten(1) @ parts.T / power


def make_plan(config: GeneratorConfig) -> nn.Linear:
    """Make what w adds to the constant, about as strong as that.

    Scaled channels of one constant give a few compositions in many colours: features
    of the coarsest level varied in seven ways only (participation ratio over 256 w). A
    start of its own for each w gives as many as there are w.
    """
    height, width = config.base
    layer = nn.Linear(config.w_dim, config.width(0) * height * width, bias=False)
    nn.init.normal_(layer.weight, std=1 / math.sqrt(config.w_dim))
    return layer


class Generator(nn.Module):
    """Mapping and synthesis; `w_mean` is the running mean of w that variety uses."""

    w_mean: Tensor

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        self.mapping = Mapping(config)
        self.constant = nn.Parameter(torch.randn(1, config.width(0), *config.base))
        if config.plan:
            self.plan = make_plan(config)
        if config.layout:
            self.sketch = Sketch(config)
        widths = [config.width(0), *map(config.width, range(config.levels))]
        self.levels = nn.ModuleList(
            Level(a, b, config) for a, b in itertools.pairwise(widths)
        )
        self.register_buffer("w_mean", torch.zeros(config.w_dim))

    def synthesise(self, w: Tensor) -> Tensor:
        """Turn w [N, layers, w_dim] into standardised latents [N, C, h, w]."""
        x = self.constant.expand(len(w), -1, -1, -1)
        if self.config.plan:
            x = x + self.plan(w[:, 0]).view_as(x)
        latents: Tensor | None = None
        sketch = self.sketch(w[:, 0]) if self.config.layout else None
        for i, (level, size) in enumerate(
            zip(self.levels, self.config.sizes, strict=True)
        ):
            if latents is not None:
                x = enlarge_features(x, size)
                latents = enlarge_latents(latents, size)
            if sketch is not None:
                x = x + self.sketch.views[i](enlarge_latents(sketch, size))
            x, more = level(x, w[:, 2 * i : 2 * i + 2])
            latents = more if latents is None else latents + more
        assert latents is not None
        if sketch is None:
            return latents
        if self.config.kinds:  # what is usual for a kind must stay as it is
            return latents + enlarge_latents(sketch, self.config.latent_size)
        return self._lay_out(latents, w[:, 0])

    def _lay_out(self, latents: Tensor, w: Tensor) -> Tensor:
        """Move latents [N,C,h,w] to the layouts that w [N,w_dim] names."""
        wanted = w[:, : self.config.layout]
        missing = self.sketch.draw(wanted - self.sketch.read(latents))
        return latents + enlarge_latents(missing, self.config.latent_size)

    def settle(self) -> None:
        """Keep what depends on weights alone; they must not change afterwards."""
        for module in self.modules():
            if isinstance(module, ModulatedConv):
                module.kept_power = module.power()

    def spread(self, w: Tensor) -> Tensor:
        """Repeat w [N, w_dim] for every layer: [N, layers, w_dim]."""
        return w[:, None].expand(-1, self.config.layers, -1)

    def forward(self, z: Tensor, kinds: Tensor | None = None) -> Tensor:
        """Turn z [N, z_dim], of kinds [N, kinds], into standardised latents."""
        return self.synthesise(self.spread(self.mapping(z, kinds)))
