"""An MP4 of H.264 and AAC through PyAV, written as frames come.

FFmpeg's libraries come inside PyAV's wheels, x264 and AAC included, so that nothing
has to be installed beside Python and no program is run.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.export.metadata import film_tags, mp4_box, packet

if TYPE_CHECKING:
    from studio.export.film import Extras, Format

# Close to what the eye tells apart, and still light enough to send.
CRF, PRESET = "17", "fast"
SOUND_RATE = 48_000
SOUND_BITS = 192_000
BT709 = 1
TEXT_CLOCK = 1000  # ticks a second of subtitles


class Mp4Writer:
    """See `studio.export.film.Writer`."""

    def __init__(self, path: Path, shape: Format, extras: Extras) -> None:
        import av

        self._av, self._path, self._shape, self._extras = av, path, shape, extras
        self._frames = 0
        # The index comes first, so that a film plays before it has all arrived.
        how = {"movflags": "+faststart"}
        self._file = av.open(str(path), "w", format="mp4", options=how)
        self._file.metadata.update(film_tags(extras.statement, extras.document))
        self._video = self._open_video()
        self._sound, self._samples = self._open_sound()
        self._texts = self._open_texts()

    def add(self, pixels: np.ndarray) -> None:
        """Add a frame, uint8 [H, W, 3], and the sound up to it."""
        frame = self._av.VideoFrame.from_ndarray(
            np.ascontiguousarray(pixels), format="rgb24"
        )
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
        frame.colorspace = frame.color_primaries = frame.color_trc = BT709
        frame.pts, frame.time_base = self._frames, Fraction(1, self._shape.fps)
        self._file.mux(self._video.encode(frame))
        self._frames += 1
        self._catch_up(self._frames / self._shape.fps)

    def finish(self) -> None:
        """Write what the encoders still hold, the captions' track and the index."""
        self._file.mux(self._video.encode(None))
        if self._sound is not None:
            self._file.mux(self._sound.encode(None))
        self._file.close()
        # After the last box: players skip what they do not know, exiftool reads it.
        with self._path.open("ab") as file:
            file.write(mp4_box(packet(self._extras.statement)))

    def abandon(self) -> None:
        """Let go of the file; what is wrong with it has been told already."""
        try:
            self._file.close()
        except (OSError, ValueError):
            return

    def _open_video(self) -> Any:
        options = {"crf": CRF, "preset": PRESET}
        stream = self._file.add_stream("libx264", self._shape.fps, options=options)
        stream.height, stream.width = self._shape.size
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = 1  # 16 to 235, as players expect
        return stream

    def _open_sound(self) -> tuple[Any, Iterator[np.ndarray]]:
        if self._extras.sound is None:
            return None, iter(())
        stream = self._file.add_stream("aac", SOUND_RATE, layout="stereo")
        stream.bit_rate = SOUND_BITS
        self._heard = 0
        return stream, self._extras.sound.samples(SOUND_RATE, 2)

    def _open_texts(self) -> Any:
        captions = self._extras.captions
        if captions is None or not captions.track:
            return None
        stream = self._file.add_mux_stream("mov_text")
        stream.time_base = Fraction(1, TEXT_CLOCK)
        self._waiting = list(captions.track)
        return stream

    def _catch_up(self, seconds: float) -> None:
        """Write sound and captions as far as the pictures have come."""
        while self._sound is not None and self._heard < seconds * SOUND_RATE:
            part = next(self._samples, None)  # float32 [2, N]
            if part is None:
                break
            room = round(seconds * SOUND_RATE) - self._heard
            self._add_sound(
                part[:, :room] if part.shape[1] > room + SOUND_RATE else part
            )
        while self._texts is not None and self._waiting:
            if self._waiting[0].start > seconds:
                break
            self._add_text(self._waiting.pop(0))

    def _add_sound(self, part: np.ndarray) -> None:
        frame = self._av.AudioFrame.from_ndarray(
            np.ascontiguousarray(part), format="fltp", layout="stereo"
        )
        frame.sample_rate, frame.pts = SOUND_RATE, self._heard
        frame.time_base = Fraction(1, SOUND_RATE)
        self._heard += part.shape[1]
        self._file.mux(self._sound.encode(frame))

    def _add_text(self, caption: Any) -> None:
        """A sample of 3GPP timed text: its length in bytes, then UTF-8."""
        text = caption.text.encode()[:60_000]
        packet = self._av.Packet(struct.pack(">H", len(text)) + text)
        packet.stream, packet.time_base = self._texts, Fraction(1, TEXT_CLOCK)
        packet.pts = packet.dts = round(caption.start * TEXT_CLOCK)
        packet.duration = round((caption.end - caption.start) * TEXT_CLOCK)
        self._file.mux(packet)
