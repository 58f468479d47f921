"""Tiles: many small pictures for one seat, in line, several made together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from test_worker import PATIENCE, Person, hold, quiet

from studio.errors import InputError
from studio.recipe import Recipe
from studio.server import worker as workers
from studio.server.worker import RenderWorker


@pytest.fixture
def recipe(tiny_checkpoint: Path, worker: RenderWorker) -> Recipe:
    return worker.ask(tiny_checkpoint.name, lambda m: m.recipe(7)).result(PATIENCE)


def test_every_tile_is_answered_and_several_are_made_together(
    worker: RenderWorker, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studio.model import Model

    sizes = []
    render = Model.render

    def counted(self: Model, recipes: list[Recipe], *more: int) -> np.ndarray:
        sizes.append(len(recipes))
        return render(self, recipes, *more)

    monkeypatch.setattr(Model, "render", counted)
    person, go = Person(worker), hold(worker, recipe.model)
    for number in range(10):
        person.wish(number, recipe.with_seed(number), "tile")
    go()
    assert [person.next()[0] for _ in range(10)] == list(range(10))
    assert sizes == [4, 4, 2]


def test_a_hand_that_moves_waits_for_one_tile_at_most(
    worker: RenderWorker, recipe: Recipe
) -> None:
    many, hand = Person(worker, slow=True), Person(worker)
    go = hold(worker, recipe.model)
    for number in range(8):
        many.wish(number, recipe, "tile")
    hand.wish(99, recipe)
    go()
    assert hand.next()[0] == 99
    assert many.seat.unsent <= 4


def test_tiles_that_nobody_takes_off_the_wire_wait(
    worker: RenderWorker, recipe: Recipe
) -> None:
    slow = Person(worker, slow=True)
    for number in range(20):
        slow.wish(number, recipe, "tile")
    worker.ask(" ", lambda m: None).exception(PATIENCE)
    assert slow.seat.unsent <= workers.UNSENT + workers.TILES_TOGETHER
    assert slow.seat.tiles


def test_a_line_of_tiles_has_an_end_and_goes_with_its_seat(
    worker: RenderWorker, recipe: Recipe
) -> None:
    person, go = Person(worker), hold(worker, recipe.model)
    with pytest.raises(InputError, match="too much to do"):
        for number in range(workers.TILES_WAITING + 1):
            person.wish(number, recipe, "tile")
    worker.leave(person.seat)
    go()
    assert quiet(person)
