"""What a generator's latents look like, judged through a pretrained network.

Latents alone tell a judge little of what a person sees. So they are painted by the
decoder, looked at by a network that has seen a million photographs, and judged by what
it notices (projected GANs, arXiv:2111.01007): from afar for the composition, and close
by, at full size, for the paint.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.evaluation.features import FeatureMaps
from studio.evaluation.metrics import perceptual
from studio.networks.autoencoder import Autoencoder
from studio.networks.blocks import place
from studio.networks.perception import FeatureJudge
from studio.training.augment import augment, recolour
from studio.training.diversity import LEVEL, MOST, Diversity, grey
from studio.training.layout import count_borrowed
from studio.training.losses import difference_penalty, grid, relativistic
from studio.training.painter import EVENNESS, FAITH, Painter
from studio.training.phase import BETAS, Randomness, apply_gradients, make_adam
from studio.training.places import PICTURES, Places
from studio.training.settings import TrainSettings
from studio.training.state import Parts

SIDE = 112  # pixels, about, that the network looks at
FORMS = slice(1, 3)  # of the network's maps, 1/8 and 1/16 of the size
SETTLING = 64  # real pictures that the scale of its features is measured on


class View:
    """One way to look at latents: the whole, shrunk, or a part of it at full size."""

    def __init__(self, settings: TrainSettings, is_near: bool) -> None:
        self.is_near = is_near
        self.shrink = max(1, round(min(settings.resolution) / SIDE))
        self.factor = settings.factor
        self.cells = min(SIDE // settings.factor, *settings.latent_size)

    def paint(
        self, latents: Tensor, autoencoder: Autoencoder, chance: torch.Generator
    ) -> Tensor:
        """Decode latents [N,C,h,w] to pixels, all of them or the same part of each."""
        if not self.is_near:
            return F.avg_pool2d(autoencoder.decode(latents), self.shrink)
        return autoencoder.decode(_part(latents, self.cells, chance))

    def take(self, pixels: Tensor, chance: torch.Generator) -> Tensor:
        """Look at pixels [N,3,H,W] in the same way as at latents."""
        if not self.is_near:
            return F.avg_pool2d(pixels, self.shrink)
        return _part(pixels, self.cells * self.factor, chance)


def _part(x: Tensor, side: int, chance: torch.Generator) -> Tensor:
    """Cut the same square out of each of x [N,C,H,W]."""
    top, left = (
        int(torch.randint(whole - side + 1, (), generator=chance))
        for whole in x.shape[2:]
    )
    return x[:, :, top : top + side, left : left + side]


class Perception:
    """A judge for each view, taught and asked in turns."""

    def __init__(
        self,
        settings: TrainSettings,
        autoencoder: Autoencoder,
        device: torch.device,
        painter: Painter | None = None,
    ) -> None:
        """Take the autoencoder that paints, or a painter that learns to."""
        self.settings, self.device, self.painter = settings, device, painter
        self.autoencoder = autoencoder if painter is None else painter.model
        self.network = place(FeatureMaps(), device)
        self.views = [View(settings, is_near=False)]
        if self.views[0].shrink > 1:  # small pictures look the same from near
            self.views.append(View(settings, is_near=True))
        torch.manual_seed(settings.seed + 2)
        self.turns = [(view, self._make_judge(view)) for view in self.views]
        self.judges = place(nn.ModuleList(judge for _, judge in self.turns), device)
        rate, decay = settings.rate * settings.feature_judge_rate, settings.weight_decay
        self.optimiser = make_adam([(self._learners(), rate)], BETAS, decay)
        self.diversity: Diversity | None = None
        if settings.diversity_weight:
            self.diversity = place(Diversity(self._channels(LEVEL)), device)
        self.places: Places | None = None
        if settings.place_weight:
            self.places = place(Places(), device)

    def _learners(self) -> list[nn.Parameter]:
        return [p for p in self.judges.parameters() if p.requires_grad]

    def _channels(self, level: int) -> int:
        mixing: nn.Module = self.turns[0][1].mixing.across[level]
        assert isinstance(mixing, nn.Conv2d)
        return mixing.in_channels

    @torch.no_grad()
    def _make_judge(self, view: View) -> FeatureJudge:
        settings = self.settings
        blank = torch.zeros(1, settings.latent_channels, *settings.latent_size)
        chance = torch.Generator()
        maps = self.network(view.paint(blank.to(self.device), self.autoencoder, chance))
        return FeatureJudge(
            tuple(x.shape[1] for x in maps), tuple(min(x.shape[2:]) for x in maps)
        )

    @torch.no_grad()
    def settle(self, latents: Tensor) -> None:
        """Measure the scale of the network's features on a run's latents."""
        chance = torch.Generator()
        chance.manual_seed(self.settings.seed)
        for view, judge in self.turns:
            chosen = latents[:: max(1, len(latents) // SETTLING)][:SETTLING]
            parts = [
                self.network(self._paint(part.float().to(self.device), view, chance))
                for part in chosen.split(16)
            ]
            judge.mixing.settle([torch.cat(maps) for maps in zip(*parts, strict=True)])
        one_each = latents[:: self.settings.variants]
        if self.diversity is not None:
            seen = self._look_at_forms(one_each, MOST)
            self.diversity.settle(seen[LEVEL - FORMS.start])
        if self.places is not None:
            self.places.settle(self._look_at_forms(one_each, PICTURES))

    def _look_at_forms(self, latents: Tensor, most: int) -> list[Tensor]:
        """Give the maps of forms, in grey, of latents [N,C,h,w] spread over all."""
        chosen = latents[:: max(1, len(latents) // most)][:most]
        painted = (
            self._paint(part.float().to(self.device), self.views[0], torch.Generator())
            for part in chosen.split(16)
        )
        seen = [self.network(grey(pixels))[FORMS] for pixels in painted]
        return [torch.cat(maps) for maps in zip(*seen, strict=True)]

    def judge(
        self, real: Tensor, fake: Tensor, chance: Randomness, step: int
    ) -> tuple[Tensor, dict[str, float]]:
        """Teach the judge of this step's view; give the generator's loss, and figures.

        The loss carries gradients to `fake` through network and decoder; both are
        latents [N,C,h,w].
        """
        view, judge = self.turns[step % len(self.turns)]
        with torch.no_grad():
            model = self._show(real, view, chance)
            seen_real = self._look(model, judge, chance.torch)
        painted, cells = self._show_made(fake, view, chance)
        seen_fake = self._look(painted, judge, chance.torch)
        real_logits = judge(seen_real)
        fake_logits = judge([x.detach() for x in seen_fake])
        loss = _mean_loss(real_logits, fake_logits)
        gap = sum(
            (r.mean() - f.mean()).item()
            for r, f in zip(real_logits, fake_logits, strict=True)
        ) / len(real_logits)
        label = "near" if view.is_near else "far"
        figures = {f"{label}_judge": loss.item(), f"{label}_gap": gap}
        if step // len(self.turns) % self.settings.penalty_every == 0:
            penalty = self._penalty(judge, seen_real, seen_fake, chance)
            weight = 2 * self.settings.feature_penalty * self.settings.penalty_every
            loss = loss + weight * penalty
            figures[f"{label}_penalty"] = penalty.item()
        apply_gradients(self.optimiser, loss)
        loss = self._ask(judge, seen_fake, [x.detach() for x in real_logits])
        if not view.is_near:
            if self.painter and self._likens:  # what was shown are other pictures
                with torch.no_grad():
                    model = self._paint(real, view, chance.torch)
            loss = loss + self._compare(painted, model, figures, chance.torch)
        if self.painter is not None:
            rebuilt = self.painter.rebuild(chance, self.network)
            figures |= {"rebuilt": rebuilt.item(), "grid": cells.item()}
            loss = loss + FAITH * rebuilt + EVENNESS * cells
        return loss, figures

    def parts(self) -> Parts:
        """Name everything that must be saved to go on."""
        parts: Parts = {
            "perception": self.judges,
            "perception_optimiser": self.optimiser,
        }
        if self.diversity is not None:
            parts["diversity"] = self.diversity
        if self.places is not None:
            parts["places"] = self.places
        return parts

    @property
    def _likens(self) -> bool:
        """Whether samples shall be like the picture that their layout is from."""
        return self.settings.layout and self.settings.resemblance_weight > 0

    def _compare(
        self,
        made: Tensor,
        model: Tensor,
        figures: dict[str, float],
        chance: torch.Generator,
    ) -> Tensor:
        """Compare what was made, in grey: with each other, with models of its layout.

        Judges like the same house in the same place for every layout. Beside the
        picture that a layout was borrowed from, it is out of place in most; over many
        samples, it is seen there too often.
        """
        settings, loss = self.settings, made.new_zeros(())
        if not (self.diversity or self.places or self._likens):
            return loss
        maps = self.network(grey(made))
        if self.places:
            misplaced = self.places(maps[FORMS], chance)
            figures["misplaced"] = misplaced.item()
            loss = loss + settings.place_weight * misplaced
        if self.diversity:
            repeated = self.diversity(maps[LEVEL])
            figures["repeated"] = repeated.item()
            loss = loss + settings.diversity_weight * repeated
        if self._likens:
            n = count_borrowed(len(model))
            with torch.no_grad():
                theirs = self.network(grey(model[:n]))[FORMS]
            apart = perceptual([x[:n] for x in maps[FORMS]], theirs)
            figures["apart"] = apart.item()
            loss = loss + settings.resemblance_weight * apart
        return loss

    @torch.no_grad()
    def likes(self, latents: Tensor) -> float:
        """Give the mean logit of latents [N,C,h,w], seen from afar, as they are."""
        view, judge = self.turns[0]
        chance, found = torch.Generator(), []
        for part in latents.split(16):
            maps = judge.mixing(self.network(self._paint(part, view, chance)))
            found += [len(part) * logits.mean() for logits in judge(maps)]
        return (torch.stack(found).sum() / len(latents) / len(judge.judges)).item()

    def _ask(
        self, judge: FeatureJudge, seen: list[Tensor], real_logits: list[Tensor]
    ) -> Tensor:
        # The mixing is frozen for good, so only the judges may be switched on again.
        judge.judges.requires_grad_(False)
        loss = _mean_loss(judge(seen), real_logits)
        judge.judges.requires_grad_(True)
        return loss

    def _penalty(
        self,
        judge: FeatureJudge,
        real: list[Tensor],
        fake: list[Tensor],
        chance: Randomness,
    ) -> Tensor:
        """Give R1 + R2 on the mixed maps, mean over scales."""
        parts, sigma = [], self.settings.penalty_sigma
        for head, x, y in zip(judge.judges, real, fake, strict=True):
            both = torch.cat([x, y.detach()])
            noise = chance.normal(*both.shape).to(self.device)
            verdict = MeanLogit(head)
            parts.append(difference_penalty(verdict, both, noise, sigma))
        return torch.stack(parts).mean()

    def _look(
        self, pixels: Tensor, judge: FeatureJudge, chance: torch.Generator
    ) -> list[Tensor]:
        """Give the mixed maps of pixels, augmented."""
        pixels = augment(recolour(pixels, chance), chance)
        return judge.mixing(self.network(pixels))

    def _show(self, latents: Tensor, view: View, chance: Randomness) -> Tensor:
        """Show pictures: as their latents are painted, or as they are.

        Only a decoder that learns may be measured against what it cannot yet do.
        """
        if self.painter is None:
            return self._paint(latents, view, chance.torch)
        return view.take(self.painter.draw(chance), chance.torch)

    def _show_made(
        self, latents: Tensor, view: View, chance: Randomness
    ) -> tuple[Tensor, Tensor]:
        """Show latents as they are painted, and tell how far their cells show."""
        if self.painter is None:
            return self._paint(latents, view, chance.torch), latents.new_zeros(())
        # Cut out after painting: a part painted alone has borders no picture has.
        pixels = self.autoencoder.decode(latents)
        cells = grid(pixels, self.settings.period)
        return view.take(pixels, chance.torch), cells

    def _paint(self, latents: Tensor, view: View, chance: torch.Generator) -> Tensor:
        return view.paint(latents, self.autoencoder, chance)


class MeanLogit:
    """A judge of maps as a judge of samples: [N,C,h,w] to [N]."""

    def __init__(self, judge: nn.Module) -> None:
        self.judge = judge

    def __call__(self, maps: Tensor) -> Tensor:
        return self.judge(maps).mean(dim=(1, 2, 3))


def _mean_loss(winner: list[Tensor], loser: list[Tensor]) -> Tensor:
    losses = [relativistic(a, b) for a, b in zip(winner, loser, strict=True)]
    return torch.stack(losses).mean()
