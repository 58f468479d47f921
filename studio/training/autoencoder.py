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
from studio.training.losses import divergence, hinge, reconstruction
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
from studio.training.state import Parts

WARM_UP = 100  # steps


def make_autoencoder(settings: TrainSettings) -> Autoencoder:
    """Make the autoencoder that a run's settings ask for, freshly initialised."""
    config = AutoencoderConfig(
        settings.latent_channels, settings.encoder_widths, settings.decoder_widths
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
        self.optimiser = make_adam([(self.model.parameters(), rate)], (0.9, 0.99))
        self.judge_optimiser = make_adam(
            [(self.judge.parameters(), rate / 2)], (0.5, 0.9)
        )

    def parts(self) -> Parts:
        return {
            "model": self.model,
            "average": self.average,
            "judge": self.judge,
            "optimiser": self.optimiser,
            "judge_optimiser": self.judge_optimiser,
        }

    def step(self, progress: float) -> dict[str, float]:
        chance = Randomness(self.settings.seed, self.name, self.steps)
        real = self._batch(chance)
        with precision(self.device):
            mean, log_variance = self.model.posterior(real)
            noise = chance.normal(*mean.shape).to(self.device)
            made = self.model.decoder(mean + (0.5 * log_variance).exp() * noise)
        made = made.float()
        rebuilt = reconstruction(made, real)
        spread = divergence(mean.float(), log_variance.float())
        loss = rebuilt + self.settings.kl_weight * spread
        losses = {"reconstruction": rebuilt.item(), "divergence": spread.item()}
        if progress >= self.settings.patch_start:
            losses["patch"] = self._judge(real, made.detach())
            loss = loss - self.settings.patch_weight * self._approval(made)
        self._learn(loss, progress)
        return losses

    def _batch(self, chance: Randomness) -> Tensor:
        batch = self.settings.autoencoder_batch
        side = min(self.settings.crop, *self.settings.resolution)
        chosen = chance.numpy.choice(self.pictures.train, batch)
        crops = [self.pictures.crop(i, side, chance.numpy) for i in chosen]
        return to_pixels(crops, self.device)

    def _judge(self, real: Tensor, made: Tensor) -> float:
        with precision(self.device):
            real_logits, made_logits = self.judge(torch.cat([real, made])).chunk(2)
        loss = hinge(real_logits.float(), made_logits.float())
        apply_gradients(self.judge_optimiser, loss)
        return loss.item()

    def _approval(self, made: Tensor) -> Tensor:
        """Give the judge's mean logit; its weights learn nothing from this pass."""
        self.judge.requires_grad_(False)
        with precision(self.device):
            approval = self.judge(made).mean()
        self.judge.requires_grad_(True)
        return approval.float()

    def _learn(self, loss: Tensor, progress: float) -> None:
        factor = min(1.0, (self.steps + 1) / WARM_UP) * falling_rate(progress, 0.3)
        set_rate(self.optimiser, factor)
        set_rate(self.judge_optimiser, factor)
        apply_gradients(self.optimiser, loss)
        self.steps += 1
        self.images += self.settings.autoencoder_batch * distributed.world()
        keep = min(0.998, self.steps / (self.steps + 10))
        follow(self.average, self.model, keep)


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
