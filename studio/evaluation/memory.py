"""What a model remembers of the pictures it learnt from, and what is near to them.

The measuring network's features along their principal components, how near such
pictures are to each other, the colours of a glance, their file names and, where the
artist allows it, thumbnails.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from PIL import Image
from safetensors.numpy import save

from studio.evaluation.components import Components, round_half
from studio.evaluation.copies import Looks, count_copies, measure_close
from studio.evaluation.features import NAME
from studio.evaluation.metrics import distances
from studio.evaluation.novelty import (
    Known,
    Nearest,
    glance,
    measure_usual,
    mirror_glances,
    nearest,
)
from studio.evaluation.plausibility import Grounds

FORMAT = "2"
SHOWN = 3
SLACK = 0.002  # of distances up to 2: what rounding leaves between equal pictures
THUMBNAIL = 64  # pixels, the longer side
THUMBNAIL_QUALITY = 55

# Shares of pictures that are nearer to another one, up to which a work is called so.
LEVELS = (("familiar", 0.25), ("between", 0.75), ("novel", 1.0))
# Shares of pictures that are less real, up to which a work is as plausible as that.
PLAUSIBLE = (("low", 0.05), ("middle", 0.25), ("high", 1.0))


@dataclass(frozen=True)
class Neighbour:
    """A picture near to a work; `mirrored` if it is so when one of them is turned.

    `by` says what tells: the features, or the colours where a work is painted anew.
    What is within `bound` is a copy, by that.
    """

    file: str
    distance: float
    bound: float
    by: str
    mirrored: bool
    copy: bool
    picture: str | None  # a data: address of its thumbnail


@dataclass(frozen=True)
class Standing:
    """Creativity as two numbers, each a share of the pictures that were learnt from.

    `novelty` is the share of pictures that are nearer to another one than the work is
    to the nearest, `plausibility` of those that are less real (`Grounds`). `copy` means
    as near as another view of the same picture.
    """

    novelty: float
    plausibility: float
    copy: bool


@dataclass(frozen=True)
class Nearness:
    """How near a work is to what its model learnt from: its `Standing`, and by what.

    `level` is familiar, between or novel, `plausible` low, middle or high. `usual` is
    the median distance of pictures to each other, by features.
    """

    novelty: float
    plausibility: float
    level: str
    plausible: str
    copy: bool
    usual: float
    pictures: int
    features: str
    thumbnails: bool
    nearest: list[Neighbour]

    def as_dict(self) -> dict[str, Any]:
        """Give this as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class _Apart:
    """How far N works are from M pictures, and from their mirror images: two of [N,M].

    By features and by a glance; and how plausible the works are, [N].
    """

    seen: tuple[np.ndarray, np.ndarray]
    glanced: tuple[np.ndarray, np.ndarray]
    plausibility: np.ndarray


