"""A work as a PNG with its whole recipe inside, and the way back.

The recipe is one JSON text in the chunk ``reverie``, beside the final w and the
model's fingerprint. Nothing in the file depends on when or where it was written,
so the same work is the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from studio.errors import PictureError
from studio.export import metadata, png_chunks, saved
from studio.export.saved import SavedWork

if TYPE_CHECKING:
    import numpy as np
    from PIL import PngImagePlugin

KEYWORD = "reverie"
XMP_KEYWORD = "XML:com.adobe.xmp"


def write_png(
    pixels: np.ndarray, content: Mapping[str, Any], statement: Mapping[str, str]
) -> bytes:
    """Return ``pixels`` (uint8 [H, W, 3]) as a PNG that carries its recipe.

    ``content`` is of ``saved.content_of``; ``statement`` holds further texts by PNG
    keyword, see ``statement_of``. Equal arguments give equal bytes.
    """
    from PIL import Image

    texts = texts_of(
        statement,
        {KEYWORD: saved.write_content(content)},
        fingerprint=content["model_fingerprint"],
    )
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", pnginfo=texts)
    return file.getvalue()


def texts_of(
    statement: Mapping[str, str],
    before: Mapping[str, str] | None = None,
    fingerprint: str = "",
) -> PngImagePlugin.PngInfo:
    """Give the text chunks of a file that says how it was made, after others."""
    from PIL import PngImagePlugin

    texts = PngImagePlugin.PngInfo()
    for keyword, text in {**(before or {}), **statement}.items():
        texts.add_itxt(keyword, text)
    texts.add_itxt(XMP_KEYWORD, metadata.packet(statement, fingerprint).decode())
    return texts


def read_png(data: bytes) -> SavedWork:
    """Read a saved work from its bytes; nothing is decoded yet.

    Raises PictureError, or RecipeError where the recipe inside does not hold.
    """
    limit = saved.RECIPE_TEXT_LIMIT
    size, texts = png_chunks.find_texts(data, (KEYWORD, XMP_KEYWORD), limit)
    if not texts[KEYWORD]:
        raise PictureError("picture_no_recipe")
    if len(texts[KEYWORD]) > 1:
        raise PictureError("picture_recipe_damaged")
    work = saved.read_content(texts[KEYWORD][0], size, data, "PNG")
    marks = [metadata.read_packet(text) for text in texts[XMP_KEYWORD][:1]]
    return replace(work, marks=marks[0] if marks else {})
