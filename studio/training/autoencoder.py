"""First phase: the autoencoder learns to rebuild random crops."""

from __future__ import annotations

import math
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.evaluation.features import FeatureMaps
from studio.evaluation.metrics import perceptual
from studio.model import to_pixels
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
)
from studio.training.settings import TrainSettings

WARM_UP = 100  # steps
# Nothing normalises the activations; without both of a long memory for squares in Adam
# (0.999) and this bound, single batches threw the weights far off.
LONGEST_GRADIENT = 1.0
PAINTING_RATE = 0.3  # of the decoder's, against a judge: it must not outrun it
JUDGE_WARM_UP = 0.05  # of the phase, in which the judge is heard more and more
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
        weight = settings.perceptual_weight
        self.eyes = place(FeatureMaps(), device) if weight else None
        self.optimiser = make_adam([(self.model.parameters(), rate)], (0.9, 0.999))
        self.judge_optimiser = make_adam(
            [(self.judge.parameters(), rate / 2)], (0.5, 0.9)
        )

    def step(self, progress: float) -> dict[str, float]:
        self._set_rates(progress)
        chance = Randomness(self.settings.seed, self.name, self.steps)
        real = self._batch(chance)
        zeal = self._zeal(progress)
        step = self._code(real, chance) if zeal < 0 else self._paint(real, zeal, chance)
        self.steps += 1
        self.images += self.settings.autoencoder_batch * distributed.world()
        return step

    def _zeal(self, progress: float) -> float:
        """Give how much the judge has to say, from 0 to 1; -1 before it joins."""
        since = progress - self.settings.patch_start
        return min(1.0, since / JUDGE_WARM_UP) if since >= 0 else -1.0

    def _code(self, real: Tensor, chance: Randomness) -> dict[str, float]:
        """Learn what to note of a picture: encoder and decoder together.

        Now and then from latents of half the size, which must give the picture of half
        the size: latents that can be shrunk vary smoothly, and a generator learns
        smooth ones sooner (Eq. 4, arXiv:2502.09509).
        """
        with precision(self.device):
            mean, log_variance = self.model.posterior(real)
            noise = chance.normal(*mean.shape).to(self.device)
            latents = mean + (0.5 * log_variance).exp() * noise
            if torch.rand((), generator=chance.torch) < self.settings.half_size_share:
                latents, real = F.avg_pool2d(latents, 2), F.avg_pool2d(real, 2)
            made = self.model.decoder(latents)
        rebuilt = reconstruction(made.float(), real)
        spread = divergence(mean.float(), log_variance.float())
        self._learn(rebuilt + self.settings.kl_weight * spread)
        follow(self.average, self.model, self._keep())
        return {"reconstruction": rebuilt.item(), "divergence": spread.item()}

    def _paint(self, real: Tensor, zeal: float, chance: Randomness) -> dict[str, float]:
        """Learn to paint from a code that stays as it is: the decoder against a judge.

        With the encoder in the game too, the code itself ran away under the judge.
        """
        with precision(self.device):
            with torch.no_grad():
                mean, log_variance = self.average.posterior(real)
            noise = chance.normal(*mean.shape).to(self.device)
            variance = log_variance.exp() + self._roughness(chance)
            made = self.model.decoder(mean + variance.sqrt() * noise)
        made = made.float()
        losses = self._teach_judge(real, made.detach(), chance)
        rebuilt = reconstruction(made, real)
        losses["reconstruction"] = rebuilt.item()
        if self.eyes is not None:
            seen = self._seen(made, real)
            losses["perceptual"] = seen.item()
            rebuilt = rebuilt + self.settings.perceptual_weight * seen
        # A judge at chance has nothing to say: heard all the same, balanced like any
        # other, it led the decoder about at random.
        zeal *= max(0.0, 1 - losses["judge"] / math.log(2))
        pull, weight = self._pull(rebuilt, made, zeal)
        self._learn((made * pull).sum())
        follow(self.average.decoder, self.model.decoder, self._keep())
        return {**losses, "judge_weight": weight}

    def _seen(self, made: Tensor, real: Tensor) -> Tensor:
        """Give how differently a pretrained network sees fine and middling forms."""
        assert self.eyes is not None
        with precision(self.device):
            with torch.no_grad():
                theirs = self.eyes(real)[:3]
            return perceptual(self.eyes(made)[:3], theirs).float()

    def _roughness(self, chance: Randomness) -> Tensor:
        """Give the variance of the noise added to each sample's latents, [N,1,1,1].

        A generator's latents are never quite those of a picture; a decoder that met
        noisy ones turns them into paint instead of a grid (noise-augmented decoding,
        arXiv:2510.11690).
        """
        share = torch.rand(self.settings.autoencoder_batch, generator=chance.torch)
        most = self.settings.latent_noise * share
        return most.square().view(-1, 1, 1, 1).to(self.device)

    def _set_rates(self, progress: float) -> None:
        """Set them before any step: nothing may hang on the step before this one."""
        warm = min(1.0, (self.steps + 1) / WARM_UP)
        factor = self.caution * warm * falling_rate(progress, 0.3)
        painting = self._zeal(progress) >= 0
        set_rate(self.optimiser, PAINTING_RATE * factor if painting else factor)
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

    def _pull(self, rebuilt: Tensor, made: Tensor, zeal: float) -> tuple[Tensor, float]:
        """Give the gradient at the made pixels and the judge's weight in it.

        The two are balanced where they meet the weights, at the last layer (Eq. 7,
        arXiv:2012.09841): what L1 asks of pixels cancels out over a picture, what the
        judge asks adds up, and balanced at the pixels it threw the weights away. Nor
        may it ask more of any one pixel than L1 does: it spent all it had on a few.
        """
        faithful = torch.autograd.grad(rebuilt, made, retain_graph=True)[0]
        self.judge.requires_grad_(False)
        with precision(self.device):
            approval = self.judge(made).float().mean()
        self.judge.requires_grad_(True)
        lively = torch.autograd.grad(-approval, made)[0]
        last = self.model.decoder.last.weight
        ours, theirs = (
            torch.autograd.grad(made, last, part, retain_graph=True)[0].norm()
            for part in (faithful, lively)
        )
        weight = zeal * self.settings.patch_weight * ours / (theirs + 1e-12)
        bound = size(faithful).item()
        return faithful + (weight * lively).clamp(-bound, bound), weight.item()

    def _learn(self, loss: Tensor) -> None:
        apply_gradients(self.optimiser, loss, LONGEST_GRADIENT)

    def _keep(self) -> float:
        """Give what the average of weights keeps this step."""
        return min(0.998, (self.steps + 1) / (self.steps + 11))


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
