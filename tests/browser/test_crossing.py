"""Asking a model for one of its kinds, and for a hybrid of two."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest
from conftest import write_fruit_checkpoint

from .conftest import Room, Studio


@pytest.fixture
def orchard(studio: Studio, visit: Callable[..., Room]) -> Iterator[Room]:
    """A room with a model that knows pears and plums on the easel.

    Its name comes after `tiny`: a page that is new here still opens that.
    """
    folder = write_fruit_checkpoint(studio.checkpoints / "yard")
    room = visit(reduced_motion="reduce").enter().settle().unfold()
    room.page.select_option("select[data-act='model']", "yard")
    room.wait("() => reverie.store.recipe.model === 'yard'")
    yield room.settle()
    assert room.errors == []
    shutil.rmtree(folder)


def test_a_kind_is_asked_for_and_undone(orchard: Room) -> None:
    orchard.page.select_option("select[data-how='kind']", "pear")
    before = orchard.settle().pixels()
    orchard.page.select_option("select[data-how='kind']", "plum")
    orchard.settle()
    assert orchard.recipe["kinds"] == {"plum": 1}
    assert orchard.pixels() != before
    orchard.do("undo").wait("() => reverie.store.recipe.kinds.pear")
    assert orchard.page.input_value("select[data-how='kind']") == "pear"
    assert orchard.settle().pixels() == before


def test_a_hybrid_goes_from_one_kind_to_the_other(orchard: Room) -> None:
    share = "input[data-how='hybrid-share']"
    assert not orchard.page.is_visible(share)
    orchard.page.select_option("select[data-how='kind']", "pear")
    orchard.page.select_option("select[data-how='hybrid']", "plum")
    assert orchard.settle().recipe["kinds"] == {"pear": 0.5, "plum": 0.5}
    half = orchard.pixels()
    orchard.slide("hybrid-share", 0.9).settle()
    assert orchard.recipe["kinds"] == {"pear": 0.1, "plum": 0.9}
    assert orchard.pixels() != half
    assert orchard.page.input_value("select[data-how='kind']") == "pear"
    orchard.page.select_option("select[data-how='kind']", "")
    orchard.settle()
    assert "kinds" not in orchard.recipe
    assert not orchard.page.is_visible(share)


def test_a_model_without_kinds_offers_none(room: Room) -> None:
    room.unfold()
    assert not room.page.is_visible("select[data-how='kind']")
