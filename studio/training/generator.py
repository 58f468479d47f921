"""Second phase: the generator learns, against a discriminator, to make latents."""

from __future__ import annotations

from copy import deepcopy
from functools import partial

import torch
from torch import Tensor, nn

from studio.networks.blocks import freeze, place
from studio.networks.discriminator import Discriminator, DiscriminatorConfig
from studio.networks.generator import Generator, GeneratorConfig
from studio.training import distributed
from studio.training.augment import augment
from studio.training.kinds import Kinds
from studio.training.layout import Layouts
from studio.training.losses import difference_penalty, relativistic
from studio.training.perception import Perception
from studio.training.phase import (
    BETAS,
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

MEAN_KEEP = 0.995  # of the running mean of w, per step


def make_networks(
    settings: TrainSettings, kinds: int = 0
) -> tuple[Generator, Discriminator]:
    """Make generator and discriminator, freshly initialised from the seed."""
    torch.manual_seed(settings.seed + 1)
    shape = GeneratorConfig(
        latent_channels=settings.latent_channels,
        latent_size=settings.latent_size,
        z_dim=settings.z_dim,
        w_dim=settings.w_dim,
        widths=settings.generator_widths,
        kinds=kinds,
        plan=settings.plan,
        layout=settings.layout_numbers,
    )
    wide = settings.discriminator_widths
    widths = (wide[0],) * (shape.levels - len(wide)) + wide[-shape.levels :]
    judge = DiscriminatorConfig(settings.latent_channels, shape.base, widths, kinds)
    return Generator(shape), Discriminator(judge)


def draw_real(
    latents: Tensor, batch: int, chance: Randomness, device: torch.device
) -> Tensor:
    """Draw a batch of a run's latents, fp32 [batch,C,h,w]."""
    chosen = torch.randint(len(latents), (batch,), generator=chance.torch)
    return _take(latents, chosen, device)


def _take(latents: Tensor, chosen: Tensor, device: torch.device) -> Tensor:
    real = latents[chosen].to(device, torch.float32)
    return real.contiguous(memory_format=torch.channels_last)


class GeneratorPhase(Phase):
    """Relativistic pairing, lazy R1 + R2, augmentation, weight average.

    One generator pass serves both players: the discriminator learns from the fakes
    detached, then judges the same fakes again for the generator, against the logits
    that it has just given the real ones.
    """

    name = "generator"

    def __init__(
        self,
        settings: TrainSettings,
        latents: Tensor,
        networks: tuple[Generator, Discriminator],
        device: torch.device,
        perception: Perception | None = None,
        kinds: Kinds | None = None,
    ) -> None:
        """Take what learns; with `perception`, how the latents look counts too.

        `kinds` are those of the latents, where the networks are told them.
        """
        super().__init__()
        self.kinds = kinds
        self.settings, self.latents, self.device = settings, latents, device
        self.perception = perception
        self.model = place(networks[0], device)
        self.judge = place(networks[1], device)
        self.layouts = Layouts(self.model, latents, kinds)
        self.average = freeze(deepcopy(self.model))
        self.painter = perception.painter if perception is not None else None
        self.learns = settings.generator_rate > 0
        self.model.requires_grad_(self.learns)
        self.optimiser = make_adam(self._groups(), BETAS)
        judge = [(self.judge.parameters(), settings.rate * settings.judge_rate)]
        self.judge_optimiser = make_adam(judge, BETAS, settings.weight_decay)

    def _groups(self) -> list[tuple[list[nn.Parameter], float]]:
        """List what learns, and how fast."""
        settings, groups = self.settings, []
        if self.learns:
            mapping = list(self.model.mapping.parameters())
            taken = set(mapping)
            rest = [p for p in self.model.parameters() if p not in taken]
            rate = settings.rate * settings.generator_rate
            groups += [(rest, rate), (mapping, rate * settings.mapping_rate)]
        if self.painter is not None:
            decoder = list(self.painter.model.decoder.parameters())
            groups.append((decoder, settings.rate * settings.decoder_rate))
        return groups

    def step(self, progress: float) -> dict[str, float]:
        factor = self.caution * falling_rate(progress, self.settings.rate_decay)
        set_rate(self.optimiser, factor)
        set_rate(self.judge_optimiser, factor)
        chance = Randomness(self.settings.seed, self.name, self.steps)
        real, kinds = self._draw(chance)
        fake, strayed = self._fake(real, kinds, chance)
        losses: dict[str, float] = {}
        parts: list[Tensor] = []
        if strayed is not None and self.learns:
            parts.append(self.settings.layout_weight * strayed)
            losses["layout"] = strayed.item()
        # against a generator that stays as it is a judge would soon know everything
        if self.settings.latent_weight and self.learns:
            figures, real_logits = self._teach_judge(real, fake.detach(), kinds, chance)
            losses |= figures
            fooled = self._ask_judge(real_logits, fake, kinds, chance)
            parts.append(self.settings.latent_weight * fooled)
        if self.perception is not None and progress >= self.settings.seen_from:
            set_rate(self.perception.optimiser, factor)
            looks, figures = self.perception.judge(real, fake, chance, self.steps)
            parts.append(self.settings.feature_weight * looks)
            losses |= figures
        loss = torch.stack(parts).sum()
        apply_gradients(self.optimiser, loss)
        losses["generator"] = loss.item()
        self._average()
        return losses

    def _draw(self, chance: Randomness) -> tuple[Tensor, Tensor | None]:
        """Draw real latents, and of what kinds they are: rare kinds more often."""
        batch, device = self.settings.batch, self.device
        if self.kinds is None:
            return draw_real(self.latents, batch, chance, device), None
        chances = self.kinds.chances
        chosen = torch.multinomial(chances, batch, True, generator=chance.torch)
        real = _take(self.latents, chosen, device)
        return real, self.kinds.mark(chosen).to(device)

    def _fake(
        self, real: Tensor, kinds: Tensor | None, chance: Randomness
    ) -> tuple[Tensor, Tensor | None]:
        """Make latents, some of them from two w that change over at a layer.

        They are of the same kinds as the real ones that they are compared with. Also
        gives how far they are from the layouts that their z name.
        """
        settings, layers = self.settings, self.model.config.layers
        n = settings.batch
        z = chance.normal(2 * n, settings.z_dim).to(self.device)
        if self.layouts:
            z = torch.cat([self.layouts.borrow(z[:n], real, kinds), z[n:]])
        mixed = torch.rand(n, 1, generator=chance.torch) < settings.style_mixing
        change = torch.randint(1, layers, (n, 1), generator=chance.torch)
        other = (mixed & (torch.arange(layers) >= change)).to(self.device)  # [N,layers]
        with precision(self.device):
            both = None if kinds is None else kinds.repeat(2, 1)
            w = self.model.mapping(z, both)  # [2N, w_dim]
            mean = w.detach().float().mean(dim=0)
            self.model.w_mean.lerp_(mean, 1 - MEAN_KEEP)
            first, second = self.model.spread(w).chunk(2)
            w = torch.where(other[..., None], second, first)
            fake = self.model.synthesise(w).float()
        return fake, self.layouts.stray(fake, z[:n], kinds) if self.layouts else None

    def _verdict(
        self, latents: Tensor, kinds: Tensor | None, loud: Tensor | None
    ) -> Tensor:
        """Ask the judge about latents, as many times the others as there are."""
        told = [
            None if one is None else one.repeat(len(latents) // len(one), 1)
            for one in (kinds, loud)
        ]
        return self.judge(latents, *told)

    def _loud(self, count: int, chance: Randomness) -> Tensor | None:
        """Draw what of the judge's last layer is heard, [count, W], where it drops."""
        width = self.judge.config.widths[-1]
        loud = chance.loud(self.settings.dropout, count, width)
        return None if loud is None else loud.to(self.device)

    def _teach_judge(
        self, real: Tensor, fake: Tensor, kinds: Tensor | None, chance: Randomness
    ) -> tuple[dict[str, float], Tensor]:
        settings = self.settings
        real, fake = augment(real, chance.torch), augment(fake, chance.torch)
        loud = self._loud(2 * len(real), chance)
        with precision(self.device):
            logits = self._verdict(torch.cat([real, fake]), kinds, loud)
            real_logits, fake_logits = logits.chunk(2)
        loss = relativistic(real_logits.float(), fake_logits.float())
        losses = {"judge": loss.item()}
        losses["gap"] = (real_logits.mean() - fake_logits.mean()).item()
        if self.steps % settings.penalty_every == 0:
            both = torch.cat([real, fake])
            noise = chance.normal(*both.shape).to(self.device)
            judge = partial(self._verdict, kinds=kinds, loud=loud)
            penalty = difference_penalty(judge, both, noise, settings.penalty_sigma)
            # the mean over reals and fakes is half of R1 + R2
            weight = 2 * settings.penalty_weight * settings.penalty_every
            loss = loss + weight * penalty
            losses["penalty"] = penalty.item()
        apply_gradients(self.judge_optimiser, loss)
        return losses, real_logits.detach().float()

    def _ask_judge(
        self,
        real_logits: Tensor,
        fake: Tensor,
        kinds: Tensor | None,
        chance: Randomness,
    ) -> Tensor:
        self.judge.requires_grad_(False)
        loud = self._loud(len(fake), chance)
        with precision(self.device):
            fake_logits = self._verdict(augment(fake, chance.torch), kinds, loud)
        self.judge.requires_grad_(True)
        return relativistic(fake_logits.float(), real_logits.float())

    def _average(self) -> None:
        self.steps += 1
        batch = self.settings.batch * distributed.world()
        self.images += batch
        keep = half_life_keep(self.settings.ema_kimg, self.images, batch)
        follow(self.average, self.model, keep)
        if self.painter is not None:
            follow(self.painter.average, self.painter.model, keep)

    def parts(self) -> Parts:
        """Name everything that must be saved to go on."""
        parts = super().parts()
        if self.perception is not None:
            parts |= self.perception.parts()
        if self.painter is not None:
            parts |= {
                "painter": self.painter.model.decoder,
                "painter_average": self.painter.average.decoder,
            }
        return parts

    def networks(self) -> dict[str, nn.Module]:
        """Name what a checkpoint keeps of this phase."""
        found: dict[str, nn.Module] = {"generator": self.average}
        if self.settings.latent_weight:
            found["discriminator"] = self.judge
        if self.perception is not None:
            found["perception"] = self.perception.judges
        return found

    @torch.no_grad()
    def likes(self, latents: Tensor) -> float:
        """Give the mean logit of latents [N,C,h,w]."""
        if not self.settings.latent_weight and self.perception is not None:
            return self.perception.likes(latents)
        return self.judge(latents).mean().item()
