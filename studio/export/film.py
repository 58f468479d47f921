"""Films: frames go to disk as they are made, and nothing is kept but the newest few.

Whoever renders hands in a function that takes recipes and gives the future of their
pixels: while one part is compressed and written, the next is being rendered.
"""

from __future__ import annotations

import contextlib
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PIL import Image, ImageOps

from studio.errors import InputError
from studio.recipe import Recipe

if TYPE_CHECKING:
    import numpy as np

    from studio.export.captions import Captions
    from studio.export.sound import Sound

BATCH = 8  # as many as a decoder takes well; more would only keep others waiting
FRAMES_PER_SECOND = (1, 60)
SIDE = (32, 2160)  # pixels
LONGEST = 1800.0  # seconds
SUFFIXES = (".mp4", ".webp")

Render = Callable[[Sequence[Recipe]], "Future[np.ndarray]"]


class FilmStopped(Exception):
    """Somebody did not want the film any more."""


@dataclass(frozen=True)
class Format:
    """What a film shall be: ``size`` is (height, width), even for H.264."""

    size: tuple[int, int]
    fps: int = 24

    @classmethod
    def of(cls, size: tuple[int, int], fps: int) -> Format:
        """Check both, and make sides even. Raises InputError."""
        low, high = SIDE
        if not all(low <= side <= high for side in size):
            raise InputError("film_size", low=low, high=high)
        slowest, fastest = FRAMES_PER_SECOND
        if not slowest <= fps <= fastest:
            raise InputError("film_fps", low=slowest, high=fastest)
        return cls((size[0] // 2 * 2, size[1] // 2 * 2), fps)


@dataclass(frozen=True)
class Extras:
    """What goes with the pictures: sound, captions, and what the file says of itself.

    ``statement`` is by PNG keyword, as `statement_of` gives it; ``document`` is JSON
    with all that is needed to make the film again.
    """

    sound: Sound | None = None
    captions: Captions | None = None
    statement: dict[str, str] = field(default_factory=dict)
    document: str = ""


class Writer(Protocol):
    """A film file that is being written."""

    def add(self, pixels: np.ndarray) -> None:
        """Add a frame, uint8 [H, W, 3]."""

    def finish(self) -> None:
        """Write what comes last; the file is whole then."""

    def abandon(self) -> None:
        """Let go of the file, whatever state it is in."""


def count_frames(seconds: float, fps: int) -> int:
    """Give how many frames that is, at least one. Raises InputError for too long."""
    if seconds > LONGEST:
        raise InputError("film_seconds", limit=int(LONGEST // 60))
    return max(1, round(seconds * fps))


def shoot(
    recipes: Iterable[Recipe], render: Render, together: int = BATCH
) -> Iterator[np.ndarray]:
    """Yield the pixels of recipes, uint8 [H, W, 3], always rendering one part ahead."""
    waiting: deque[Future[np.ndarray]] = deque()
    parts = iter(recipes)
    try:
        while part := list(islice(parts, together)):
            waiting.append(render(part))
            if len(waiting) > 1:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def write_film(
    path: Path,
    frames: Iterable[np.ndarray],
    shape: Format,
    extras: Extras | None = None,
    progress: Callable[[int], bool] = lambda done: True,
) -> int:
    """Write frames to an MP4 (H.264, AAC) or an animated WebP; give their number.

    ``progress`` hears how many frames are done and says whether to go on; where it
    does not, FilmStopped is raised. The file appears whole or not at all. Raises
    InputError where it cannot be written.
    """
    extras = extras or Extras()
    beside = path.with_name(f".{path.stem[:24]}-{secrets.token_hex(4)}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        count = _write(beside, frames, shape, extras, progress)
        beside.replace(path)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or type(problem).__name__
        raise InputError("cannot_write", path=path, reason=reason) from problem
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()
    return count


def check_suffix(path: Path) -> Path:
    """Give the path if it ends as a film does. Raises InputError."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputError("output_not_film", path=path)
    return path


def _write(
    path: Path,
    frames: Iterable[np.ndarray],
    shape: Format,
    extras: Extras,
    progress: Callable[[int], bool],
) -> int:
    count = 0
    with contextlib.ExitStack() as stack:
        writer = _open_writer(path, shape, extras)
        stack.callback(writer.abandon)
        for pixels in frames:
            if not progress(count):
                raise FilmStopped
            fitted = resample(pixels, shape.size)
            if extras.captions is not None:
                fitted = extras.captions.draw(fitted, count / shape.fps)
            writer.add(fitted)
            count += 1
        if not progress(count):
            raise FilmStopped
        writer.finish()
    return count


def _open_writer(path: Path, shape: Format, extras: Extras) -> Writer:
    if path.suffix.lower() == ".webp":
        from studio.export.webp import WebpWriter

        return WebpWriter(path, shape, extras)
    from studio.export.mp4 import Mp4Writer

    return Mp4Writer(path, shape, extras)


def resample(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Give pixels [H, W, 3] at (height, width); what juts out is cut at the middle."""
    import numpy as np

    if pixels.shape[:2] == size:
        return pixels
    target = (size[1], size[0])
    picture = Image.fromarray(pixels)
    return np.asarray(ImageOps.fit(picture, target, Image.Resampling.LANCZOS))
