"""Works become files: one canonical picture at a time, each with its recipe inside."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from studio import recipe_fields as fields
from studio.errors import RecipeError
from studio.export.metadata import NOBODY, Credit, credited, statement_of
from studio.export.saved import Form
from studio.export.work import PLAIN, write_work
from studio.recipe import Recipe, Seed
from studio.server.content import admit_picture
from studio.server.enlarging import Enlarging
from studio.server.worker import RenderWorker

if TYPE_CHECKING:
    import numpy as np

    from studio.model import Model

    Pack = Callable[[np.ndarray], bytes]

# A picture of 4096 x 4096 takes 50 MB until it is packed, which takes seconds: so
# many at once, and the others wait while they are still only recipes.
AT_ONCE = 4
LINE = 300  # characters of a name or a right


class Press:
    """Makes files of works for everybody, a few at once."""

    def __init__(self, worker: RenderWorker) -> None:
        self.worker = worker
        self._plates = asyncio.Semaphore(AT_ONCE)
        self._enlarging = Enlarging()

    async def make(
        self, recipe: Recipe, form: Form = PLAIN, credit: Credit = NOBODY
    ) -> bytes:
        """Return the file of ``recipe``. Raises RecipeError, ModelError, InputError."""
        native = recipe if form.scale == 1 else recipe.with_size(None)

        def render(model: Model) -> tuple[np.ndarray, tuple[int, int], Pack]:
            pixels, style = model.render_canonical(native), model.style(recipe)
            mark = model.fingerprint
            statement = credited(statement_of(model.card), credit)

            def pack(made: np.ndarray) -> bytes:
                return write_work(
                    made,
                    recipe,
                    style=style,
                    fingerprint=mark,
                    statement=statement,
                    form=form,
                )

            return pixels, recipe.size or model.resolution, pack

        if form.scale > 1:
            return await self._print(render, recipe, form)
        async with self._plates:
            asked = self.worker.ask(recipe.model, render)
            pixels, _, pack = await asyncio.wrap_future(asked)
            await run_in_threadpool(admit_picture, pixels)
            # Packing the file is left to another thread than the one that renders.
            return await run_in_threadpool(pack, pixels)

    async def _print(
        self,
        render: Callable[[Model], tuple[np.ndarray, tuple[int, int], Pack]],
        recipe: Recipe,
        form: Form,
    ) -> bytes:
        async with self._enlarging.turn():
            asked = self.worker.ask(recipe.model, render)
            pixels, size, pack = await asyncio.wrap_future(asked)
            await run_in_threadpool(admit_picture, pixels)
            made = await self._enlarging.enlarge(pixels, size, form.scale)
            return await run_in_threadpool(pack, made)


def read_form(given: object) -> Form:
    """Check the form that somebody asks for; none is a PNG. Raises InputError."""
    if given is None:
        return PLAIN
    asked = fields.an_object(given, "form")
    fields.check_keys(asked, "form.", ("kind", "scale", "quality"), ("kind",))
    return Form.read(**asked)


def read_credit(given: object) -> Credit:
    """Check what somebody wants to be named as; none is nobody. Raises RecipeError."""
    if given is None:
        return NOBODY
    asked = fields.an_object(given, "credit")
    fields.check_keys(asked, "credit.", ("creator", "rights", "title"), ())
    told = {key: text for key, text in asked.items() if text != ""}
    return Credit(**{key: a_line(text, f"credit.{key}") for key, text in told.items()})


def a_line(value: object, path: str) -> str:
    """Return ``value`` if it is a text of at most 300 characters."""
    if not isinstance(value, str) or len(value) > LINE:
        raise RecipeError("recipe_text", field=path, limit=LINE)
    return value


def file_name(recipe: Recipe, form: Form = PLAIN) -> str:
    """Name the file of ``recipe`` in letters that all disks take."""
    model = re.sub(r"[^A-Za-z0-9_-]", "", recipe.model) or "work"
    seed = f"-{recipe.source.seed}" if isinstance(recipe.source, Seed) else ""
    scale = f"-{form.scale}x" if form.scale > 1 else ""
    return f"{model}{seed}{scale}{form.suffix}"
