"""Makes the second phase of a run: afresh from the seed, or from a model's weights."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from studio.errors import StudioError
from studio.training import distributed
from studio.training.freezing import freeze_first
from studio.training.generator import GeneratorPhase, make_networks
from studio.training.inheritance import load_base
from studio.training.material import Material
from studio.training.painter import Painter
from studio.training.perception import Perception
from studio.training.settings import TrainSettings
from studio.training.snapshot import Album
from studio.training.vae import VaePhase, make_vae


def make_second(album: Album, material: Material) -> GeneratorPhase | VaePhase:
    """Make the phase of the run's family, from the base's weights if it has one."""
    settings, latents, device = album.settings, material.latents, album.device
    if settings.family == "vae":
        vae = make_vae(settings)
        _start_from_base(settings, {"generator": vae[0], "encoder": vae[1]})
        return VaePhase(settings, latents, vae, device, _perceive(album, latents))
    kinds = material.kinds
    names = () if kinds is None else kinds.names
    networks = make_networks(settings, len(names))
    wanted: dict[str, nn.Module] = {"generator": networks[0]}
    if settings.latent_weight:
        wanted["discriminator"] = networks[1]
    _start_from_base(settings, wanted, names)
    freeze_first(networks[1], settings.frozen)
    eyes = _perceive(album, latents)
    return GeneratorPhase(settings, latents, networks, device, eyes, kinds)


def _start_from_base(
    settings: TrainSettings,
    networks: dict[str, nn.Module],
    kinds: Sequence[str] = (),
) -> None:
    if settings.learnt:
        load_base(settings.base, networks, kinds)


def _perceive(album: Album, latents: Tensor) -> Perception | None:
    settings = album.settings
    if not settings.feature_weight:
        return None
    known, painter = (album.autoencoder, album.device), None
    if settings.decoder_rate:
        painter = Painter(settings, album.pictures, *known)
        album.autoencoder = painter.average
    perception = Perception(settings, *known, painter)
    try:
        _start_from_base(settings, {"perception": perception.judges})
    except StudioError:  # they learn fast, and differ with the resolution
        if distributed.rank() == 0:
            album.run.log("the judges of features start anew")
    perception.settle(latents)
    return perception
