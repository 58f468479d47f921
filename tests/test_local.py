"""Directions of one picture, and the address that gives them to a page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from servers import Server

from studio.latent.local import local_directions
from studio.latent.space import Space
from studio.model import Model


def test_the_first_steps_change_the_picture_more_than_steps_by_chance(
    tiny_model: Model,
) -> None:
    space = Space.of(tiny_model)
    style = tiny_model.style(tiny_model.recipe(3))
    found = local_directions(tiny_model, space, style, 5)
    shares = [one.share for one in found]
    assert shares == sorted(shares, reverse=True) and sum(shares) <= 1.001

    def moved(change: np.ndarray) -> float:
        ends = np.stack([style, style + 0.3 * change]).astype(np.float32)
        here, there = tiny_model.render_styles(ends).astype(float)
        return float(np.square(there - here).mean())

    rng = np.random.default_rng(0)
    places = rng.standard_normal((12, len(space.centre)))
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    by_chance = [moved(space.step(place)) for place in places]
    assert moved(found[0].change) > np.median(by_chance)


def test_the_same_work_has_the_same_directions(tiny_model: Model) -> None:
    space = Space.of(tiny_model)
    style = tiny_model.style(tiny_model.recipe(3))
    once, again = (local_directions(tiny_model, space, style, 3) for _ in range(2))
    for one, other in zip(once, again, strict=True):
        assert np.allclose(one.change, other.change)


def test_a_page_gets_the_work_as_w_and_what_each_slider_adds(
    server: Server, recipe: dict[str, Any]
) -> None:
    answer = server.post("studio/local", json={"recipe": recipe}).json()
    assert len(answer["directions"]) == 5
    rows = np.array(answer["w"])
    for direction in answer["directions"]:
        assert len(direction["rows"]) == rows.shape[1]
        assert "brightness" in direction["effects"]
    moved = rows + 2 * np.array(answer["directions"][0]["rows"])
    source = {"w": np.round(moved, 4).tolist()}
    saved = server.post("studio/save", json={"recipe": {**recipe, "source": source}})
    assert saved.is_success


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "recipe_missing_field"),
        ({"recipe": 7}, "recipe_object"),
        ({"recipe": {}, "count": 9}, "recipe_unknown_field"),
    ],
)
def test_what_is_no_request_is_told(
    server: Server, body: dict[str, Any], code: str
) -> None:
    assert server.post("studio/local", json=body).json()["error"]["code"] == code
