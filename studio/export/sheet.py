"""A contact sheet: many works on one page, numbered as on the screen."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from studio.export.png import texts_of
from studio.recipe import Recipe, Seed

if TYPE_CHECKING:
    import numpy as np

    Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

COLUMNS = 8
LONGEST_SIDE = 256  # pixels of one picture; the works themselves are files
MARGIN, GAP, LINE = 40, 16, 24
KEYWORD = "reverie-sheet"
LED = 3  # amounts in a caption
TITLE_SIZE, TEXT_SIZE = 28, 15
WALL, INK, FAINT = (19, 17, 16), (214, 207, 195), (143, 134, 121)
# Pillow's own letters are Latin; where the system has one of these, Chinese too.
FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansSC-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "wqy-microhei.ttc",
    "msyh.ttc",
    "PingFang.ttc",
)


@dataclass(frozen=True)
class Entry:
    """One work of a sheet: its number, its recipe, its pixels as uint8 [H, W, 3]."""

    number: int
    recipe: Recipe
    pixels: np.ndarray

    @property
    def caption(self) -> str:
        """Its number, and its seed where it comes from one."""
        source = self.recipe.source
        seed = f"  seed {source.seed}" if isinstance(source, Seed) else ""
        return f"{self.number}{seed}"

    @property
    def led(self) -> str:
        """What it was led to: the strongest amounts along directions."""
        pairs = sorted(self.recipe.amounts.items(), key=lambda pair: -abs(pair[1]))
        return "  ".join(f"{name} {amount:+.1f}" for name, amount in pairs[:LED])


def draw_sheet(
    entries: Sequence[Entry], title: str, statement: Mapping[str, str]
) -> bytes:
    """Return a PNG with all ``entries``, a title and what is said of their making.

    ``statement`` holds texts by PNG keyword, see ``statement_of``; its description is
    also written under the works, and the recipes of all lie in the file. Equal
    arguments and fonts give equal bytes.
    """
    pictures = [_small(entry.pixels) for entry in entries]
    wide, high = (max(p.size[axis] for p in pictures) for axis in (0, 1))
    columns = min(COLUMNS, math.ceil(math.sqrt(len(pictures))))
    rows = math.ceil(len(pictures) / columns)
    lines = 2 if any(entry.led for entry in entries) else 1
    step = (wide + GAP, high + lines * LINE + GAP)
    top = MARGIN + TITLE_SIZE + GAP + GAP
    said = statement.get("Description", "made with AI")
    letters, large = _font(TEXT_SIZE), _font(TITLE_SIZE)
    across = max(columns * step[0] - GAP, _length(said, letters), _length(title, large))
    size = (2 * MARGIN + across, top + rows * step[1] + LINE + MARGIN)
    page = Image.new("RGB", size, WALL)
    pen = ImageDraw.Draw(page)
    pen.text((MARGIN, MARGIN), _known(title, large), INK, large)
    for index, (entry, picture) in enumerate(zip(entries, pictures, strict=True)):
        left = MARGIN + index % columns * step[0]
        upper = top + index // columns * step[1]
        page.paste(picture, (left, upper))
        pen.text((left, upper + high + 4), entry.caption, FAINT, letters)
        led = _fitting(entry.led, letters, wide)
        pen.text((left, upper + high + 4 + LINE), led, FAINT, letters)
    pen.text((MARGIN, top + rows * step[1]), _known(said, letters), INK, letters)
    file = io.BytesIO()
    works = [{"number": e.number, "recipe": e.recipe.to_dict()} for e in entries]
    told = {KEYWORD: json.dumps(works, ensure_ascii=False, allow_nan=False)}
    mark = entries[0].recipe.fingerprint
    page.save(file, "PNG", pnginfo=texts_of(statement, told, mark))
    return file.getvalue()


def _small(pixels: np.ndarray) -> Image.Image:
    picture = Image.fromarray(pixels)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return picture


def _font(size: int) -> Font:
    for name in FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _fitting(text: str, font: Font, wide: int) -> str:
    """Return as much of a caption as stands under its picture (pixels)."""
    known = _known(text, font)
    while known and _length(known, font) > wide:
        known = known[:-1]
    return known.strip()


def _length(text: str, font: Font) -> int:
    return math.ceil(font.getlength(_known(text, font)))


def _known(text: str, font: Font) -> str:
    """Leave out what the font has no letters for; empty boxes say nothing."""
    if isinstance(getattr(font, "path", None), str):  # a file of the system's
        return text
    for fancy, plain in (("“", '"'), ("”", '"'), ("（", "("), ("）", ")")):
        text = text.replace(fancy, plain)
    latin = text.encode("latin-1", "ignore").decode("latin-1")
    return latin.replace(" ()", "")
