"""Captions: sentences set on a film, in a real typeface, whole and in time.

The letters are Noto Serif SC (SIL Open Font License), which has Latin, Greek, Cyrillic,
kana and Chinese, from a package of its own, so that every machine sets the same film. A
caption with a sign that no font here has is not drawn with boxes: it goes into a track
of text that players show with the fonts of their system.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

FADE = 0.8  # seconds
LETTER = 0.047  # of the picture's height; less where that is too much
READABLE, SMALLEST = 11, 4  # pixels
WIDTH, LINES, LEADING = 0.86, 4, 1.42
BOTTOM = 0.07  # of the height, below the last line
INK, SHADE = (246, 240, 228), (8, 7, 6)
# No line begins with these, and none ends with those.
NOT_FIRST = "，。！？；：、）》」』”’…—％,.!?;:)]}%"
NOT_LAST = "（《「『“‘([{"
# Where the package's letters do not suffice: what systems often have.
OTHERS = (
    "NotoSans-Regular.ttf",
    "DejaVuSans.ttf",
    "NotoSansCJK-Regular.ttc",
    "malgun.ttf",
    "AppleSDGothicNeo.ttc",
    "Arial Unicode.ttf",
)

Font = ImageFont.FreeTypeFont
Length = Callable[[str], float]


@dataclass(frozen=True)
class Caption:
    """A sentence and when it is read, in seconds."""

    text: str
    start: float
    end: float


class Captions:
    """All captions of a film of ``size`` (height, width), drawn where they can be."""

    def __init__(self, captions: Sequence[Caption], size: tuple[int, int]) -> None:
        self._size = size
        told = [replace(caption, text=_printable(caption.text)) for caption in captions]
        kept = [caption for caption in told if caption.text]
        self.drawn = [c for c in kept if find_font(c.text)]
        #: What goes into a track of text; empty where everything could be drawn.
        self.track = [c for c in kept if not find_font(c.text)]
        self._at = 0

    def draw(self, pixels: np.ndarray, seconds: float) -> np.ndarray:
        """Give pixels [H, W, 3] with what is read at that moment; moments go on."""
        while self._at < len(self.drawn) and self.drawn[self._at].end <= seconds:
            self._at += 1
        if self._at == len(self.drawn) or self.drawn[self._at].start > seconds:
            return pixels
        caption = self.drawn[self._at]
        strength = _strength(caption, seconds)
        top, ink, cover = _set(caption.text, self._size)
        result = pixels.copy()
        band = result[top : top + len(ink)].astype(np.float32)
        result[top : top + len(ink)] = band + strength * cover * (ink - band) + 0.5
        return result


def _printable(text: str) -> str:
    """Give a text on one line, without what has no look of its own."""
    spaced = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(spaced.split())


def _strength(caption: Caption, seconds: float) -> float:
    fade = min(FADE, (caption.end - caption.start) / 3)
    inside = min(seconds - caption.start, caption.end - seconds)
    share = max(0.0, min(1.0, inside / fade)) if fade else 1.0
    return share * share * (3 - 2 * share)


@lru_cache(maxsize=4)
def _set(text: str, size: tuple[int, int]) -> tuple[int, np.ndarray, np.ndarray]:
    """Set a text: top row, colours [h, W, 3] and cover [h, W, 1], float32."""
    height, width = size
    font, lines = _fit(text, size)
    line = font.size * LEADING
    block = round(line * len(lines))
    room = round(font.size * 1.6)  # above, where the shade begins
    foot = round(height * BOTTOM)
    top = max(0, height - foot - block - room)
    letters = Image.new("L", (width, height - top), 0)
    pen = ImageDraw.Draw(letters)
    for index, words in enumerate(lines):
        y = height - top - foot - block + line * (index + 0.5)
        pen.text((width / 2, y), words, fill=255, font=font, anchor="mm")
    soft = letters.filter(ImageFilter.GaussianBlur(font.size / 3))
    # Thin strokes of small letters are only half covered; they shall still be bright.
    ink = np.minimum(1.0, np.asarray(letters, np.float32)[..., None] / 200)
    # A shade that follows the letters and one that rises from the edge: read on snow.
    halo = np.minimum(1.0, np.asarray(soft, np.float32)[..., None] / 255 * 1.5)
    ramp = np.linspace(0, 1, len(halo), dtype=np.float32)[:, None, None]
    shade = np.maximum(0.75 * halo, 0.42 * np.minimum(1, 1.6 * ramp))
    cover = ink + (1 - ink) * shade
    colour = (ink * INK + (1 - ink) * shade * SHADE) / np.maximum(cover, 1e-6)
    return top, colour.astype(np.float32), cover.astype(np.float32)


def _fit(text: str, size: tuple[int, int]) -> tuple[Font, list[str]]:
    """Find the largest letters at which the whole text has its place."""
    height, width = size
    letter = max(READABLE, round(height * LETTER))
    while True:
        font = find_font(text, letter)
        assert font is not None
        lines = wrap(text, font.getlength, WIDTH * width)
        tall = len(lines) * letter * LEADING > 0.6 * height
        few = len(lines) <= LINES or letter <= max(READABLE, 0.6 * LETTER * height)
        if letter <= SMALLEST or (few and not tall):
            return font, lines
        letter -= 1


def wrap(text: str, measure: Length, width: float) -> list[str]:
    """Break a text into lines of about the same length, none over ``width``.

    ``measure`` gives how long a row of letters is.
    """
    count = len(_greedy(text, measure, width))
    if count == 1:
        return [text]
    # The narrowest width that needs no more lines: a last word is not left alone.
    low, high = width / count / 2, width
    for _ in range(12):
        middle = (low + high) / 2
        if len(_greedy(text, measure, middle)) > count:
            low = middle
        else:
            high = middle
    return _greedy(text, measure, high)


def _greedy(text: str, measure: Length, width: float) -> list[str]:
    lines, line = [], ""
    for piece in _pieces(text):
        if line and measure((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
        while measure(line.rstrip()) > width and len(line) > 1:
            # One word that is longer than a line.
            cut = max(1, math.floor(len(line) * width / measure(line)))
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> list[str]:
    """Give what stays together: words with their space, single signs of Chinese."""
    pieces: list[str] = []
    for sign in text:
        before = pieces[-1][-1] if pieces else " "
        wide = _is_wide(sign) or _is_wide(before)
        apart = before == " " or (wide and sign not in NOT_FIRST and sign != " ")
        if not pieces or (apart and before not in NOT_LAST):
            pieces.append(sign)
        else:
            pieces[-1] += sign
    return pieces


def _is_wide(sign: str) -> bool:
    return (
        "\u2e80" <= sign <= "\u9fff" or "\uf900" <= sign <= "\uffef" or sign > "\uffff"
    )


def find_font(text: str, size: int = 16) -> Font | None:
    """Give a font that has every sign of a text, None where there is none."""
    signs = frozenset(
        sign for sign in text if not sign.isspace() and sign.isprintable()
    )
    for name in ("", *OTHERS):
        font = _load(name, size)
        if font is not None and all(_has(name, sign) for sign in signs):
            return font
    return None


@lru_cache(maxsize=32)
def _load(name: str, size: int) -> Font | None:
    try:
        if name:
            return ImageFont.truetype(name, size)
        from pylopdf_fonts_zh_cn import serif_path

        return ImageFont.truetype(str(serif_path()), size)
    except (OSError, ImportError):
        return None


@cache
def _box(name: str) -> bytes:
    """The picture of a sign that no font has."""
    font = _load(name, 24)
    return bytes(font.getmask("\U0010fffe")) if font else b""


@lru_cache(maxsize=8192)
def _has(name: str, sign: str) -> bool:
    font = _load(name, 24)
    return font is not None and bytes(font.getmask(sign)) != _box(name)
