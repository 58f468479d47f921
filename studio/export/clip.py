"""Clips: moving pictures that are read frame by frame, through PyAV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.errors import InputError
from studio.export.film import Extras, resample
from studio.export.media import length_of, open_media
from studio.export.metadata import statement_of
from studio.export.sound import Sound, open_sound

if TYPE_CHECKING:
    import av

SUFFIXES = (".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi", ".gif")
LONGEST = 120.0  # seconds
FASTEST = 24  # frames a second: more are left out
MOST_PIXELS = 64_000_000  # of a frame
USUAL_RATE = 12  # frames a second where a clip does not tell


@dataclass(frozen=True)
class Clip:
    """A clip that can be decoded, and how many frames a second are taken of it."""

    path: Path
    seconds: float
    fps: int

    def frames(self, size: tuple[int, int]) -> Iterator[np.ndarray]:
        """Yield its frames upright, cut at the middle to (h, w): uint8 [H,W,3].

        As many as its length asks for, whatever its own times are; what is damaged
        ends it.
        """
        held, count = None, 0
        for time, frame in _decode(self.path):
            while held is not None and count / self.fps < time:
                yield held
                count += 1
            held = resample(_upright(frame), size)
        while held is not None and count < max(1, round(self.seconds * self.fps)):
            yield held
            count += 1


def is_clip(path: Path) -> bool:
    """Tell by its name whether a file is a clip."""
    return path.suffix.lower() in SUFFIXES


def open_clip(path: Path) -> Clip:
    """Look at a clip. Raises InputError where it cannot be read, or is too much."""
    import av

    try:
        with open_media(path) as file:
            if not file.streams.video:
                raise InputError("clip_none", file=path.name)
            stream = file.streams.video[0]
            seconds, rate = length_of(file, stream), stream.average_rate
            first = next(file.decode(stream), None)
    except FileNotFoundError:
        raise InputError("invert_missing", file=str(path)) from None
    except (OSError, ValueError, av.error.FFmpegError):
        raise InputError("clip_broken", file=path.name) from None
    if first is None:
        raise InputError("clip_broken", file=path.name)
    if seconds > LONGEST:
        raise InputError("clip_long", file=path.name, limit=int(LONGEST))
    if first.width * first.height > MOST_PIXELS:
        raise InputError("clip_large", file=path.name)
    return Clip(path, seconds, max(1, min(FASTEST, round(rate or USUAL_RATE))))


def extras_of(clip: Clip, card: Mapping[str, Any]) -> Extras:
    """Give what goes with a film of a clip by the model of a card: sound and rights."""
    said = {"Title": str(card.get("title") or ""), **statement_of(card)}
    return Extras(_sound_of(clip), statement=said)


def _sound_of(clip: Clip) -> Sound | None:
    try:
        return open_sound(clip.path, clip.seconds or None)
    except InputError:  # many clips have none
        return None


def _decode(path: Path) -> Iterator[tuple[float, av.VideoFrame]]:
    """Yield the frames of a clip, and when each is shown, in seconds from the first."""
    import av

    with open_media(path) as file:
        frames, begun = file.decode(file.streams.video[0]), None
        while True:
            try:
                frame = next(frames, None)
            except (OSError, ValueError, av.error.FFmpegError):
                return
            if frame is None:
                return
            time = float(frame.time or 0)
            begun = time if begun is None else begun
            if time - begun > LONGEST:  # its header told another length
                return
            yield time - begun, frame


def _upright(frame: av.VideoFrame) -> np.ndarray:
    """Give a frame as it is to be seen, uint8 [H,W,3]: phones film on their side."""
    pixels = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90)))
