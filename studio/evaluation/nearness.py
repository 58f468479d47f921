"""Whether a work is a copy: the pictures a model learnt from that come nearest to it.

A checkpoint may carry what is needed to tell, in `neighbours.safetensors`: the
measuring network's features of its pictures along their principal components, how near
such pictures are to each other, their file names and, where the artist allows it,
thumbnails. It is no part of the fingerprint, since no picture of a recipe hangs on it.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from studio.checkpoint import model_name
from studio.errors import ModelError
from studio.evaluation.components import Components, round_half
from studio.evaluation.features import NAME
from studio.evaluation.metrics import distances
from studio.evaluation.novelty import FIELDS, Known, glance
from studio.evaluation.plausibility import Grounds

FILE = "neighbours.safetensors"
FORMAT = "2"
WIDTH = 1280  # of the network's features
NUMBERS = ("basis", "features", "usual", "bound", "glances", "glance_bound")
SHOWN = 3
SLACK = 0.002  # of distances up to 2: what rounding leaves between equal pictures
THUMBNAIL = 64  # pixels, the longer side
THUMBNAIL_QUALITY = 55
MOST_PICTURES = 200_000
MOST_BYTES = 256 * 2**20

# Shares of pictures that are nearer to another one, up to which a work is called so.
LEVELS = (("familiar", 0.25), ("between", 0.75), ("novel", 1.0))
# Shares of pictures that are less real, up to which a work is as plausible as that.
PLAUSIBLE = (("low", 0.05), ("middle", 0.25), ("high", 1.0))


@dataclass(frozen=True)
class Neighbour:
    """A picture near to a work; `mirrored` if it is so when one of them is turned."""

    file: str
    distance: float
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
    the median distance of pictures to each other, `bound` that of a copy.
    """

    novelty: float
    plausibility: float
    level: str
    plausible: str
    copy: bool
    distance: float
    usual: float
    bound: float
    pictures: int
    features: str
    thumbnails: bool
    nearest: list[Neighbour]

    def as_dict(self) -> dict[str, Any]:
        """Give this as plain values."""
        return asdict(self)


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
        straight, turned, again, plausibility = self._compare(pictures)
        near = np.minimum(straight, turned)
        copies = self._closeness(near, again).min(axis=1) <= 1
        novelty = self._novelty(near.min(axis=1), again.min(axis=1))
        numbers = zip(novelty, plausibility, copies, strict=True)
        return [Standing(float(n), float(p), bool(c)) for n, p, c in numbers]

    def find(self, picture: np.ndarray) -> Nearness:
        """Compare one uint8 picture [H,W,3], and its mirror image, with all. Exact."""
        (straight,), (turned,), (again,), (plausibility,) = self._compare(picture[None])
        near = np.minimum(straight, turned)
        close = self._closeness(near, again)
        first = np.argsort(close, kind="stable")[:SHOWN]
        nearest = [
            Neighbour(
                self.files[i],
                round(float(near[i]), 4),
                bool(turned[i] < straight[i]),
                bool(close[i] <= 1),
                _address(self.thumbnails[i]) if self.thumbnails else None,
            )
            for i in first
        ]
        novelty = float(self._novelty(near.min(keepdims=True), again.min())[0])
        return Nearness(
            novelty=novelty,
            plausibility=float(plausibility),
            level=_named(novelty, LEVELS),
            plausible=_named(float(plausibility), PLAUSIBLE),
            copy=nearest[0].copy,
            distance=nearest[0].distance,
            usual=round(float(np.median(self.usual)), 4),
            bound=round(self.bound, 4),
            pictures=len(self.features),
            features=NAME,
            thumbnails=bool(self.thumbnails),
            nearest=nearest,
        )

    def _compare(self, pictures: np.ndarray) -> tuple[np.ndarray, ...]:
        """Give distances to all pictures, and mirrored, and of glances at either.

        Each [N,M]; then plausibility [N].
        """
        both = np.concatenate([pictures, pictures[:, :, ::-1]])
        seen = self.components.see(both)
        apart = distances(seen, self.features)
        half = len(pictures)
        plausibility = self.grounds.place(seen[:half])
        again = distances(glance(both), self.glances)
        again = np.minimum(again[:half], again[half:])
        return apart[:half], apart[half:], again, plausibility.round(4)

    def _closeness(self, near: np.ndarray, again: np.ndarray) -> np.ndarray:
        """Give distances as shares of what makes a copy, the lesser where it is one."""
        close, painted = near / self.bound, again / self.glance_bound
        return np.where(painted <= 1, np.minimum(close, painted), close)

    def _novelty(self, near: np.ndarray, again: np.ndarray) -> np.ndarray:
        nearer = np.searchsorted(self.usual, near - SLACK)
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


