"""Opening films and sounds that somebody brings, through PyAV.

FFmpeg believes a file's content, not its name, and a list of other files is a format
like others: one that names itself would be opened until nothing more can be. So only
containers that hold their own content are opened.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av.container import InputContainer

CONTAINERS = (
    "mov", "matroska", "webm", "avi", "gif", "mpegts", "asf", "flv",
    "png_pipe", "jpeg_pipe", "webp_pipe",  # which have no sound, and are told so
    "mp3", "wav", "w64", "flac", "ogg", "aac", "aiff", "caf", "au", "ac3",
)  # fmt: skip


def open_media(path: Path) -> InputContainer:
    """Open a file to decode. Raises OSError, ValueError, and PyAV's own errors."""
    import av

    options = {"format_whitelist": ",".join(CONTAINERS)}
    return av.open(str(path), options=options)


def length_of(file: Any, stream: Any) -> float:
    """Give how long a stream of an open file is, in seconds; 0 where nothing tells."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return file.duration / 1e6 if file.duration else 0.0
