"""A contact sheet: many works on one page, numbered as on the screen."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from studio.export.png import texts_of
from studio.language import say, table
from studio.recipe import Recipe, Seed

if TYPE_CHECKING:
    import numpy as np

    Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
    Ink = tuple[int, int, int]

COLUMNS = 8
LONGEST_SIDE = 256  # pixels of one picture; the works themselves are files
MARGIN, GAP, LINE = 40, 16, 24
KEYWORD = "reverie-sheet"
LED = 3  # amounts in a caption
TITLE_SIZE, TEXT_SIZE = 28, 15
WALL, INK, FAINT = (19, 17, 16), (214, 207, 195), (143, 134, 121)
# Pillow's own letters are Latin; where the system has one of these, Chinese too.
HAN = "\u2e80"  # the first letter that is drawn as Chinese
FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansSC-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "wqy-microhei.ttc",
    "msyh.ttc",
    "PingFang.ttc",
    "DroidSansFallbackFull.ttf",  # no Latin in these two
    "DroidSansFallback.ttf",
)


@dataclass(frozen=True)
class Letters:
    """What words are drawn with: Latin letters, and Chinese where there are any."""

    latin: Font
    han: Font | None

    @classmethod
    def of(cls, size: int) -> Letters:
        """Find the letters of this system, ``size`` pixels high."""
        for name in FONTS:
            try:
                return cls(ImageFont.load_default(size), ImageFont.truetype(name, size))
            except OSError:
                continue
        return cls(ImageFont.load_default(size), None)

    def known(self, text: str) -> str:
        """Leave out what there are no letters for; empty boxes say nothing."""
        for fancy, plain in (("“", '"'), ("”", '"'), ("（", " ("), ("）", ")")):
            text = text.replace(fancy, plain)
        if self.han:
            return text
        latin = text.encode("latin-1", "ignore").decode("latin-1")
        return latin.replace(" ()", "")

    def length(self, text: str) -> int:
        """How long a text is when drawn, in pixels."""
        return math.ceil(sum(f.getlength(part) for f, part in self._parts(text)))

    def fitting(self, text: str, wide: int) -> str:
        """Return as much of a text as is at most ``wide`` pixels long."""
        known = self.known(text)
        while known and self.length(known) > wide:
            known = known[:-1]
        return known.strip()

    def draw(
        self, pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, ink: Ink
    ) -> None:
        """Draw a text on one line, ``at`` being its upper left corner."""
        x, size = float(at[0]), _height(self.latin)
        for font, part in self._parts(text):
            pen.text((x, at[1] + size), part, ink, font, anchor="ls")
            x += font.getlength(part)

    def _parts(self, text: str) -> list[tuple[Font, str]]:
        """A text cut where its letters change, each part with its font."""
        runs = groupby(self.known(text), key=lambda letter: letter >= HAN)
        return [
            (self.han if han and self.han else self.latin, "".join(run))
            for han, run in runs
        ]


@dataclass(frozen=True)
class Entry:
    """One work of a sheet: its number, its recipe, its pixels as uint8 [H, W, 3]."""

    number: int
    recipe: Recipe
    pixels: np.ndarray

    def caption(self, language: str = "en") -> str:
        """Its number, and its seed where it comes from one."""
        source = self.recipe.source
        if not isinstance(source, Seed):
            return f"{self.number}"
        return f"{self.number}  {say('sheet.seed', language, seed=source.seed)}"

    def led(self, language: str = "en") -> str:
        """What it was led to: the strongest amounts along directions."""
        pairs = sorted(self.recipe.amounts.items(), key=lambda pair: -abs(pair[1]))
        return "  ".join(
            f"{_spoken(name, language)} {amount:+.1f}" for name, amount in pairs[:LED]
        )


def draw_sheet(
    entries: Sequence[Entry],
    title: str,
    statement: Mapping[str, str],
    language: str = "en",
) -> bytes:
    """Return a PNG with all ``entries``, a title and what is said of their making.

    ``statement`` holds texts by PNG keyword, see ``statement_of``; its description is
    also written under the works, and the recipes of all lie in the file. Where there
    are no Chinese letters the words are English. Equal arguments and fonts give equal
    bytes.
    """
    letters, large = Letters.of(TEXT_SIZE), Letters.of(TITLE_SIZE)
    language = language if letters.han else "en"
    pictures = [_small(entry.pixels) for entry in entries]
    wide, high = (max(p.size[axis] for p in pictures) for axis in (0, 1))
    columns = min(COLUMNS, math.ceil(math.sqrt(len(pictures))))
    rows = math.ceil(len(pictures) / columns)
    lines = 2 if any(entry.led() for entry in entries) else 1
    step = (wide + GAP, high + lines * LINE + GAP)
    top = MARGIN + TITLE_SIZE + GAP + GAP
    said = statement.get("Description", "made with AI")
    if language != "en":
        said = say("sheet.made", language, title=title)
    across = max(columns * step[0] - GAP, letters.length(said), large.length(title))
    size = (2 * MARGIN + across, top + rows * step[1] + LINE + MARGIN)
    page = Image.new("RGB", size, WALL)
    pen = ImageDraw.Draw(page)
    large.draw(pen, (MARGIN, MARGIN), title, INK)
    for index, (entry, picture) in enumerate(zip(entries, pictures, strict=True)):
        left = MARGIN + index % columns * step[0]
        upper = top + index // columns * step[1]
        page.paste(picture, (left, upper))
        below = upper + high + 4
        letters.draw(pen, (left, below), entry.caption(language), FAINT)
        led = letters.fitting(entry.led(language), wide)
        letters.draw(pen, (left, below + LINE), led, FAINT)
    letters.draw(pen, (MARGIN, top + rows * step[1]), said, INK)
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


def _height(font: Font) -> int:
    return math.ceil(-font.getbbox("X", anchor="ls")[1])


def _spoken(name: str, language: str) -> str:
    """A direction's name as it is said; those without a word keep their own."""
    for key in (f"effect.{name}", f"word.{name}"):
        if key in table(language):
            return say(key, language)
    return name
