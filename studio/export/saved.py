"""A work in a file: what stands beside its pixels, whatever the format."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio import recipe_fields as fields
from studio.errors import InputError, PictureError, RecipeError
from studio.recipe import Recipe, read_json

if TYPE_CHECKING:
    import numpy as np

FILE_LIMIT_MB = 64
RECIPE_TEXT_LIMIT = 4 * 1024 * 1024  # bytes
SCALES = (1, 2, 4)
ENLARGER = "realesrgan-x4plus"
# Pillow's names; a quality of 100 is lossless as WebP.
SUFFIXES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
QUALITY = 95


@dataclass(frozen=True)
class Form:
    """How a work is written: its format, how many times enlarged, how coarsely.

    ``quality`` is 1 to 100 and means nothing to PNG. ``scale`` is 1, 2 or 4.
    """

    kind: str = "PNG"
    scale: int = 1
    quality: int = QUALITY

    @property
    def exact(self) -> bool:
        """Whether every pixel is written as it was made."""
        return self.kind == "PNG" or (self.kind == "WEBP" and self.quality == 100)

    @property
    def suffix(self) -> str:
        """The end of a file's name, with its dot."""
        return next(end for end, kind in SUFFIXES.items() if kind == self.kind)

    @classmethod
    def read(cls, kind: object, scale: object = 1, quality: object = QUALITY) -> Form:
        """Check a form that anybody may have asked for. Raises InputError."""
        if kind not in SUFFIXES.values():
            raise InputError("form_kind", value=kind)
        if type(scale) is not int or scale not in SCALES:
            raise InputError("form_scale", value=scale)
        if type(quality) is not int or not 1 <= quality <= 100:
            raise InputError("form_quality", value=quality)
        return cls(str(kind), scale, quality)


@dataclass(frozen=True)
class SavedWork:
    """A work read back from its file; the pixels are decoded only when asked for.

    ``w`` is one row of w_dim numbers or one row a layer; ``size`` is (height,
    width) in pixels; ``marks`` are the properties of its XMP by prefixed name.
    """

    recipe: Recipe
    fingerprint: str
    w: tuple[tuple[float, ...], ...]
    size: tuple[int, int]
    data: bytes = field(repr=False)
    form: Form = field(default_factory=Form)
    marks: Mapping[str, str] = field(default_factory=dict)

    @property
    def pixels(self) -> np.ndarray:
        """The picture as uint8 [H, W, 3]. Raises PictureError if it is damaged."""
        return decode(self.data, self.form.kind)


def content_of(
    recipe: Recipe, style: np.ndarray, fingerprint: str, form: Form
) -> dict[str, Any]:
    """Return what a file says under ``reverie``, as plain data.

    ``style`` is the final w, float32 [layers, w_dim]. What makes other pixels than
    the recipe alone is told too.
    """
    content: dict[str, Any] = {
        "recipe": recipe.to_dict(),
        "model_fingerprint": fingerprint,
        "w": _rows_of(style),
    }
    if form.scale > 1:
        content["print"] = {"scale": form.scale, "enlarger": ENLARGER}
    if not form.exact:
        content["quality"] = form.quality
    return content


def read_content(
    text: bytes | str, size: tuple[int, int], data: bytes, kind: str
) -> SavedWork:
    """Check what a file says under ``reverie``.

    Raises PictureError, or RecipeError where the recipe inside does not hold.
    """
    content = _checked(text)
    recipe = Recipe.from_dict(content["recipe"])
    if recipe.fingerprint != content["model_fingerprint"]:
        raise PictureError("picture_recipe_damaged")
    form = _form_of(content, kind)
    return SavedWork(recipe, recipe.fingerprint, content["w"], size, data, form)


def decode(data: bytes, kind: str) -> np.ndarray:
    """Decode a picture of one format to uint8 [H, W, 3]. Raises PictureError."""
    import numpy as np
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise PictureError("picture_pixels") from error


def load(path: Path) -> bytes:
    """Read a file of at most 64 MB. Raises PictureError."""
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


def write_content(content: Mapping[str, Any], *, ascii_only: bool = False) -> str:
    """Return the content as JSON; in ASCII where other programs may meddle."""
    return json.dumps(content, ensure_ascii=ascii_only, allow_nan=False)


def _rows_of(style: np.ndarray) -> list[list[float]]:
    rows = style if (style != style[0]).any() else style[:1]
    # The text of a float32 is the shortest that reads back as the same float32.
    return [[float(str(number)) for number in row] for row in rows]


def _checked(text: bytes | str) -> dict[str, Any]:
    try:
        content = fields.an_object(read_json(text, RECIPE_TEXT_LIMIT), "reverie")
        fields.a_fingerprint(content["model_fingerprint"])
        fields.an_object(content["recipe"], "recipe")
        return {**content, "w": fields.a_table(content["w"], "w")}
    except (RecipeError, KeyError):
        raise PictureError("picture_recipe_damaged") from None


def _form_of(content: dict[str, Any], kind: str) -> Form:
    printed = content.get("print", {})
    lossless = 100 if kind == "WEBP" else QUALITY
    try:
        scale = fields.an_object(printed, "print").get("scale", 1)
        return Form.read(kind, scale, content.get("quality", lossless))
    except InputError:
        raise PictureError("picture_recipe_damaged") from None
