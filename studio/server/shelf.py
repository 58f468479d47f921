"""The models that are open right now, at most two; the render thread's alone."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from studio.checkpoint import edition, list_models, locate
from studio.errors import ModelError

if TYPE_CHECKING:
    from studio.model import Model

OPEN = 2
# Seconds after which files are looked at again: a run may publish a better model,
# a person may repair a broken one.
LOOK_AGAIN = 2.0


class Shelf:
    """Opens models by name, keeps the last two, and remembers what would not open."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, Model] = OrderedDict()
        self._editions: dict[str, str] = {}
        self._looked: dict[str, float] = {}
        self._broken: dict[str, ModelError] = {}
        self._names: set[str] = set()
        self._listed = -LOOK_AGAIN

    def take(self, name: str) -> Model:
        """Return the model called ``name``, open. Raises ModelError."""
        self._list_again()
        if name in self._open and self._is_current(name):
            self._open.move_to_end(name)
            return self._open[name]
        # Only names that are listed count: a recipe from the network must not open
        # any path it likes, as the command line may.
        if name not in self._names:
            raise ModelError("model_missing", name=name)
        if name in self._broken:
            raise self._broken[name]
        try:
            return self._read(name)
        except ModelError as problem:
            self._broken[name] = problem
            raise

    def _list_again(self) -> None:
        if time.monotonic() - self._listed >= LOOK_AGAIN:
            self._names = {model["name"] for model in list_models()}
            self._broken.clear()
            self._listed = time.monotonic()

    def _read(self, name: str) -> Model:
        # Imported here, on the render thread: torch takes seconds, and the page can
        # be served meanwhile.
        from studio.model import Model

        self._open.pop(name, None)
        # Looked at before: what is written meanwhile is found at the next look.
        self._editions[name] = edition(locate(name))
        model = Model.open(name)
        while len(self._open) >= OPEN:
            self._open.popitem(last=False)
        self._open[name] = model
        self._looked[name] = time.monotonic()
        return model

    def _is_current(self, name: str) -> bool:
        now = time.monotonic()
        if now - self._looked[name] < LOOK_AGAIN:
            return True
        self._looked[name] = now
        if name not in self._names:
            return False
        return edition(locate(name)) == self._editions[name]
