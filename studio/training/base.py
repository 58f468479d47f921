"""The model that a run starts from: its weights fit only networks of its own shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from studio.checkpoint import locate, read_card
from studio.config import from_dict
from studio.training.settings import TrainSettings

# Settings that describe a network, by the network and its entry in a card.
SHAPES = {
    "autoencoder": {
        "latent_channels": "latent_channels",
        "widths": "encoder_widths",
        "blocks": "encoder_blocks",
        "decoder_widths": "decoder_widths",
        "decoder_blocks": "decoder_blocks",
    },
    "generator": {"z_dim": "z_dim", "w_dim": "w_dim", "widths": "generator_widths"},
    "discriminator": {"widths": "discriminator_widths"},
    "encoder": {"widths": "discriminator_widths"},  # a vae has it in its place
}


def make_settings(given: Mapping[str, Any]) -> TrainSettings:
    """Make settings; what is not given is as in the model that the run starts from.

    Raises InputError for what cannot be, ModelError where there is no such model.
    """
    base = given.get("base", "scratch")
    if not isinstance(base, str) or base == "scratch":
        return from_dict(TrainSettings, given)
    whole = given.get("base_parts", "all") == "all"
    settings = from_dict(TrainSettings, {**shapes_of(base, whole), **given})
    return _with_layouts(settings) if whole else settings


def _with_layouts(settings: TrainSettings) -> TrainSettings:
    """Make room in w for layouts, beside all that a model without them had there."""
    known = read_card(locate(settings.base))["networks"]["generator"]
    if known.get("layout") or not settings.layout_numbers:
        return settings
    # as many as with a w of any width: half of the wider one must be theirs at most
    room = min(replace(settings, w_dim=2**16).layout_numbers, settings.w_dim)
    return replace(settings, w_dim=settings.w_dim + room)


def shapes_of(base: str, whole: bool) -> dict[str, Any]:
    """Give the settings of a run whose networks shall fit those of a model.

    `whole` is false where only the autoencoder is taken. Raises ModelError.
    """
    card = read_card(locate(base))
    networks = card["networks"]
    found = {
        setting: networks[part][entry]
        for part in SHAPES
        if whole or part == "autoencoder"
        for entry, setting in SHAPES[part].items()
        if entry in networks.get(part, {})
    }
    if whole:
        found |= {"family": card["family"], "resolution": card["resolution"]}
    return found
