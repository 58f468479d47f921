"""How near works come to the pictures that a model learnt from.

Nearness is the distance of the directions of the measuring network's features, each
brought to length 1: what is seen, and not how much of it. Features of noise and of
blurs are short, so that plain distances take them for near to many pictures, and noise
for a copy of fog (docs/log.md). What distance makes a copy is not guessed: other views
of the same picture, slightly cropped and saved again, tell it; and only a few pictures
may be as near to another one. The same is asked of the colours of a few fields, by
which a copy is known that was painted anew: features see the strokes.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from studio.evaluation.features import extract_features
from studio.evaluation.metrics import distances

BLOCK = 512  # rows compared at once, so that 200,000 pictures fit in memory
VIEWED = 64  # pictures whose other views tell what a copy is
COPIES = 0.95  # the share of those views that are to be called copies, at most
TWINS = 0.05  # the share of pictures that may be as near to another one
CROP = 0.95  # the least side of a view
FIELDS = 8  # each side, whose colours a glance takes in

Pair = tuple[np.ndarray, np.ndarray]  # distances and indices, both [N]
See = Callable[[np.ndarray], np.ndarray]  # uint8 pictures [N,H,W,3] to features [N,D]


@dataclass(frozen=True)
class Nearest:
    """The nearest picture of each of N works, or its mirror image.

    `distance` [N], `which` [N] and whether it is `mirrored` [N]; `usual` and `bound` as
    those of `Known`.
    """

    distance: np.ndarray
    which: np.ndarray
    mirrored: np.ndarray
    usual: np.ndarray
    bound: float

    @classmethod
    def of(
        cls, straight: Pair, turned: Pair, usual: np.ndarray, bound: float
    ) -> Nearest:
        """Keep of what `nearest` found as it is, and mirrored, what is nearer."""
        mirrored = turned[0] < straight[0]
        distance, which = (
            np.where(mirrored, *sides) for sides in zip(turned, straight, strict=True)
        )
        return cls(distance, which, mirrored, usual, bound)

    @property
    def closeness(self) -> np.ndarray:
        """Distances as shares of what makes a copy, [N]."""
        return self.distance / max(self.bound, 1e-9)


@dataclass(frozen=True)
class Known:
    """Features [M,D] of pictures, and mirrored, and how near such pictures are.

    `usual` [M], sorted, is the distance of each picture to the nearest other; what is
    within `bound` is as near as another view of the same picture.
    """

    features: np.ndarray
    mirrored: np.ndarray
    usual: np.ndarray
    bound: float

    @classmethod
    def of(
        cls,
        pictures: np.ndarray,
        features: np.ndarray,
        seed: int = 0,
        see: See = extract_features,
        mirrored: np.ndarray | None = None,
    ) -> Known:
        """Measure uint8 pictures [M,H,W,3], M > 1, whose features [M,D] are known.

        `see` gives such features; those of the mirrored pictures may be known too.
        """
        if mirrored is None:
            mirrored = see(pictures[:, :, ::-1])
        usual = measure_usual(features, mirrored)
        views = _measure_views(pictures, features, seed, see)
        bound = min(np.quantile(views, COPIES), np.quantile(usual, TWINS))
        return cls(features, mirrored, usual, float(bound))

    def find(self, features: np.ndarray) -> Nearest:
        """Find the nearest picture, or mirrored picture, of each row [N,D]. Exact."""
        straight, turned = (
            nearest(features, side) for side in (self.features, self.mirrored)
        )
        return Nearest.of(straight, turned, self.usual, self.bound)

    def novelty(self, distance: np.ndarray) -> np.ndarray:
        """Give the share of pictures that are nearer to another one, 0 to 1: [N]."""
        return np.searchsorted(self.usual, distance) / len(self.usual)


def to_directions(features: np.ndarray) -> np.ndarray:
    """Bring features [N,D] to length 1; distances are then 0 to 2."""
    length = np.linalg.norm(features, axis=1, keepdims=True)
    return np.asarray(features / np.maximum(length, 1e-6))


def see_directions(pictures: np.ndarray) -> np.ndarray:
    """Give the directions of the features of uint8 pictures [N,H,W,3]: [N,1280]."""
    return to_directions(extract_features(pictures))


def glance(pictures: np.ndarray) -> np.ndarray:
    """Give the colours of the fields of uint8 pictures [N,H,W,3], from their mean.

    Float32 [N,192] of length 1: neither lighter nor bolder makes another picture.
    """
    size, filter_ = (FIELDS, FIELDS), Image.Resampling.BOX
    images = (Image.fromarray(np.ascontiguousarray(p)) for p in pictures)
    small = np.stack([np.asarray(image.resize(size, filter_)) for image in images])
    fields = small.reshape(len(small), -1).astype(np.float32)
    return to_directions(fields - fields.mean(axis=1, keepdims=True))


def mirror_glances(glances: np.ndarray) -> np.ndarray:
    """Give what a glance at the mirrored pictures would be, [N,192]."""
    fields = glances.reshape(-1, FIELDS, FIELDS, 3)
    return fields[:, :, ::-1].reshape(glances.shape)


def measure_usual(features: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
    """Give the distance of each picture to the nearest other, [M], sorted."""
    alone, _ = nearest(features, features, skip_self=True)
    turned, _ = nearest(features, mirrored, skip_self=True)
    return np.sort(np.minimum(alone, turned))


def nearest(
    a: np.ndarray, b: np.ndarray, *, skip_self: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Find, for each row of a [N,D], the nearest row of b [M,D]: distances, indices.

    Exact. With `skip_self` row i of b is not compared with row i of a.
    """
    found, which = np.empty(len(a)), np.empty(len(a), np.int64)
    for start in range(0, len(a), BLOCK):
        block = distances(a[start : start + BLOCK], b)
        rows = np.arange(len(block))
        if skip_self:
            block[rows, start + rows] = np.inf
        which[start : start + BLOCK] = block.argmin(axis=1)
        found[start : start + BLOCK] = block[rows, which[start : start + BLOCK]]
    return found, which


def _measure_views(
    pictures: np.ndarray, features: np.ndarray, seed: int, see: See
) -> np.ndarray:
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(pictures))[:VIEWED]
    views = np.stack([_another_view(pictures[i], rng) for i in chosen])
    return np.linalg.norm(see(views) - features[chosen], axis=1)


def _another_view(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Crop a picture [H,W,3] a little and save it again as a JPEG."""
    height, width = picture.shape[:2]
    scale = rng.uniform(CROP, 1)
    left = rng.uniform(0, width * (1 - scale))
    top = rng.uniform(0, height * (1 - scale))
    box = (left, top, left + width * scale, top + height * scale)
    size, filter_ = (width, height), Image.Resampling.BICUBIC
    view = Image.fromarray(picture).resize(size, filter_, box)
    packed = io.BytesIO()
    view.save(packed, "JPEG", quality=80)
    with Image.open(packed) as again:
        return np.asarray(again.convert("RGB"))
