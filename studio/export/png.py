"""A work as a PNG with its whole recipe inside, and the way back.

The recipe is one JSON text in the chunk ``reverie``, beside the final w and the
model's fingerprint. Nothing in the file depends on when or where it was written,
so the same work is the same bytes.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from studio import recipe_fields as fields
from studio.errors import PictureError, RecipeError
from studio.export import png_chunks
from studio.recipe import Recipe, read_json

if TYPE_CHECKING:
    import numpy as np
    from PIL import PngImagePlugin

    from studio.model import Model

KEYWORD = "reverie"
FILE_LIMIT_MB = 64
RECIPE_TEXT_LIMIT = 4 * 1024 * 1024
MATCH_DIFFERENCE = 2
W_TOLERANCE = 0.01  # of a w whose numbers are about 1

# The code of IPTC for "made by a trained model", which picture tools and social
# networks look for: cv.iptc.org/newscodes/digitalsourcetype.
_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
   <xmp:CreatorTool>Reverie</xmp:CreatorTool>
   <Iptc4xmpExt:DigitalSourceType>{kind}</Iptc4xmpExt:DigitalSourceType>
   <dc:description><rdf:Alt>
    <rdf:li xml:lang="x-default">{description}</rdf:li>
   </rdf:Alt></dc:description>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


@dataclass(frozen=True)
class SavedWork:
    """A work read back from its file; the pixels are decoded only when asked for.

    ``w`` is one row of w_dim numbers or one row a layer; ``size`` is (height,
    width) in pixels.
    """

    recipe: Recipe
    fingerprint: str
    w: tuple[tuple[float, ...], ...]
    size: tuple[int, int]
    data: bytes = field(repr=False)

    @property
    def pixels(self) -> np.ndarray:
        """The picture as uint8 [H, W, 3]. Raises PictureError if it is damaged."""
        return _decode(self.data)


@dataclass(frozen=True)
class Comparison:
    """How a file relates to what its recipe makes here and now.

    ``max_abs_difference`` is the largest difference of any channel of any pixel,
    0 to 255, or None when the sizes differ.
    """

    identical: bool
    match: bool
    max_abs_difference: int | None


def statement_of(card: Mapping[str, Any]) -> dict[str, str]:
    """Return what a file says of its making, as PNG text keywords, from a card."""
    title = str(card.get("title") or card.get("name") or "a trained model")
    made = f"Made with AI (人工智能生成): by the model “{title}” in Reverie."
    said = {"Software": "Reverie", "Description": made, "Comment": "made with AI"}
    data = card.get("data") or {}
    told = (data.get(key) for key in ("description", "rights", "source"))
    if pictures := " ".join(text for text in told if isinstance(text, str)):
        said["Source"] = f"Trained on these pictures: {pictures}"
    return said


def write_png(
    pixels: np.ndarray,
    recipe: Recipe,
    *,
    style: np.ndarray,
    fingerprint: str,
    statement: Mapping[str, str],
) -> bytes:
    """Return ``pixels`` (uint8 [H, W, 3]) as a PNG that carries its recipe.

    ``style`` is the final w, float32 [layers, w_dim]; ``statement`` holds further
    texts by PNG keyword, see ``statement_of``. Equal arguments give equal bytes.
    """
    from PIL import Image

    content = {
        "recipe": recipe.to_dict(),
        "model_fingerprint": fingerprint,
        "w": _rows_of(style),
    }
    recipe_text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    texts = texts_of(statement, {KEYWORD: recipe_text})
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", pnginfo=texts)
    return file.getvalue()


def texts_of(
    statement: Mapping[str, str], before: Mapping[str, str] | None = None
) -> PngImagePlugin.PngInfo:
    """Give the text chunks of a file that says how it was made, after others."""
    from PIL import PngImagePlugin

    texts = PngImagePlugin.PngInfo()
    for keyword, text in {**(before or {}), **statement}.items():
        texts.add_itxt(keyword, text)
    texts.add_itxt("XML:com.adobe.xmp", xmp_of(statement))
    return texts


def xmp_of(statement: Mapping[str, str], document: str = "") -> str:
    """Give the XMP that marks a file as made by a model; ``document`` is a film's."""
    description = escape(statement.get("Description", "made with AI"))
    xmp = _XMP.format(kind=_SOURCE_TYPE, description=description)
    if not document:
        return xmp
    own = f'<film xmlns="urn:reverie">{escape(document)}</film>'
    return xmp.replace("</rdf:Description>", f"{own}</rdf:Description>")