@dataclass(frozen=True)
class Memory:
    """What a model remembers of its pictures: features [M,K] along components.

    `usual` [M], sorted, is each picture's distance to the nearest other, mirrored ones
    too; `glances` [M,192] and their own bound find what was painted anew; `thumbnails`
    are WebP files, one a picture, or none at all.
    """

    components: Components
    features: np.ndarray
    usual: np.ndarray
    bound: float
    glances: np.ndarray
    glance_bound: float
    files: Sequence[str]
    thumbnails: Sequence[bytes]

    @classmethod
    def of(
        cls,
        pictures: np.ndarray,
        files: Sequence[str],
        *,
        thumbnails: bool,
        features: np.ndarray,
        mirrored: np.ndarray,
    ) -> Memory:
        """Remember uint8 pictures [M,H,W,3], M > 1, by their `files`' names.

        `features` [M,1280] are theirs, and those of their mirror images.
        """
        components = Components.of(features)
        placed = round_half(components.place(features))
        turned = components.place(mirrored)
        known = Known.of(pictures, placed, see=components.see, mirrored=turned)
        small = [_shrink(picture) for picture in pictures] if thumbnails else []
        seen = round_half(glance(pictures))
        again = Known.of(pictures, seen, see=glance)
        bounds = (max(one.bound, SLACK) for one in (known, again))
        bound, glance_bound = bounds
        kept = seen, glance_bound, list(files), small
        return cls(components, placed, known.usual, bound, *kept)

    @cached_property
    def grounds(self) -> Grounds:
        """Where the pictures lie: measured when somebody first asks, in a second."""
        return Grounds.of(self.features)

    def judge(self, pictures: np.ndarray) -> list[Standing]:
        """Tell how novel and how plausible uint8 pictures [N,H,W,3] are."""
        apart = self._compare(pictures)
        copies = self._closeness(apart).min(axis=1) <= 1
        numbers = zip(self._novelty(apart), apart.plausibility, copies, strict=True)
        return [Standing(float(n), float(p), bool(c)) for n, p, c in numbers]

    def find(self, picture: np.ndarray) -> Nearness:
        """Compare one uint8 picture [H,W,3], and its mirror image, with all. Exact."""
        apart = self._compare(picture[None])
        first = np.argsort(self._closeness(apart)[0], kind="stable")[:SHOWN]
        neighbours = [self._neighbour(apart, int(i)) for i in first]
        novelty = float(self._novelty(apart)[0])
        plausibility = float(apart.plausibility[0])
        return Nearness(
            novelty=novelty,
            plausibility=plausibility,
            level=_named(novelty, LEVELS),
            plausible=_named(plausibility, PLAUSIBLE),
            copy=neighbours[0].copy,
            usual=round(float(np.median(self.usual)), 4),
            pictures=len(self.features),
            features=NAME,
            thumbnails=bool(self.thumbnails),
            nearest=neighbours,
        )

    def count_copies(self, works: np.ndarray) -> dict[str, Any]:
        """Tell of uint8 works [N,H,W,3] what `measure_copies` does, but for the ratio.

        Which pictures were held out was not kept. `remembered` counts those that were.
        """
        # the pictures' mirror images were not kept, so the works are mirrored
        views = (self.components.see(side) for side in (works, works[:, :, ::-1]))
        straight, back = (nearest(view, self.features) for view in views)
        seen = Nearest.of(straight, back, self.usual, self.bound)
        turned = mirror_glances(self.glances)
        usual = measure_usual(self.glances, turned)
        colours = Known(self.glances, turned, usual, self.glance_bound)
        glances = glance(works)
        found = count_copies(Looks(seen, colours.find(glances)))
        found["close"] = measure_close(glances, colours)
        nothing = {"ratio": None, "chance": None}
        return {**found, **nothing, "remembered": len(self.features)}

    def _compare(self, pictures: np.ndarray) -> _Apart:
        both = np.concatenate([pictures, pictures[:, :, ::-1]])
        seen, half = self.components.see(both), len(pictures)
        apart, again = (
            distances(seen, self.features),
            distances(glance(both), self.glances),
        )
        return _Apart(
            (apart[:half], apart[half:]),
            (again[:half], again[half:]),
            self.grounds.place(seen[:half]).round(4),
        )

    def _closeness(self, apart: _Apart) -> np.ndarray:
        """Give distances as shares of what makes a copy, the lesser where it is one."""
        close = np.minimum(*apart.seen) / self.bound
        painted = np.minimum(*apart.glanced) / self.glance_bound
        return np.where(painted <= 1, np.minimum(close, painted), close)

    def _neighbour(self, apart: _Apart, i: int) -> Neighbour:
        """Tell how near the first of the works is to picture `i`, and by which look."""
        seen, glanced = (
            [float(side[0, i]) for side in look] for look in (apart.seen, apart.glanced)
        )
        painted = min(glanced) / self.glance_bound
        by_colours = painted <= 1 and painted < min(seen) / self.bound
        sides, bound = (
            (glanced, self.glance_bound) if by_colours else (seen, self.bound)
        )
        return Neighbour(
            file=self.files[i],
            distance=round(min(sides), 4),
            bound=round(bound, 4),
            by="colours" if by_colours else "features",
            mirrored=sides[1] < sides[0],
            copy=min(sides) <= bound,
            picture=_address(self.thumbnails[i]) if self.thumbnails else None,
        )

    def _novelty(self, apart: _Apart) -> np.ndarray:
        """Give the share of pictures nearer to another one; of a copy's colours 0."""
        near = np.minimum(*apart.seen).min(axis=1)
        nearer = np.searchsorted(self.usual, near - SLACK)
        again = np.minimum(*apart.glanced).min(axis=1)
        novelty = np.round(nearer / len(self.usual), 4)
        return np.where(again <= self.glance_bound, 0.0, novelty)

    def pack(self, pictures: str) -> bytes:
        """Give this as a file, marked with the fingerprint of the pictures."""
        arrays: dict[str, np.ndarray] = {
            "basis": self.components.basis.astype(np.float16),
            "features": self.features.astype(np.float16),
            "usual": self.usual.astype(np.float32),
            "bound": np.array([self.bound], np.float32),
            "glances": self.glances.astype(np.float16),
            "glance_bound": np.array([self.glance_bound], np.float32),
        }
        if self.thumbnails:
            sizes = np.array([len(data) for data in self.thumbnails], np.int32)
            joined = np.frombuffer(b"".join(self.thumbnails), np.uint8)
            arrays |= {"sizes": sizes, "thumbnails": joined}
        told = {"format": FORMAT, "features": NAME, "pictures": pictures}
        arrays = {key: np.ascontiguousarray(array) for key, array in arrays.items()}
        return save(arrays, {**told, "files": json.dumps(list(self.files))})


def _named(share: float, levels: Sequence[tuple[str, float]]) -> str:
    return next(name for name, most in levels if share <= most)


def _shrink(picture: np.ndarray) -> bytes:
    image = Image.fromarray(picture)
    image.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    packed = io.BytesIO()
    image.save(packed, "WEBP", quality=THUMBNAIL_QUALITY, method=6)
    return packed.getvalue()


def _address(data: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(data).decode()
