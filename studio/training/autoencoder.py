"""First phase: the autoencoder learns to rebuild random crops."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import torch
from torch import Tensor

from studio.networks.autoencoder import (
    Autoencoder,
    AutoencoderConfig,
    PatchDiscriminator,
)
from studio.networks.blocks import freeze, place
from studio.training import distributed
from studio.training.dataset import Pictures
from studio.training.losses import (
    difference_penalty,
    divergence,
    reconstruction,
    relativistic,
)
from studio.training.phase import (
    Phase,
    Randomness,
    apply_gradients,
    falling_rate,
    follow,
    make_adam,
    precision,
    set_rate,
    to_pixels,
)
from studio.training.settings import TrainSettings

WARM_UP = 100  # steps
# Nothing normalises the activations; without both of a long memory for squares in Adam
# (0.999) and this bound, single batches threw the weights far off.
LONGEST_GRADIENT = 1.0
PIXEL_SIGMA = 0.05  # step of the judge's penalty, pixels in [-1,1]
PATCH_PENALTY = 0.005  # weight of the judge's penalty


def make_autoencoder(settings: TrainSettings) -> Autoencoder:
    """Make the autoencoder that a run's settings ask for, freshly initialised."""
    config = AutoencoderConfig(
        settings.latent_channels,
        settings.encoder_widths,
        settings.encoder_blocks,
        settings.decoder_widths,
        settings.decoder_blocks,
    )
    torch.manual_seed(settings.seed)
    return Autoencoder(config)


