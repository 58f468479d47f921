"""KL-regularised autoencoder between pixels and latents (arXiv:1312.6114).

Fully convolutional, so that it trains on small crops and runs on whole pictures of
any size whose sides are multiples of its factor.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.networks.blocks import ResidualBlock, he_conv, leaky


@dataclass(frozen=True)
class AutoencoderConfig:
    """Shape of an autoencoder; one entry of each tuple for each halving."""

    latent_channels: int = 16
    widths: tuple[int, ...] = (32, 64, 128, 128)  # encoder, from 1/2 to 1/factor
    blocks: tuple[int, ...] = (1, 1, 2, 1)  # residual blocks of each
    decoder_widths: tuple[int, ...] = (160, 96, 48, 32)  # from 1/factor to 1/2
    decoder_blocks: tuple[int, ...] = (2, 2, 1, 0)
    head_width: int = 8  # decoder channels at full resolution

    @property
    def factor(self) -> int:
        """Pixels per latent cell, along each side."""
        return 2 ** len(self.widths)


class Encoder(nn.Module):
    """Pixels [N,3,H,W] in [-1,1] to mean and log-variance [N,2C,H/f,W/f]."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        widths = config.widths
        layers: list[nn.Module] = [nn.PixelUnshuffle(2), he_conv(12, widths[0])]
        for i, width in enumerate(widths):
            if i:
                layers.append(nn.Conv2d(widths[i - 1], width, 4, stride=2, padding=1))
            layers += [ResidualBlock(width) for _ in range(config.blocks[i])]
        layers += [
            nn.LeakyReLU(0.2),
            he_conv(widths[-1], 2 * config.latent_channels, 1),
        ]
        self.layers = nn.Sequential(*layers)

    def forward(self, pixels: Tensor) -> Tensor:
        return self.layers(pixels)


class Enlarge(nn.Module):
    """Doubles height and width smoothly."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class Decoder(nn.Module):
    """Latents [N,C,H/f,W/f] to pixels [N,3,H,W], about [-1,1], not clamped."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        widths = config.decoder_widths
        layers: list[nn.Module] = [he_conv(config.latent_channels, widths[0])]
        for i, width in enumerate(widths):
            if i:
                # 1x1 before enlarging costs a 36th of 3x3 after it; smoothly, because
                # the repeated cells of the skip path would stay visible as a grid.
                layers += [he_conv(widths[i - 1], width, 1, gain=1.0), Enlarge()]
            layers += [ResidualBlock(width) for _ in range(config.decoder_blocks[i])]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.LeakyReLU(0.2, inplace=True),
            he_conv(widths[-1], 4 * config.head_width),
            nn.PixelShuffle(2),
            nn.LeakyReLU(0.2, inplace=True),
            # A 3x3 after the shuffle: the four phases of a bare pixel shuffle never
            # meet again, which leaves a faint grid.
            he_conv(config.head_width, 3, gain=1.0),
        )
        self._start_without_grid(config.head_width)

    @property
    def last(self) -> nn.Conv2d:
        """The layer that makes the pixels."""
        layer = self.head[-1]
        assert isinstance(layer, nn.Conv2d)
        return layer

    def _start_without_grid(self, width: int) -> None:
        """Give the four phases of the shuffle the same weights (arXiv:1707.02937)."""
        conv = self.head[1]
        assert isinstance(conv, nn.Conv2d)
        with torch.no_grad():
            conv.weight.copy_(conv.weight[:width].repeat_interleave(4, dim=0))

    def forward(self, latents: Tensor) -> Tensor:
        return self.head(self.layers(latents))


class Autoencoder(nn.Module):
    """Encoder, decoder, and the scale that makes latents unit-variance."""

    latent_mean: Tensor
    latent_std: Tensor

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        shape = (1, config.latent_channels, 1, 1)
        self.register_buffer("latent_mean", torch.zeros(shape))
        self.register_buffer("latent_std", torch.ones(shape))

    def posterior(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Give mean and log-variance of the raw latents of pixels [N,3,H,W]."""
        mean, log_variance = self.encoder(pixels).chunk(2, dim=1)
        return mean, log_variance.clamp(-20, 8)

    def encode(self, pixels: Tensor) -> Tensor:
        """Map pixels [N,3,H,W] in [-1,1] to standardised latents [N,C,H/f,W/f]."""
        mean, _ = self.posterior(pixels)
        return (mean - self.latent_mean) / self.latent_std

    def decode(self, latents: Tensor) -> Tensor:
        """Map standardised latents [N,C,h,w] to pixels [N,3,h*f,w*f], unclamped."""
        return self.decoder(latents * self.latent_std + self.latent_mean)


class PatchDiscriminator(nn.Module):
    """Judges patches of pixels (arXiv:1611.07004): [N,3,H,W] to [N,1,H/8,W/8]."""

    def __init__(self, widths: tuple[int, ...] = (32, 64, 96)) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.PixelUnshuffle(2), he_conv(12, widths[0])]
        for before, width in itertools.pairwise(widths):
            layers += [
                nn.LeakyReLU(0.2),
                nn.Conv2d(before, width, 4, stride=2, padding=1),
            ]
        self.layers = nn.Sequential(*layers)
        self.judge = he_conv(widths[-1], 1, gain=1.0)

    def forward(self, pixels: Tensor) -> Tensor:
        return self.judge(leaky(self.layers(pixels)))
