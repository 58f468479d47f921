"""Sound for films: decoding it, and hearing its loudness, brightness and beats.

Decoded through PyAV in small parts, so that an hour takes no more memory than a
minute. What is heard is one number a frame of the film, from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studio.errors import InputError
from studio.export.media import length_of, open_media

HEARS = ("loudness", "brightness", "beats")
RATE = 22_050  # samples a second that are listened to
WINDOW = 2048  # samples of one spectrum: 93 ms
PART = 16_384  # samples that are handed on at once
SILENCE = 1e-4  # root mean square, of full scale: -80 dB
RANGE_DB = 40.0  # below the loudest, what counts as nothing
FADE = 1.5  # seconds of the end, where a film is shorter than its sound
ATTACK, RELEASE = 0.06, 0.35  # seconds in which a drive rises and falls
BEAT_FALL = 0.28  # seconds in which a beat fades
FLUX_AROUND = 1.0  # seconds around a moment that its onset is compared with


@dataclass(frozen=True)
class Sound:
    """A sound file that can be decoded: ``seconds`` is its length; ``until`` what of
    it is played, with a fade at the end where that is less."""

    path: Path
    seconds: float
    until: float

    def samples(self, rate: int, channels: int) -> Iterator[np.ndarray]:
        """Yield float32 [channels, N] in -1..1, up to ``until``."""
        end, at = round(self.until * rate), 0
        fades = self.until < self.seconds - 0.1
        for part in _decode(self.path, rate, channels):
            part = part[:, : end - at]
            if fades and at + part.shape[1] > end - FADE * rate:
                left = end - at - np.arange(part.shape[1])
                part = part * np.clip(left / (FADE * rate), 0, 1).astype(np.float32)
            at += part.shape[1]
            if part.shape[1]:
                yield part
            if at >= end:
                return


@dataclass(frozen=True)
class Hearing:
    """What is heard at each frame, float32 [frames] each, 0 to 1; all 0 in silence."""

    loudness: np.ndarray
    brightness: np.ndarray
    beats: np.ndarray

    @property
    def silent(self) -> bool:
        """Whether there is nothing to hear."""
        return not self.loudness.any()


def open_sound(path: Path, until: float | None = None) -> Sound:
    """Look at a sound file. Raises InputError where there is no sound to decode."""
    import av

    try:
        if not path.stat().st_size:
            raise InputError("sound_empty", file=path.name)
        with open_media(path) as file:
            if not file.streams.audio:
                raise InputError("sound_none", file=path.name)
            stream = file.streams.audio[0]
            told = length_of(file, stream)
            first = next(file.decode(stream), None)
    except FileNotFoundError:
        raise InputError("sound_missing", file=path.name) from None
    except (OSError, ValueError, av.error.FFmpegError):
        raise InputError("sound_broken", file=path.name) from None
    if first is None:
        raise InputError("sound_broken", file=path.name)
    seconds = told or sum(part.shape[1] for part in _decode(path, RATE, 1)) / RATE
    if seconds <= 0:
        raise InputError("sound_empty", file=path.name)
    return Sound(path, seconds, min(seconds, until or seconds))


def _decode(path: Path, rate: int, channels: int) -> Iterator[np.ndarray]:
    """Yield float32 [channels, N]; what is damaged ends it."""
    import av

    layout = "mono" if channels == 1 else "stereo"
    resampler = av.AudioResampler("fltp", layout, rate, frame_size=PART)
    with open_media(path) as file:
        stream = file.streams.audio[0]
        frames = file.decode(stream)
        while True:
            try:
                frame = next(frames, None)
                if frame is not None:
                    frame.pts = None  # gaps in a damaged file are closed
                parts = resampler.resample(frame)
            except (OSError, ValueError, av.error.FFmpegError):
                return
            yield from (part.to_ndarray() for part in parts)
            if frame is None:
                return


def listen(sound: Sound, fps: int, frames: int) -> Hearing:
    """Hear a sound at each of ``frames`` moments of a film."""
    levels = np.zeros(frames, np.float32)
    centroids = np.zeros(frames, np.float32)
    flux = np.zeros(frames, np.float32)
    before = np.zeros(WINDOW // 2 + 1, np.float32)
    shape = np.hanning(WINDOW).astype(np.float32)
    pitch = np.log2(np.maximum(np.fft.rfftfreq(WINDOW, 1 / RATE), 30.0))
    for index, window in enumerate(_windows(sound, fps, frames)):
        levels[index] = np.sqrt(np.mean(window**2))
        spectrum = np.abs(np.fft.rfft(window * shape)).astype(np.float32)
        if (whole := spectrum.sum()) > 0:
            centroids[index] = float((spectrum * pitch).sum() / whole)
        heard = np.log1p(100 * spectrum / WINDOW)
        flux[index] = np.maximum(heard - before, 0).sum()
        before = heard
    if levels.max(initial=0) < SILENCE:
        nothing = np.zeros(frames, np.float32)
        return Hearing(nothing, nothing, nothing)
    audible = levels > levels.max() * 10 ** (-RANGE_DB / 20)
    return Hearing(
        _follow(_loudness(levels), fps),
        _follow(_spread(centroids, audible), fps),
        _beats(flux, fps),
    )


def _windows(sound: Sound, fps: int, frames: int) -> Iterator[np.ndarray]:
    """Yield what sounds around each frame, float32 [WINDOW], silence at the edges."""
    held = np.zeros(WINDOW // 2, np.float32)
    start = -(WINDOW // 2)  # where in the sound `held` begins
    parts = sound.samples(RATE, 1)
    for index in range(frames):
        first = round(index * RATE / fps) - WINDOW // 2
        while start + len(held) < first + WINDOW:
            part = next(parts, None)
            silence = np.zeros((1, WINDOW), np.float32)
            held = np.concatenate([held, (silence if part is None else part)[0]])
        held, start = held[first - start :], first
        yield held[:WINDOW]


def _loudness(levels: np.ndarray) -> np.ndarray:
    decibels = 20 * np.log10(np.maximum(levels / levels.max(), 1e-6))
    return np.clip(1 + decibels / RANGE_DB, 0, 1).astype(np.float32)


def _spread(values: np.ndarray, audible: np.ndarray) -> np.ndarray:
    """Give values from 0 to 1 between what is low and what is high in this sound."""
    low, high = np.percentile(values[audible], (5, 95))
    if high - low < 0.05:  # of an octave: a sound that never changes its colour
        return np.where(audible, np.float32(0.5), np.float32(0))
    spread = np.clip((values - low) / (high - low), 0, 1)
    return np.where(audible, spread, 0).astype(np.float32)


def _follow(values: np.ndarray, fps: int) -> np.ndarray:
    """Smooth, quicker upwards than downwards, so that nothing flickers."""
    followed, level = np.empty_like(values), 0.0
    for index, value in enumerate(values):
        time = ATTACK if value > level else RELEASE
        level += (float(value) - level) * (1 - np.exp(-1 / (fps * time)))
        followed[index] = level
    return followed


def _beats(flux: np.ndarray, fps: int) -> np.ndarray:
    """Give pulses at onsets: peaks of spectral flux above what is usual around them.

    (Dixon, Onset detection revisited, DAFx 2006, section 2.6.)
    """
    around = max(1, round(FLUX_AROUND * fps))
    padded = np.pad(flux, around // 2, mode="edge")
    sums = np.cumsum(np.concatenate([[0.0], padded]))
    usual = (sums[around:] - sums[:-around])[: len(flux)] / around
    strong = flux - 1.4 * usual - 0.02 * flux.max()
    beats, level = np.zeros(len(flux), np.float32), 0.0
    most = max(float(strong.max()), 1e-9)
    for index in range(len(flux)):
        near = strong[max(0, index - 2) : index + 3]
        level *= float(np.exp(-1 / (fps * BEAT_FALL)))
        if strong[index] > 0 and strong[index] == near.max():
            level = max(level, min(1.0, 0.4 + 0.6 * float(strong[index]) / most))
        beats[index] = level
    return beats
