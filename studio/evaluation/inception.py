"""FID and KID by real Inception weights, as clean-fid has them (arXiv:2104.11222).

The weights are given as a file, the TorchScript `inception-2015-12-05.pt` of clean-fid
and StyleGAN; none ship, and nothing is called FID without them. A TorchScript file is a
program: it is only opened because whoever asks has named it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from studio.errors import InputError
from studio.evaluation.metrics import frechet_distance, kernel_distance

SIDE, WIDTH = 299, 2048
BATCH = 16
SUBSETS, MOST = 100, 1000  # of KID, where there are more

Look = Callable[[np.ndarray], np.ndarray]


def open_inception(path: Path) -> Look:
    """Open the file: uint8 pictures [N,H,W,3] to features float32 [N,2048].

    Raises InputError where it is no such network.
    """
    try:
        layers = torch.jit.load(str(path), map_location="cpu").eval().layers
        found = _look(layers, np.zeros((1, SIDE, SIDE, 3), np.uint8))
    except (OSError, RuntimeError, ValueError, AttributeError, TypeError):
        found = None
    if found is None or found.shape != (1, WIDTH):
        raise InputError("inception_file", path=str(path))
    return lambda pictures: np.concatenate(
        [_look(layers, pictures[i : i + BATCH]) for i in range(0, len(pictures), BATCH)]
    )


def measure_inception(
    look: Look, works: np.ndarray, pictures: np.ndarray
) -> dict[str, Any]:
    """Give FID and KID of uint8 works [N,H,W,3], and of halves of the pictures.

    FID is the larger the fewer are compared: the counts stand beside it. KID is not
    multiplied by 1000 here, as in clean-fid.
    """
    made, real = look(works), look(pictures)
    half = len(real) // 2
    order = np.random.default_rng(0).permutation(len(real))
    sides = (made, real), (real[order[:half]], real[order[half:]])
    ours, theirs = (
        {
            "fid": frechet_distance(a, b),
            "kid": _kernel(a, b),
            "compared": [len(a), len(b)],
        }
        for a, b in sides
    )
    return {**ours, "real_vs_real": theirs}


def _kernel(a: np.ndarray, b: np.ndarray) -> float:
    """Give the mean kernel distance of subsets, or of all where they are few."""
    size = min(len(a), len(b), MOST)
    if size == len(a) == len(b):
        return kernel_distance(a, b) / 1000
    rng = np.random.default_rng(0)
    parts = [
        kernel_distance(
            a[rng.choice(len(a), size, replace=False)],
            b[rng.choice(len(b), size, replace=False)],
        )
        for _ in range(SUBSETS)
    ]
    return float(np.mean(parts)) / 1000


def _look(layers: Any, pictures: np.ndarray) -> np.ndarray:
    resized = np.stack([_resize(picture) for picture in pictures])
    pixels = torch.from_numpy(resized).permute(0, 3, 1, 2)
    with torch.inference_mode():
        found: np.ndarray = layers((pixels - 128) / 128).flatten(1).numpy()
    return found


def _resize(picture: np.ndarray) -> np.ndarray:
    """Resize each channel as floats, without rounding to bytes: float32 [299,299,3]."""
    size, filter_ = (SIDE, SIDE), Image.Resampling.BICUBIC
    channels = [
        np.asarray(Image.fromarray(channel).resize(size, filter_))
        for channel in np.moveaxis(picture.astype(np.float32), 2, 0)
    ]
    return np.stack(channels, axis=2).clip(0, 255)
