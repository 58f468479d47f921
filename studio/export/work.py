"""A work as a file of any form: written, read back, made again and compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import PictureError
from studio.export import lossy, png_chunks, saved
from studio.export.metadata import NOBODY, Credit, credited, statement_of
from studio.export.png import read_png, write_png
from studio.export.saved import Form, SavedWork
from studio.recipe import Recipe

if TYPE_CHECKING:
    import numpy as np

    from studio.model import Model

PLAIN = Form()
MATCH_DIFFERENCE = 2
# What encodes coarsely turns one level into many pixels that are off by ten, about
# evenly up and down: measured, fields then differ by up to 5 in the mean, at quality
# 50, and by 2 from 90 on. Anything that a person sees changes a field by more.
FIELD, FIELD_DIFFERENCE = 16, 5.0
W_TOLERANCE = 0.01  # of a w whose numbers are about 1


@dataclass(frozen=True)
class Comparison:
    """How a file relates to what its recipe makes here and now.

    ``max_abs_difference`` is the largest difference of any channel of any pixel,
    0 to 255, or None when the sizes differ. ``encoded_again`` tells that the file
    does not hold the pixels as they were made (JPEG, most WebP): both were compared
    as they look after the same loss.
    """

    identical: bool
    match: bool
    max_abs_difference: int | None
    encoded_again: bool = False


def write_work(
    pixels: np.ndarray,
    recipe: Recipe,
    *,
    style: np.ndarray,
    fingerprint: str,
    statement: Mapping[str, str],
    form: Form = PLAIN,
) -> bytes:
    """Return ``pixels`` (uint8 [H, W, 3]) as a file that carries its recipe.

    ``style`` is the final w, float32 [layers, w_dim]; ``statement`` is of
    ``statement_of`` and ``credited``.
    """
    content = saved.content_of(recipe, style, fingerprint, form)
    if form.kind == "PNG":
        return write_png(pixels, content, statement)
    work = saved.write_content(content, ascii_only=True)
    return lossy.write_lossy(pixels, form, statement, fingerprint, work)


def read_work(source: bytes | Path) -> SavedWork:
    """Read a saved work from its bytes or its path; nothing is decoded yet.

    Accepts PNG, JPEG and WebP, at most 64 MB and 4096 x 4096 pixels by its header.
    Raises PictureError, or RecipeError where the recipe inside does not hold.
    """
    data = source if isinstance(source, bytes) else saved.load(source)
    if len(data) > saved.FILE_LIMIT_MB * 2**20:
        raise PictureError("picture_too_heavy", limit=saved.FILE_LIMIT_MB)
    if data and png_chunks.SIGNATURE.startswith(data[:8]):
        return read_png(data)
    if data[:3] == b"\xff\xd8\xff":
        kind, (size, marks) = "JPEG", lossy.read_jpeg(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind, (size, marks) = "WEBP", lossy.read_webp(data)
    else:
        raise PictureError("picture_unknown")
    text = marks.pop("reverie:Work", "")
    if not text:
        raise PictureError("picture_no_recipe")
    return replace(saved.read_content(text, size, data, kind), marks=marks)


def save_work(
    model: Model, recipe: Recipe, form: Form = PLAIN, credit: Credit = NOBODY
) -> bytes:
    """Render ``recipe`` canonically and return its file, a PNG unless told otherwise.

    Raises RecipeError, or InputError where it cannot be enlarged.
    """
    return write_work(
        make_pixels(model, recipe, form.scale),
        recipe,
        style=model.style(recipe),
        fingerprint=model.fingerprint,
        statement=credited(statement_of(model.card), credit),
        form=form,
    )


def make_pixels(model: Model, recipe: Recipe, scale: int) -> np.ndarray:
    """Render ``recipe`` canonically, enlarged ``scale`` times: uint8 [H, W, 3].

    Raises RecipeError, or InputError where it cannot be enlarged.
    """
    if scale == 1:
        return model.render_canonical(recipe)
    from studio.export.prints import enlarge, print_size

    size = print_size(recipe.size or model.resolution, scale)
    return enlarge(model.render_canonical(recipe.with_size(None)), size)


def verify(model: Model, work: SavedWork) -> Comparison:
    """Render ``work`` again and compare the pixels.

    Identical: the same pixels. Match: none off by more than 2, which other hardware
    may cause. A file that is not exact is compared with a new one of the same form,
    both decoded; there, a match is no field of 16 x 16 pixels off by more than 5 in
    the mean. Raises RecipeError when the model has changed since.
    """
    import numpy as np

    found = work.pixels
    model.check(work.recipe)
    made, again = make_pixels(model, work.recipe, work.form.scale), not work.form.exact
    if made.shape != found.shape:
        return Comparison(False, False, None, again)
    if again:
        made = saved.decode(lossy.encode(made, work.form), work.form.kind)
    apart = made.astype(np.int16) - found.astype(np.int16)
    gap = int(np.abs(apart).max())
    match = gap <= MATCH_DIFFERENCE or (again and _agree_in_fields(apart))
    return Comparison(gap == 0, match, gap, again)


def _agree_in_fields(apart: np.ndarray) -> bool:
    """Tell whether [H, W, 3] differences are small in the mean of every field."""
    import numpy as np

    for axis in (0, 1):
        starts = np.arange(0, apart.shape[axis], FIELD)
        lengths = np.diff([*starts, apart.shape[axis]])
        sums = np.add.reduceat(apart.astype(np.float32), starts, axis)
        apart = sums / np.expand_dims(lengths, [1 - axis, 2])
    return bool(np.abs(apart).max() <= FIELD_DIFFERENCE)


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
