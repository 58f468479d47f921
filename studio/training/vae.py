"""The other second phase: a variational autoencoder with the generator as decoder."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn

from studio.networks.blocks import freeze, place
from studio.networks.encoder import Encoder
from studio.networks.generator import Generator
from studio.training import distributed
from studio.training.generator import MEAN_KEEP, draw_real, make_networks
from studio.training.kinds import Kinds
from studio.training.layout import count_borrowed
from studio.training.losses import divergence, optimal_likelihood
from studio.training.perception import Perception
from studio.training.phase import (
    Phase,
    Randomness,
    apply_gradients,
    falling_rate,
    follow,
    half_life_keep,
    make_adam,
    precision,
    set_rate,
)
from studio.training.settings import TrainSettings
from studio.training.state import Parts

LONGEST_GRADIENT = 1.0


def make_vae(settings: TrainSettings) -> tuple[Generator, Encoder]:
    """Make generator and encoder, freshly initialised from the seed."""
    generator, judge = make_networks(settings)
    return generator, Encoder(judge.config, settings.z_dim)


class VaePhase(Phase):
    """Latents to z and back, with a prior on z (arXiv:1312.6114).

    The encoder's answer is a distribution of z; the generator's own mapping and
    synthesis rebuild the latents from a draw. So a seed means the same to both
    families, and the trained encoder finds the z of a picture at once.
    """

    name = "generator"
    saved = ("model", "average", "encoder", "encoder_average", "optimiser")
    kinds: Kinds | None = None  # it learns none

    def __init__(
        self,
        settings: TrainSettings,
        latents: Tensor,
        networks: tuple[Generator, Encoder],
        device: torch.device,
        perception: Perception | None = None,
    ) -> None:
        """Take what learns; with `perception`, how the latents look counts too."""
        super().__init__()
        self.perception = perception
        self.settings, self.latents, self.device = settings, latents, device
        self.model = place(networks[0], device)
        self.encoder = place(networks[1], device)
        self.average = freeze(deepcopy(self.model))
        self.encoder_average = freeze(deepcopy(self.encoder))
        parameters = [*self.model.parameters(), *self.encoder.parameters()]
        groups = [(parameters, settings.rate)]
        self.optimiser = make_adam(groups, (0.9, 0.999), settings.weight_decay)

    def step(self, progress: float) -> dict[str, float]:
        factor = self.caution * falling_rate(progress, self.settings.rate_decay)
        set_rate(self.optimiser, factor)
        chance = Randomness(self.settings.seed, self.name, self.steps)
        real = draw_real(self.latents, self.settings.batch, chance, self.device)
        with precision(self.device):
            heard = len(real), self.encoder.config.widths[-1]
            loud = chance.loud(self.settings.dropout, *heard)
            loud = None if loud is None else loud.to(self.device)
            mean, log_variance = self.encoder(real, loud)
            noise = chance.normal(*mean.shape).to(self.device)
            w = self.model.mapping(mean + (0.5 * log_variance).exp() * noise)
            self.model.w_mean.lerp_(w.detach().float().mean(dim=0), 1 - MEAN_KEEP)
            made = self.model.synthesise(self.model.spread(w)).float()
        rebuilt = optimal_likelihood(made, real)
        spread = mean.shape[1] * divergence(mean.float(), log_variance.float())
        error = (made.detach() - real).square().mean().sqrt().item()
        losses, loss = {"error": error, "divergence": spread.item()}, rebuilt + spread
        if self.perception is not None and progress >= self.settings.seen_from:
            set_rate(self.perception.optimiser, factor)
            looks, figures = self._ask(self.perception, real, made, rebuilt, chance)
            losses, loss = losses | figures, loss + looks
        apply_gradients(self.optimiser, loss, LONGEST_GRADIENT)
        self._average()
        return losses

    def _ask(
        self,
        perception: Perception,
        real: Tensor,
        made: Tensor,
        rebuilt: Tensor,
        chance: Randomness,
    ) -> tuple[Tensor, dict[str, float]]:
        """Ask the judges of what is seen about what was rebuilt, and about dreams.

        As in a VAE/GAN (Algorithm 1, arXiv:1512.09300), but with a pull that is held
        to a share of the likelihood's (after Eq. 7, arXiv:2012.09841): nats and
        verdicts have no common unit. What is rebuilt is compared with its picture,
        too.
        """
        count = len(real) - count_borrowed(len(real))
        z = chance.normal(count, self.settings.z_dim).to(self.device)
        with precision(self.device):
            w = self.model.spread(self.model.mapping(z))
            dreams = self.model.synthesise(w).float()
        shown = torch.cat([made[: len(real) - count], dreams])  # [batch,C,h,w]
        asked = shown.detach().requires_grad_()
        looks, figures = perception.judge(real, asked, chance, self.steps)
        (pull,) = torch.autograd.grad(looks, asked)
        (hold,) = torch.autograd.grad(rebuilt, made, retain_graph=True)
        share = self.settings.feature_weight * hold.norm() / pull.norm().clamp_min(1e-9)
        return share * (shown * pull).sum(), figures

    def _average(self) -> None:
        self.steps += 1
        batch = self.settings.batch * distributed.world()
        self.images += batch
        keep = half_life_keep(self.settings.ema_kimg, self.images, batch)
        follow(self.average, self.model, keep)
        follow(self.encoder_average, self.encoder, keep)

    def parts(self) -> Parts:
        """Name everything that must be saved to go on."""
        eyes = {} if self.perception is None else self.perception.parts()
        return super().parts() | eyes

    def networks(self) -> dict[str, nn.Module]:
        eyes = {} if self.perception is None else {"perception": self.perception.judges}
        return {"generator": self.average, "encoder": self.encoder_average, **eyes}

    @torch.no_grad()
    def likes(self, latents: Tensor) -> float:
        """Give how well latents [N,C,h,w] are rebuilt, as minus the mean error."""
        mean, _ = self.encoder_average(latents)
        w = self.average.mapping(mean)
        made = self.average.synthesise(self.average.spread(w))
        return -(made - latents).square().mean().sqrt().item()