def read_png(source: bytes | Path) -> SavedWork:
    """Read a saved work from its bytes or its path; nothing is decoded yet.

    Accepts PNG only, at most 64 MB and 4096 x 4096 pixels by its header. Raises
    PictureError, or RecipeError where the recipe inside does not hold.
    """
    data = source if isinstance(source, bytes) else _load(source)
    if len(data) > FILE_LIMIT_MB * 2**20:
        raise PictureError("picture_too_heavy", limit=FILE_LIMIT_MB)
    size, text = png_chunks.find_text(data, KEYWORD, RECIPE_TEXT_LIMIT)
    content = _read_content(text)
    recipe = Recipe.from_dict(content["recipe"])
    if recipe.fingerprint != content["model_fingerprint"]:
        raise PictureError("picture_recipe_damaged")
    return SavedWork(recipe, recipe.fingerprint, content["w"], size, data)


def save_work(model: Model, recipe: Recipe) -> bytes:
    """Render ``recipe`` canonically and return its PNG. Raises RecipeError."""
    return write_png(
        model.render_canonical(recipe),
        recipe,
        style=model.style(recipe),
        fingerprint=model.fingerprint,
        statement=statement_of(model.card),
    )


def verify(model: Model, work: SavedWork) -> Comparison:
    """Render ``work`` again and compare the pixels.

    Identical: the same bytes. Match: no pixel off by more than 2, which other
    hardware may cause. Raises RecipeError when the model has changed since.
    """
    import numpy as np

    saved = work.pixels
    model.check(work.recipe)
    made = model.render_canonical(work.recipe)
    if made.shape != saved.shape:
        return Comparison(False, False, None)
    gap = int(np.abs(made.astype(np.int16) - saved.astype(np.int16)).max())
    return Comparison(gap == 0, gap <= MATCH_DIFFERENCE, gap)


def is_consistent(model: Model, work: SavedWork) -> bool:
    """Tell whether the final w in a file is the one that its recipe gives.

    They differ where somebody changed the one and not the other. Other hardware adds
    in another order, which moves w by far less. Raises RecipeError where the recipe
    does not fit the model.
    """
    import numpy as np

    style, noted = model.style(work.recipe), np.array(work.w, dtype=np.float32)
    if work.recipe.amounts.keys() & {direction.name for direction in model.named}:
        return True  # words may have been found anew since; `show --verify` tells
    if noted.shape[1] != style.shape[1] or len(noted) not in (1, len(style)):
        return False
    return bool(np.abs(style - noted).max() <= W_TOLERANCE)


def _rows_of(style: np.ndarray) -> list[list[float]]:
    rows = style if (style != style[0]).any() else style[:1]
    # The text of a float32 is the shortest that reads back as the same float32.
    return [[float(str(number)) for number in row] for row in rows]


def _load(path: Path) -> bytes:
    try:
        # Looked at before reading: nobody meant to load a film of 40 GB.
        if path.stat().st_size > FILE_LIMIT_MB * 2**20:
            raise PictureError("picture_too_heavy", limit=FILE_LIMIT_MB)
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise PictureError("cannot_read", path=path, reason=reason) from None
    except ValueError:
        raise PictureError("cannot_read", path=path, reason="null byte") from None


def _read_content(text: bytes) -> dict[str, Any]:
    try:
        content = fields.an_object(read_json(text, RECIPE_TEXT_LIMIT), KEYWORD)
        fields.a_fingerprint(content["model_fingerprint"])
        fields.an_object(content["recipe"], "recipe")
        return {**content, "w": fields.a_table(content["w"], "w")}
    except (RecipeError, KeyError):
        raise PictureError("picture_recipe_damaged") from None


def _decode(data: bytes) -> np.ndarray:
    import numpy as np
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise PictureError("picture_pixels") from error
