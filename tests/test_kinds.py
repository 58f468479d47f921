"""A generator can be asked for kinds of pictures, and knows which seed is of which."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import KINDS, write_fruit_checkpoint
from trainers import TINY

from studio.errors import ModelError, RecipeError
from studio.model import Model
from studio.recipe import Blend, Recipe, Seed
from studio.seeds import seeds_to_kinds
from studio.training.generator import GeneratorPhase, make_networks
from studio.training.kinds import FEWEST, sort_kinds
from studio.training.settings import TrainSettings


@pytest.fixture(scope="module")
def fruit(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("kinds") / "fruit"
    return Model.open(str(write_fruit_checkpoint(folder)))


# -- which seed is of which kind --------------------------------------------------


def test_a_seed_is_of_the_same_kind_for_ever() -> None:
    marks = seeds_to_kinds(range(12), [0.5, 0.3])
    kinds = [int(mark.argmax()) if mark.any() else None for mark in marks]
    assert kinds == [0, 0, None, None, 0, 0, 1, 0, 0, 0, 0, 0]


def test_kinds_come_as_often_as_their_shares_say() -> None:
    found = seeds_to_kinds(range(4000), [0.5, 0.3]).mean(axis=0)
    np.testing.assert_allclose(found, [0.5, 0.3], atol=0.03)


# -- what a recipe asks for -------------------------------------------------------


def test_asking_for_a_kind_changes_the_work_and_its_own_kind_does_not(
    fruit: Model,
) -> None:
    own = seeds_to_kinds([6], fruit.shares)[0]
    name = fruit.kinds[int(own.argmax())]
    other = next(kind for kind in fruit.kinds if kind != name)
    plain = fruit.recipe(6)
    asked = {k: replace(plain, kinds=((k, 1.0),)) for k in (name, other)}
    assert np.array_equal(fruit.style(plain), fruit.style(asked[name]))
    assert not np.allclose(fruit.style(plain), fruit.style(asked[other]), atol=1e-3)


def test_a_hybrid_lies_between_two_kinds(fruit: Model) -> None:
    def style(**kinds: float) -> np.ndarray:
        return fruit.style(replace(fruit.recipe(3), kinds=tuple(kinds.items())))

    pear, plum, both = style(pear=1), style(plum=1), style(pear=0.5, plum=0.5)
    apart = np.linalg.norm(pear - plum)
    assert np.linalg.norm(both - pear) < apart > np.linalg.norm(both - plum)
    assert np.array_equal(both, style(pear=1, plum=1))  # shares, not amounts


def test_a_blend_of_seeds_is_a_blend_of_their_kinds(fruit: Model) -> None:
    blend = replace(fruit.recipe(0), source=Blend(((0, 1.0), (3, 0.0))))
    assert np.allclose(fruit.style(blend), fruit.style(fruit.recipe(0)), atol=1e-6)


def test_seeds_are_mapped_with_their_kinds(fruit: Model) -> None:
    seeds = [0, 3, 5]
    full = [replace(fruit.recipe(seed), variety=1.0) for seed in seeds]
    styles = np.stack([fruit.style(recipe)[0] for recipe in full])
    np.testing.assert_allclose(styles, fruit.map_seeds(seeds), atol=1e-5)


def test_kinds_survive_json_in_one_order() -> None:
    one, other = (
        Recipe("m", "0" * 16, Seed(1), kinds=kinds)
        for kinds in ((("b", 0.5), ("a", 1.0)), (("a", 1.0), ("b", 0.5), ("c", 0.0)))
    )
    assert one == other == Recipe.from_json(one.to_json())
    assert "kinds" not in Recipe("m", "0" * 16, Seed(1)).to_dict()


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        ({"pear": 0}, "recipe_no_kind"),
        ({"pear": -1}, "recipe_number"),
        ({"pear": 2}, "recipe_number"),
        ({"pear": "x"}, None),
        (["pear"], None),
        ({str(i): 1 for i in range(17)}, "recipe_list"),
    ],
)
def test_kinds_that_cannot_be_are_refused(kinds: object, code: str | None) -> None:
    data = {**Recipe("m", "0" * 16, Seed(1)).to_dict(), "kinds": kinds}
    with pytest.raises(RecipeError) as caught:
        Recipe.from_dict(data)
    assert code is None or caught.value.code == code


def test_an_unknown_kind_is_named(fruit: Model) -> None:
    with pytest.raises(RecipeError) as caught:
        fruit.check(replace(fruit.recipe(1), kinds=(("apple", 1.0),)))
    assert caught.value.code == "recipe_kind" and caught.value.params["name"] == "apple"


@pytest.mark.parametrize(
    "kinds",
    ["pear", [1], [{"name": "pear"}], [{"name": "", "share": 0.1}],
     [{"name": "pear", "share": 2.0}], [*KINDS, KINDS[0]], KINDS[:1], []],
)  # fmt: skip
def test_a_card_with_impossible_kinds_names_them(fruit: Model, kinds: object) -> None:
    card = {**fruit.card, "kinds": kinds}
    weights = {key: dict(arrays) for key, arrays in fruit.weights.items()}
    with pytest.raises((ModelError, TypeError, KeyError)):
        Model("fruit", card, weights)


# -- learning them ----------------------------------------------------------------


def labels() -> list[str | None]:
    return ["pear"] * 40 + ["plum"] * 20 + ["rare"] * (FEWEST - 1) + [None] * 5


def test_kinds_too_rare_to_learn_are_none() -> None:
    kinds = sort_kinds(labels())
    assert kinds is not None
    assert kinds.names == ("pear", "plum") and kinds.counts == (40, 20)
    assert (kinds.of < 0).sum() == FEWEST - 1 + 5
    assert sort_kinds(["pear"] * 50) is None


def test_rare_kinds_are_drawn_more_often_than_they_come() -> None:
    kinds = sort_kinds(labels())
    assert kinds is not None
    chances = kinds.chances / kinds.chances.sum()
    drawn = [chances[kinds.of == kind].sum().item() for kind in (0, 1)]
    assert drawn == pytest.approx(kinds.shares, abs=1e-4)
    assert 1 < drawn[0] / drawn[1] < 2
    marks = kinds.mark(torch.tensor([0, 45, 62]))
    assert marks.tolist() == [[1, 0], [0, 1], [0, 0]]


def test_several_views_of_each_picture_change_no_shares() -> None:
    kinds = sort_kinds(labels())
    assert kinds is not None
    views = kinds.repeat(4)
    assert views.of[:5].tolist() == [0] * 5 and len(views.of) == 4 * len(kinds.of)
    assert views.shares == pytest.approx(kinds.shares)
    chances = views.chances / views.chances.sum()
    assert chances[views.of == 1].sum().item() == pytest.approx(kinds.shares[1])


def test_a_generator_learns_to_make_what_it_is_asked_for() -> None:
    wide = {"generator_widths": (16,), "discriminator_widths": (16,), "w_dim": 16}
    changes = {**TINY, **wide, "batch": 8, "rate": 1e-3}
    settings = TrainSettings("nowhere", "p", **changes)
    torch.manual_seed(0)
    kinds = sort_kinds(["bright"] * 24 + ["dark"] * 24)
    assert kinds is not None
    shift = torch.where(kinds.of == 0, 1.5, -1.5)[:, None, None, None]
    latents = 0.3 * torch.randn(48, 4, 4, 4) + shift
    phase = GeneratorPhase(
        settings, latents, make_networks(settings, 2), torch.device("cpu"), None, kinds
    )
    for step in range(250):
        phase.step(step / 400)
    z = torch.randn(32, settings.z_dim)
    ask = torch.eye(2).repeat_interleave(16, dim=0)
    with torch.no_grad():
        made = phase.model(z, ask).mean(dim=(1, 2, 3))
    assert made[:16].mean() > made[16:].mean() + 1
