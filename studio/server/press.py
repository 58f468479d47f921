"""Works become files: one canonical picture at a time, each with its recipe inside."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from studio.export.png import statement_of, write_png
from studio.recipe import Recipe, Seed
from studio.server.worker import RenderWorker

if TYPE_CHECKING:
    from studio.model import Model

# A picture of 4096 x 4096 takes 50 MB until it is packed, which takes seconds: so
# many at once, and the others wait while they are still only recipes.
AT_ONCE = 4


class Press:
    """Makes PNGs for everybody, a few at once."""

    def __init__(self, worker: RenderWorker) -> None:
        self.worker = worker
        self._plates = asyncio.Semaphore(AT_ONCE)

    async def make(self, recipe: Recipe) -> bytes:
        """Return the file of ``recipe``. Raises RecipeError, ModelError, InputError."""

        def render(model: Model) -> Callable[[], bytes]:
            pixels, style = model.render_canonical(recipe), model.style(recipe)
            mark, statement = model.fingerprint, statement_of(model.card)
            # Packing the file is left to another thread than the one that renders.
            return lambda: write_png(
                pixels, recipe, style=style, fingerprint=mark, statement=statement
            )

        async with self._plates:
            pack = await asyncio.wrap_future(self.worker.ask(recipe.model, render))
            return await run_in_threadpool(pack)


def file_name(recipe: Recipe) -> str:
    """Name the file of ``recipe`` in letters that all disks take."""
    model = re.sub(r"[^A-Za-z0-9_-]", "", recipe.model) or "work"
    seed = f"-{recipe.source.seed}" if isinstance(recipe.source, Seed) else ""
    return f"{model}{seed}.png"
