"""The decoder of a run, learning with its generator to paint what that one makes.

An autoencoder learns to rebuild pictures; a generator's latents are never quite those
of a picture, and come out with strokes that no painter made. So in the end the decoder
learns from the same verdicts as the generator, beside real pictures as they are, and is
held to what it could do before: to rebuild them, now from latents that are a little off
too (noise-augmented decoding, arXiv:2510.11690). Nor may the cells of the latents show:
judges of features like a mark in every cell better than no detail at all.
"""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor

from studio.evaluation.features import FeatureMaps
from studio.evaluation.metrics import perceptual
from studio.model import to_pixels
from studio.networks.autoencoder import Autoencoder
from studio.networks.blocks import freeze, place
from studio.training.dataset import Pictures
from studio.training.losses import reconstruction
from studio.training.phase import Randomness
from studio.training.settings import TrainSettings

REBUILT = 4  # pictures a step that it is held to
FAITH = 5.0  # weight of rebuilding them, beside the verdicts
EVENNESS = 20.0  # weight of not showing the cells
OFF = 0.5  # most deviation of the noise on their latents
SIDE = 128  # pixels of each, at most


class Painter:
    """A decoder that learns, its average, and the pictures it learns from."""

    def __init__(
        self,
        settings: TrainSettings,
        pictures: Pictures,
        autoencoder: Autoencoder,
        device: torch.device,
    ) -> None:
        """Take the autoencoder of the run; `average` is the one to show."""
        self.settings, self.pictures, self.device = settings, pictures, device
        self.model = place(deepcopy(autoencoder), device)
        freeze(self.model.encoder)
        self.model.decoder.requires_grad_(True)
        self.average = freeze(deepcopy(self.model))

    def draw(self, chance: Randomness) -> Tensor:
        """Draw a batch of real pictures as they are, [batch,3,H,W] in [-1,1]."""
        pictures, mirror = self.pictures, self.settings.mirror
        chosen = chance.numpy.choice(pictures.train, self.settings.batch)
        views = [pictures.view(i, chance.numpy, mirror) for i in chosen]
        return to_pixels(views, self.device)

    def rebuild(self, chance: Randomness, network: FeatureMaps) -> Tensor:
        """Give how far from real pictures comes what it makes of their latents."""
        side = min(SIDE, *self.settings.resolution)
        chosen = chance.numpy.choice(self.pictures.train, REBUILT)
        crops = [self.pictures.crop(i, side, chance.numpy) for i in chosen]
        real = to_pixels(crops, self.device)
        with torch.no_grad():
            latents, theirs = self.average.encode(real), network(real)[:3]
        noise = chance.normal(*latents.shape).to(self.device)
        share = torch.rand(REBUILT, 1, 1, 1, generator=chance.torch).to(self.device)
        made = self.model.decode(latents + OFF * share * noise)
        seen = perceptual(network(made)[:3], theirs)
        return reconstruction(made, real) + self.settings.perceptual_weight * seen