class AutoencoderPhase(Phase):
    """Multi-scale L1 and a little KL; later a patch discriminator for texture."""

    name = "autoencoder"

    def __init__(
        self,
        settings: TrainSettings,
        pictures: Pictures,
        autoencoder: Autoencoder,
        device: torch.device,
    ) -> None:
        super().__init__()
        self.settings, self.pictures, self.device = settings, pictures, device
        self.model = place(autoencoder, device)
        self.average = freeze(deepcopy(self.model))
        self.judge = place(PatchDiscriminator(), device)
        rate = settings.autoencoder_rate
        self.optimiser = make_adam([(self.model.parameters(), rate)], (0.9, 0.999))
        self.judge_optimiser = make_adam(
            [(self.judge.parameters(), rate / 2)], (0.5, 0.9)
        )

    def step(self, progress: float) -> dict[str, float]:
        self._set_rates(progress)
        chance = Randomness(self.settings.seed, self.name, self.steps)
        real = self._batch(chance)
        with precision(self.device):
            mean, log_variance = self.model.posterior(real)
            noise = chance.normal(*mean.shape).to(self.device)
            variance = log_variance.exp() + self._roughness(chance, progress)
            made = self.model.decoder(mean + variance.sqrt() * noise)
        made = made.float()
        rebuilt = reconstruction(made, real)
        spread = divergence(mean.float(), log_variance.float())
        losses = {"reconstruction": rebuilt.item(), "divergence": spread.item()}
        loss = self.settings.kl_weight * spread
        if progress < self.settings.patch_start:
            loss = loss + rebuilt
        else:
            losses |= self._teach_judge(real, made.detach(), chance)
            loss = loss + (made * self._pull(rebuilt, made)).sum()
        self._learn(loss)
        return losses

    def _roughness(self, chance: Randomness, progress: float) -> Tensor:
        """Give the variance of the noise added to each sample's latents, [N,1,1,1].

        A generator's latents are never quite those of a picture; a decoder that met
        noisy ones turns them into paint instead of a grid (noise-augmented decoding,
        arXiv:2510.11690).
        """
        most = self.settings.latent_noise * (progress >= self.settings.patch_start)
        share = torch.rand(self.settings.autoencoder_batch, generator=chance.torch)
        return (most * share).square().view(-1, 1, 1, 1).to(self.device)

    def _set_rates(self, progress: float) -> None:
        """Set them before any step: nothing may hang on the step before this one."""
        warm = min(1.0, (self.steps + 1) / WARM_UP)
        factor = self.caution * warm * falling_rate(progress, 0.3)
        set_rate(self.optimiser, factor)
        set_rate(self.judge_optimiser, factor)

    def _batch(self, chance: Randomness) -> Tensor:
        batch = self.settings.autoencoder_batch
        side = min(self.settings.crop, *self.settings.resolution)
        chosen = chance.numpy.choice(self.pictures.train, batch)
        crops = [self.pictures.crop(i, side, chance.numpy) for i in chosen]
        return to_pixels(crops, self.device)

    def _teach_judge(
        self, real: Tensor, made: Tensor, chance: Randomness
    ) -> dict[str, float]:
        """Teach the judge to tell each patch of a picture from its reconstruction."""
        both = torch.cat([real, made])
        with precision(self.device):
            real_logits, made_logits = self.judge(both).float().chunk(2)
        loss = relativistic(real_logits, made_logits)
        losses = {"judge": loss.item()}
        if self.steps % self.settings.penalty_every == 0:
            noise = chance.normal(*both.shape).to(self.device)
            penalty = difference_penalty(self.judge, both, noise, PIXEL_SIGMA)
            loss = loss + PATCH_PENALTY * self.settings.penalty_every * penalty
        apply_gradients(self.judge_optimiser, loss)
        return losses

    def _pull(self, rebuilt: Tensor, made: Tensor) -> Tensor:
        """Give the gradient at the made pixels: reconstruction's and the judge's.

        The judge's has a fixed share of the other's size (arXiv:2012.09841, Eq. 7,
        taken at the pixels), and no pixel more than that: it can never outvote the
        picture itself. A fixed weight did, and so did a fixed norm, spent on the few
        pixels that the judge looked at; the autoencoder fell to noise both times.
        """
        faithful = torch.autograd.grad(rebuilt, made, retain_graph=True)[0]
        self.judge.requires_grad_(False)
        with precision(self.device):
            approval = self.judge(made).float().mean()
        self.judge.requires_grad_(True)
        lively = torch.autograd.grad(-approval, made)[0]
        share = self.settings.patch_weight * size(faithful)
        return faithful + share * (lively / (size(lively) + 1e-12)).clamp(-1, 1)

    def _learn(self, loss: Tensor) -> None:
        apply_gradients(self.optimiser, loss, LONGEST_GRADIENT)
        self.steps += 1
        self.images += self.settings.autoencoder_batch * distributed.world()
        keep = min(0.998, self.steps / (self.steps + 10))
        follow(self.average, self.model, keep)


def size(x: Tensor) -> Tensor:
    """Give the root of the mean square of all numbers."""
    return x.square().mean().sqrt()


@torch.no_grad()
def standardise(
    autoencoder: Autoencoder, pictures: Pictures, device: torch.device
) -> None:
    """Set the scale that gives the latents of these pictures unit variance."""
    autoencoder.latent_mean.zero_()
    autoencoder.latent_std.fill_(1)
    latents = encode_all(autoencoder, _some(pictures), device)
    autoencoder.latent_mean.copy_(latents.mean(dim=(0, 2, 3), keepdim=True))
    autoencoder.latent_std.copy_(latents.std(dim=(0, 2, 3), keepdim=True) + 1e-4)


def _some(pictures: Pictures, most: int = 1000) -> list[np.ndarray]:
    chosen = pictures.train[:: max(1, len(pictures.train) // most)]
    return [pictures.whole(i) for i in chosen]


@torch.no_grad()
def encode_all(
    autoencoder: Autoencoder, images: list[np.ndarray], device: torch.device
) -> Tensor:
    """Encode uint8 pictures [H,W,3] to standardised latents [N,C,h,w], on the CPU."""
    parts = [images[i : i + 32] for i in range(0, len(images), 32)]
    return torch.cat([autoencoder.encode(to_pixels(p, device)).cpu() for p in parts])
