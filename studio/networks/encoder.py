"""Residual encoder of latents into the generator's noise space, as a distribution."""

from __future__ import annotations

import itertools

from torch import Tensor, nn

from studio.networks.blocks import he_conv, he_linear, leaky
from studio.networks.discriminator import DiscriminatorConfig, Halving


class Encoder(nn.Module):
    """Latents [N,C,h,w] to mean and log-variance of z, each [N,z_dim].

    Shaped as the discriminator of the same latents is, without what compares the
    samples of a batch: a picture's z must not hang on its neighbours. What the last
    layer hears is multiplied by ``loud`` [N,W], if given: dropout.
    """

    def __init__(self, config: DiscriminatorConfig, z_dim: int) -> None:
        super().__init__()
        self.config = config
        widths = config.widths
        self.stem = he_conv(config.latent_channels, widths[0], 1)
        self.halvings = nn.Sequential(
            *(Halving(a, b) for a, b in itertools.pairwise(widths))
        )
        cells = config.base[0] * config.base[1]
        self.hidden = he_linear(widths[-1] * cells, widths[-1])
        self.answer = he_linear(widths[-1], 2 * z_dim, gain=0.1)

    def forward(
        self, latents: Tensor, loud: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        x = self.halvings(leaky(self.stem(latents)))
        x = leaky(self.hidden(x.flatten(1)))
        answer = self.answer(x if loud is None else x * loud)
        mean, log_variance = answer.chunk(2, dim=1)
        return mean, log_variance.clamp(-12, 4)
