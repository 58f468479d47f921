"""A folder of pictures, in memory, and the crops that training asks for."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

from studio.errors import InputError
from studio.training.framing import frame, reduced_size
from studio.training.settings import TrainSettings

FORMATS = ("JPEG", "PNG", "WEBP")
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
MOST_PIXELS = 64_000_000  # a larger file is skipped before it is decoded


class Pictures:
    """The usable pictures of a folder as uint8 arrays [H,W,3].

    Each is reduced on loading to at most twice `resolution` (height, width), so that
    a few thousand fit in memory. `train` and `held_out` are fixed by the files' bytes,
    whatever they are called and wherever they lie. Files that are `excluded`, by their
    names within the folder, are not looked at; `left_out` has their digests. `framing`
    says what is taken of one whose shape is another (see studio/training/framing.py).
    `tell` is called after each. With `whole` no more is kept of each than
    :meth:`whole` gives, a quarter.
    """

    def __init__(
        self,
        folder: Path,
        resolution: tuple[int, int],
        validation_share: float,
        excluded: Collection[str] = (),
        framing: str = "centre",
        tell: Callable[[], object] = lambda: None,
        *,
        whole: bool = False,
    ) -> None:
        if not folder.is_dir():
            raise InputError("folder_missing", folder=str(folder))
        self.resolution = resolution
        self.files: list[str] = []
        self.images: list[np.ndarray] = []
        digest = hashlib.sha256()
        seen: dict[str, bool] = {}  # the bytes of a file, and whether it is usable
        for path in find_pictures(folder, excluded):
            # the same file again could be held out and learnt from at once
            if (copy := digest_file(path)) in seen:
                continue
            image = load_picture(path, resolution, framing)
            seen[copy] = image is not None
            if image is not None:
                self.files.append(path.relative_to(folder).as_posix())
                self.images.append(take_whole(image, resolution) if whole else image)
                digest.update(image.tobytes())
            tell()
        if len(self.images) < 2:
            raise InputError("folder_empty", folder=str(folder))
        self.fingerprint = digest.hexdigest()[:16]
        left_out = (digest_file(folder / name)[:16] for name in excluded)
        self.left_out = sorted(filter(None, left_out))
        self._digests = [copy for copy, usable in seen.items() if usable]
        self.part(validation_share)

    @classmethod
    def of(
        cls, settings: TrainSettings, tell: Callable[[], object] = lambda: None
    ) -> Pictures:
        """Read the pictures of a run. Raises InputError."""
        return cls(
            Path(settings.folder),
            settings.resolution,
            settings.validation_share,
            settings.excluded,
            settings.framing,
            tell,
        )

    def part(self, share: float) -> None:
        """Hold out a share of the pictures, always the same ones."""
        indices = range(len(self.images))
        held = [i for i in indices if int(self._digests[i][:8], 16) / 2**32 < share]
        few = len(held) < 2 or share * len(self.images) < 2
        if few or len(held) > len(self.images) - 2:
            held = []  # too few to hold any out
        taken = set(held)
        self.held_out: list[int] = held
        self.train: list[int] = [i for i in indices if i not in taken]

    def whole(self, index: int) -> np.ndarray:
        """Give the centre of a picture at the resolution, uint8 [H,W,3]."""
        return take_whole(self.images[index], self.resolution)

    def view(self, index: int, rng: np.random.Generator, mirror: bool) -> np.ndarray:
        """Give a slightly cropped, shifted, maybe mirrored view, uint8 [H,W,3]."""
        return take_view(self.images[index], self.resolution, rng, mirror)

    def crop(self, index: int, side: int, rng: np.random.Generator) -> np.ndarray:
        """Give a square crop of `side` pixels at about the scale of `whole`.

        A picture smaller than that is taken as it is: enlarged, it would teach blur.
        """
        image = self.images[index]
        left, _, right, _ = _centre(image, self.resolution)
        # loaded pixels per model pixel
        scale = max(1.0, (right - left) / self.resolution[1])
        length = min(side * scale * rng.uniform(0.8, 1.25), *image.shape[:2])
        x = rng.uniform(0, image.shape[1] - length)
        y = rng.uniform(0, image.shape[0] - length)
        crop = _take(image, (x, y, x + length, y + length), (side, side))
        return crop[:, ::-1] if rng.random() < 0.5 else crop


def take_whole(image: np.ndarray, resolution: tuple[int, int]) -> np.ndarray:
    """Give the centre of an image [H,W,3] at a resolution (h, w)."""
    return _take(image, _centre(image, resolution), resolution)


def take_view(
    image: np.ndarray,
    resolution: tuple[int, int],
    rng: np.random.Generator,
    mirror: bool,
) -> np.ndarray:
    """Give a slightly cropped, shifted, maybe mirrored view of an image [H,W,3]."""
    left, top, right, bottom = _centre(image, resolution)
    scale = rng.uniform(0.9, 1.0)
    width, height = (right - left) * scale, (bottom - top) * scale
    x = rng.uniform(0, image.shape[1] - width)
    y = rng.uniform(0, image.shape[0] - height)
    view = _take(image, (x, y, x + width, y + height), resolution)
    return view[:, ::-1] if mirror and rng.random() < 0.5 else view


def find_pictures(folder: Path, excluded: Collection[str] = ()) -> Iterator[Path]:
    """Yield the picture files below a folder in a fixed order, but those left out."""
    left_out = set(excluded)
    for path in sorted(folder.rglob("*")):
        known = path.suffix.lower() in SUFFIXES and path.is_file()
        if known and path.relative_to(folder).as_posix() not in left_out:
            yield path


def digest_file(path: Path) -> str:
    """Give the digest of a file's bytes; empty where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def load_picture(
    path: Path | BinaryIO,
    resolution: tuple[int, int],
    framing: str = "centre",
    quick: int = 0,
) -> np.ndarray | None:
    """Read a picture as uint8 [H,W,3], upright and framed for a resolution (h, w).

    It is reduced to about twice that. None for a file that is broken, too large, or no
    picture of a known format: one bad file never stops a run. `quick` is as below.
    """
    opened = open_picture(path, quick)
    if opened is None:
        return None
    picture, _ = opened
    most = (2 * resolution[0], 2 * resolution[1])
    height, width = reduced_size((picture.height, picture.width), most, framing)
    if (height, width) != (picture.height, picture.width):
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    return frame(np.asarray(picture), resolution, framing)


