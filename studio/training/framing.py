"""What of a picture is learnt from, where its shape is not the model's.

`centre` leaves the picture as it is, for its middle to be taken; `smart` keeps the
window in which most happens; `whole` keeps everything, on a ground of its own colours.
Each is a pure function of the pixels, so that a run stays one of its pictures.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

GLANCE = 96  # pixels of the shorter side in which detail is looked for
# The middle wins where nothing speaks against it: the share of detail that a window at
# the rim must have more.
RIM = 0.15
EDGE = 32  # of a side, as a fraction of one: what counts as its edge


def reduced_size(
    size: tuple[int, int], most: tuple[int, int], framing: str
) -> tuple[int, int]:
    """Give the size (h, w) to which a picture is reduced, never enlarged.

    What is cut covers `most` (h, w), what is shown whole fits into it.
    """
    shares = (most[0] / size[0], most[1] / size[1])
    scale = min(shares) if framing == "whole" else max(shares)
    if scale >= 1:
        return size
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def frame(image: np.ndarray, shape: tuple[int, int], framing: str) -> np.ndarray:
    """Frame an image uint8 [H,W,3] for a model of a shape (h, w), not resized."""
    if framing == "smart":
        top, left, height, width = busiest_window(image, shape)
        return image[top : top + height, left : left + width]
    if framing == "whole":
        return lay_on_ground(image, shape)
    return image


def busiest_window(
    image: np.ndarray, shape: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Give the largest window (top, left, height, width) of a shape with most detail.

    It can move along one side alone; of equal ones the nearest to the middle is taken.
    """
    height, width = image.shape[:2]
    scale = min(height / shape[0], width / shape[1])
    h, w = min(height, round(shape[0] * scale)), min(width, round(shape[1] * scale))
    if width - w > height - h:
        return 0, _best_start(_detail(image, axis=0), w), h, w
    return _best_start(_detail(image, axis=1), h), 0, h, w


def lay_on_ground(image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Enlarge an image to a shape (h, w) with plain bands, like a mat around a print.

    Each band has the colour of the edge it meets. A reflection would teach mirrored
    houses, stretched edges stripes; a plain band is learnt at once and cut off easily.
    """
    height, width = image.shape[:2]
    scale = max(height / shape[0], width / shape[1])
    h, w = max(height, round(shape[0] * scale)), max(width, round(shape[1] * scale))
    if (h, w) == (height, width):
        return image
    sideways = w - width > h - height
    upright = image.swapaxes(0, 1) if sideways else image  # bands above and below
    size = (w, h) if sideways else (h, w)
    before = (size[0] - upright.shape[0]) // 2
    framed = np.empty((*size, 3), np.uint8)
    strip = max(1, upright.shape[0] // EDGE)
    framed[: size[0] // 2] = _edge_colour(upright[:strip])
    framed[size[0] // 2 :] = _edge_colour(upright[-strip:])
    aside = (size[1] - upright.shape[1]) // 2  # of at most a pixel that was rounded
    rows = slice(before, before + upright.shape[0])
    framed[rows, aside : aside + upright.shape[1]] = upright
    return np.ascontiguousarray(framed.swapaxes(0, 1)) if sideways else framed


def _edge_colour(strip: np.ndarray) -> np.ndarray:
    return np.median(strip.reshape(-1, 3), axis=0).astype(np.uint8)


def _detail(image: np.ndarray, axis: int) -> np.ndarray:
    """Give how much happens in each column (axis 0) or row (axis 1) of an image."""
    height, width = image.shape[:2]
    scale = min(1.0, GLANCE / min(height, width))
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    # a signature or a frame is one strong line and much less than a tree: hence roots
    small = Image.fromarray(image).resize(size, Image.Resampling.BOX)
    pixels = np.asarray(small).astype(np.float32)
    across = np.abs(np.diff(pixels, axis=1, append=pixels[:, -1:])).sum(axis=2)
    down = np.abs(np.diff(pixels, axis=0, append=pixels[-1:])).sum(axis=2)
    found = np.sqrt(across + down).sum(axis=axis, dtype=np.float64)
    places = np.arange(image.shape[1 - axis]) * len(found) // image.shape[1 - axis]
    return found[places]


def _best_start(detail: np.ndarray, length: int) -> int:
    """Give where the window of a length holds most, the middle being preferred."""
    total = np.concatenate([[0.0], np.cumsum(detail)])
    held = total[length:] - total[:-length]
    middle = (len(held) - 1) / 2
    offset = np.abs(np.arange(len(held)) - middle)
    if not middle:
        return 0
    worth = held * (1 - RIM * offset / middle)
    best = np.flatnonzero(worth >= worth.max() * (1 - 1e-9))
    return int(best[np.abs(best - middle).argmin()])