def recall(folder: Path, card: dict[str, Any]) -> Memory:
    """Read what the checkpoint in `folder` remembers of its pictures.

    Raises ModelError: `near_missing` where it remembers none, `near_other` where they
    are not those that it learnt from, `near_damaged` where the file is not one.
    """
    name, path = model_name(folder), folder / FILE
    try:
        stat = path.stat()
    except OSError:
        raise ModelError("near_missing", name=name) from None
    if stat.st_size > MOST_BYTES:
        raise ModelError("near_damaged", name=name, file=FILE)
    try:
        told, memory = _read(path, (stat.st_mtime_ns, stat.st_size))
    except (OSError, SafetensorError, ValueError, TypeError, KeyError):
        raise ModelError("near_damaged", name=name, file=FILE) from None
    wanted = (FORMAT, NAME, card["data"].get("fingerprint"))
    if tuple(told.get(k) for k in ("format", "features", "pictures")) != wanted:
        raise ModelError("near_other", name=name)
    return memory


def find_near(
    folder: Path, card: dict[str, Any], see: Callable[[], np.ndarray]
) -> dict[str, Any]:
    """Tell how near a picture is to a model's own: `near`, or else a `problem`.

    `see` gives the picture, uint8 [H,W,3], and is only asked where it can be compared.
    """
    try:
        memory = recall(folder, card)
    except ModelError as problem:
        return {"near": None, "problem": problem.as_dict()}
    return {"near": memory.find(see()).as_dict(), "problem": None}


def find_problem(folder: Path, card: dict[str, Any]) -> dict[str, Any] | None:
    """Say why nothing can be compared with a model's pictures, if that is so."""
    try:
        recall(folder, card)
    except ModelError as problem:
        return problem.as_dict()
    return None


def judge_works(
    folder: Path, card: dict[str, Any], pictures: np.ndarray
) -> dict[str, Any]:
    """Tell how novel and plausible uint8 pictures [N,H,W,3] are, or the `problem`."""
    if problem := find_problem(folder, card):
        return {"works": None, "problem": problem}
    found = recall(folder, card).judge(pictures)
    return {"works": [asdict(one) for one in found], "problem": None}


def rank(found: Sequence[Standing]) -> list[int]:
    """Order works from the most novel and plausible on, by the lesser of the two.

    Copies come last: nobody who looks for new works wants them.
    """

    def worth(i: int) -> tuple[bool, float, float]:
        both = found[i].novelty, found[i].plausibility
        return (not found[i].copy, min(both), max(both))

    return sorted(range(len(found)), key=worth, reverse=True)


def _named(share: float, levels: Sequence[tuple[str, float]]) -> str:
    return next(name for name, most in levels if share <= most)


@lru_cache(maxsize=4)
def _read(path: Path, stamp: tuple[int, int]) -> tuple[dict[str, str], Memory]:
    with safe_open(path, framework="np") as file:
        told = dict(file.metadata() or {})
        found = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    numbers = {key: found[key].astype(np.float32) for key in NUMBERS}
    files = json.loads(told.pop("files", "[]"))
    small = _part(found["sizes"], found["thumbnails"]) if "sizes" in found else []
    _check(numbers, files, small)
    memory = Memory(
        Components(numbers["basis"]),
        numbers["features"],
        numbers["usual"],
        float(numbers["bound"][0]),
        numbers["glances"],
        float(numbers["glance_bound"][0]),
        files,
        small,
    )
    return told, memory


def _check(
    numbers: dict[str, np.ndarray], files: Any, thumbnails: Sequence[bytes]
) -> None:
    """Raise ValueError unless sizes and numbers are those of a memory."""
    count, kept = numbers["features"].shape
    sane = (
        1 < count <= MOST_PICTURES
        and numbers["basis"].shape == (kept, WIDTH)
        and numbers["usual"].shape == (count,)
        and numbers["bound"].shape == numbers["glance_bound"].shape == (1,)
        and numbers["glances"].shape == (count, 3 * FIELDS**2)
        and len(files) == count
        and all(isinstance(file, str) for file in files)
        and len(thumbnails) in (0, count)
        and all(np.isfinite(array).all() for array in numbers.values())
    )
    if not sane:
        raise ValueError


def _part(sizes: np.ndarray, joined: np.ndarray) -> list[bytes]:
    ends = np.cumsum(sizes, dtype=np.int64)
    if (sizes <= 0).any() or ends[-1] != len(joined):
        raise ValueError
    pairs = zip(ends - sizes, ends, strict=True)
    return [joined[start:end].tobytes() for start, end in pairs]


def _shrink(picture: np.ndarray) -> bytes:
    image = Image.fromarray(picture)
    image.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    packed = io.BytesIO()
    image.save(packed, "WEBP", quality=THUMBNAIL_QUALITY, method=6)
    return packed.getvalue()


def _address(data: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(data).decode()