def open_picture(
    path: Path | BinaryIO, quick: int = 0
) -> tuple[Image.Image, tuple[int, int]] | None:
    """Read a picture as RGB, upright, and tell its full size (h, w); None as above.

    With `quick` a large JPEG comes reduced, to no less than so many pixels a side:
    several times faster.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about damage that does not matter
            return _decode(path, quick)
    except Exception:  # decoders of broken files raise whatever they like
        return None


def _decode(
    path: Path | BinaryIO, quick: int
) -> tuple[Image.Image, tuple[int, int]] | None:
    with Image.open(path, formats=FORMATS) as image:
        full = image.size
        if full[0] * full[1] > MOST_PIXELS or min(full) < 16:
            return None
        if quick:
            image.draft("RGB", (quick, quick))
        reduced = image.size
        picture = _to_rgb(ImageOps.exif_transpose(image))
    turned = picture.size != reduced and picture.size == reduced[::-1]
    return picture, full if turned else full[::-1]


def _to_rgb(image: Image.Image) -> Image.Image:
    """Give 8-bit RGB; what is transparent becomes white, as on a page."""
    if image.mode.startswith("I"):  # 16-bit grey, which Pillow would clip, not scale
        grey = np.asarray(image).astype(np.uint32) >> 8
        return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    picture = image.convert("RGBA")
    paper = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(paper, picture).convert("RGB")


def _centre(
    image: np.ndarray, resolution: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Give the largest centred box (left, top, right, bottom) of the right shape."""
    height, width = image.shape[:2]
    scale = min(height / resolution[0], width / resolution[1])
    h, w = resolution[0] * scale, resolution[1] * scale
    # rounding may make the box a hair larger than the picture
    left, top = max(0.0, (width - w) / 2), max(0.0, (height - h) / 2)
    return left, top, min(width, left + w), min(height, top + h)


def _take(
    image: np.ndarray, box: tuple[float, float, float, float], size: tuple[int, int]
) -> np.ndarray:
    picture = Image.fromarray(image)
    resized = picture.resize((size[1], size[0]), Image.Resampling.BICUBIC, box=box)
    return np.asarray(resized)
