"""Children of works: strength, locks, several parents, kinship, mates."""

from __future__ import annotations

import base64
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from worded import give_words

from studio.errors import InputError
from studio.latent.breeding import (
    INBRED,
    Child,
    Descent,
    Locks,
    Nursery,
    Parent,
    kinship,
)
from studio.latent.exchange import exchange
from studio.latent.measuring import measure, slopes
from studio.latent.reading import Reader
from studio.latent.space import Space, grow
from studio.latent.taste import learn
from studio.model import Model
from studio.recipe import Recipe, Residual, Seed, Style


@pytest.fixture
def space(tiny_model: Model) -> Space:
    return Space.of(tiny_model)


def nursery(model: Model, space: Space, locks: Locks | None = None) -> Nursery:
    return Nursery(model, space, locks or Locks(), np.random.default_rng(0))


def litter(
    model: Model, space: Space, locks: Locks | None = None, strength: float = 0.5
) -> tuple[Parent, list[Child]]:
    parent = Parent.of(model.recipe(3), model, space)
    made = nursery(model, space, locks).around(parent, learn([]), strength, 8)
    return parent, made


def changes(model: Model, parent: Parent, children: list[Child]) -> np.ndarray:
    """How w differs from the parent's: [N, layers, D]."""
    return np.stack([model.style(c.recipe) - parent.style for c in children])


def test_works_of_the_model_have_unit_spread_in_its_space(
    tiny_model: Model, space: Space
) -> None:
    w = tiny_model.map_seeds(range(5000, 6000))
    styles = tiny_model.truncated(w, tiny_model.card["default_variety"])
    places = np.stack([space.place(style) for style in styles])
    assert places.std(axis=0)[:8] == pytest.approx(1, abs=0.2)
    change = space.place(styles[0]) - space.place(styles[1])
    assert space.step(change) == pytest.approx(styles[0][0] - styles[1][0], abs=1e-4)


def test_a_recipe_grown_for_a_w_has_that_w_and_keeps_its_sliders(
    tiny_model: Model,
) -> None:
    base = tiny_model.recipe(5).with_direction("pca-01", 1.5).with_variety(0.6)
    style = tiny_model.style(tiny_model.recipe(9))
    grown = grow(base, style, tiny_model)
    assert tiny_model.style(grown) == pytest.approx(style, abs=1e-3)
    assert (grown.amounts, grown.variety) == (base.amounts, base.variety)
    assert isinstance(grown.source, Style) and len(grown.source.rows) == 1


def test_a_work_without_variety_can_still_have_children(
    tiny_model: Model, space: Space
) -> None:
    plain = Parent.of(tiny_model.recipe(5).with_variety(0), tiny_model, space)
    children = nursery(tiny_model, space).around(plain, learn([]), 0.5, 3)
    assert np.abs(changes(tiny_model, plain, children)).max() > 0.01


def test_children_are_different_works_near_their_parent(
    tiny_model: Model, space: Space
) -> None:
    parent, children = litter(tiny_model, space)
    assert len({child.recipe for child in children}) == 8
    whisper = changes(tiny_model, *litter(tiny_model, space, strength=0))
    leap = changes(tiny_model, *litter(tiny_model, space, strength=1))
    assert np.abs(whisper[:5]).mean() < np.abs(leap[:5]).mean() / 3
    assert [child.role for child in children][-1] == "wild"
    assert isinstance(children[-1].recipe.source, Seed)
    assert parent.recipe.model == children[0].recipe.model


def test_the_same_chance_gives_the_same_children(
    tiny_model: Model, space: Space
) -> None:
    assert [c.recipe for c in litter(tiny_model, space)[1]] == [
        c.recipe for c in litter(tiny_model, space)[1]
    ]


def parted(model: Model, styles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where things are and the palette of styles [N, layers, D], of their latents."""
    w = torch.from_numpy(styles.astype(np.float32))
    with torch.no_grad():
        latents = model.generator.synthesise(w)
    palette = torch.cat([latents.mean(dim=(2, 3)), latents.std(dim=(2, 3))], dim=1)
    bare = latents - latents.mean(dim=(2, 3), keepdim=True)
    bare = bare / latents.std(dim=(2, 3), keepdim=True)
    return bare.flatten(1).numpy(), palette.numpy()


@pytest.mark.parametrize("half", ["composition", "detail"])
def test_a_locked_half_stays_and_the_other_moves(
    tiny_model: Model, space: Space, tiny_reader: Path, half: str
) -> None:
    locks = Locks(composition=half == "composition", detail=half == "detail")
    moves = []
    for held in (Locks(), locks):
        parent, children = litter(tiny_model, space, held)
        styles = np.stack([tiny_model.style(c.recipe) for c in children])
        both = parted(tiny_model, np.concatenate([parent.style[None], styles]))
        moves.append([np.abs(part[1:] - part[0]).mean() for part in both])
    kept, moved = (0, 1) if half == "composition" else (1, 0)
    free, locked = moves
    assert locked[moved] / free[moved] > locked[kept] / free[kept]


def test_a_locked_direction_does_not_move(tiny_model: Model, space: Space) -> None:
    locked = tiny_model.directions[0]
    moved = changes(
        tiny_model, *litter(tiny_model, space, Locks(directions=(locked.name,)))
    )
    free = changes(tiny_model, *litter(tiny_model, space))
    along = np.einsum("nld,ld->nl", moved, locked.rows)
    assert np.abs(along).max() < 2e-3
    assert np.abs(np.einsum("nld,ld->nl", free, locked.rows)).max() > 0.05


def test_a_locked_property_does_not_change_as_far_as_directions_know(
    tiny_model: Model, space: Space
) -> None:
    moved = changes(
        tiny_model, *litter(tiny_model, space, Locks(properties=("warmth",)))
    )
    slope = sum(
        d.effects["warmth"] / d.sigma * d.rows.astype(float)
        for d in tiny_model.directions
    )
    slope = np.asarray(slope) / np.linalg.norm(slope)
    assert np.abs(np.einsum("nld,ld->n", moved, slope)).max() < 2e-3


def test_a_locked_slider_keeps_what_its_name_was_measured_to_be(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    model = give_words(shutil.copytree(tiny_checkpoint, tmp_path / "m"), ("warmth",))
    warmer = slopes(model, 0.5)["warmth"]
    warmer /= np.linalg.norm(warmer)
    space = Space.of(model)
    moved = changes(model, *litter(model, space, Locks(directions=("warmth",))))
    assert np.abs(moved @ warmer).max() < 2e-3
    assert np.abs(changes(model, *litter(model, space)) @ warmer).max() > 0.05


def test_a_locked_property_is_held_in_the_pictures(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "m")
    model = give_words(folder, ("warmth",), measured=True)
    space, off = Space.of(model), []
    for locks in (Locks(), Locks(properties=("warmth",))):
        parent, children = litter(model, space, locks)
        styles = [parent.style, *(model.style(child.recipe) for child in children)]
        pictures = model.render_styles(np.stack(styles).astype(np.float32))
        warmth = measure(model, pictures)["warmth"]
        off.append(np.abs(warmth[1:] - warmth[0]).mean())
    assert off[1] < 0.6 * off[0]


def test_where_everything_is_locked_it_says_so(tiny_model: Model, space: Space) -> None:
    with pytest.raises(InputError) as caught:
        litter(tiny_model, space, Locks(composition=True, detail=True))
    assert caught.value.code == "children_locked"


def test_unknown_locks_are_refused(tiny_model: Model, space: Space) -> None:
    for locks, code in (
        (Locks(directions=("no-such",)), "recipe_direction"),
        (Locks(properties=("charm",)), "children_property"),
    ):
        with pytest.raises(InputError) as caught:
            nursery(tiny_model, space, locks)
        assert caught.value.code == code


def test_children_of_two_lie_between_beyond_and_across(
    tiny_model: Model, space: Space
) -> None:
    pair = [Parent.of(tiny_model.recipe(seed), tiny_model, space) for seed in (1, 2)]
    children = nursery(tiny_model, space).among(pair, learn([]), 0, 8)
    whole = pair[1].style - pair[0].style
    roles = [child.role for child in children]
    assert [roles.count(r) for r in ("between", "crossed", "beyond")] == [4, 2, 2]
    for child in children:
        change = tiny_model.style(child.recipe) - pair[0].style
        shares = (change * whole).sum(1) / (whole * whole).sum(1)
        if child.role == "between":
            assert shares.min() > 0 and shares.max() < 1
        elif child.role == "beyond":
            assert shares.max() > 1 or shares.min() < 0


def test_composition_and_palette_come_from_the_parents_that_are_named(
    tiny_model: Model, space: Space, tiny_reader: Path
) -> None:
    three = [Parent.of(tiny_model.recipe(s), tiny_model, space) for s in (1, 2, 3)]
    wanted = exchange(tiny_model, Reader.of(tiny_model), three[1].style, three[2].style)
    breeder = nursery(tiny_model, space)
    children = breeder.among(three, learn([]), 0, 4, Descent((1,), (2,)))
    for child in children:
        off = np.linalg.norm(tiny_model.style(child.recipe) - wanted)
        assert off < 0.3 * np.linalg.norm(three[1].style - three[2].style)
        assert child.role == "crossed"
    same = nursery(tiny_model, space).among(three, learn([]), 0, 2, Descent((1,), (1,)))
    assert {child.role for child in same} == {"variation"}


def test_kinship_tells_twins_from_strangers(tiny_model: Model, space: Space) -> None:
    places = np.stack(
        [Parent.of(tiny_model.recipe(s), tiny_model, space).place for s in range(20)]
    )
    assert kinship(np.stack([places[0]] * 3)) == 1
    assert kinship(places) < 0.3
    assert kinship(places[:1]) == 0


def test_a_work_bred_with_itself_is_inbred_and_gets_a_distant_mate(
    tiny_model: Model, space: Space
) -> None:
    parent = Parent.of(tiny_model.recipe(4), tiny_model, space)
    assert kinship(np.stack([parent.place, parent.place])) >= INBRED
    breeder = nursery(tiny_model, space)
    assert len(breeder.among([parent, parent], learn([]), 0.3, 8)) == 8
    mate = Parent.of(breeder.mate([parent, parent]), tiny_model, space)
    assert kinship(np.stack([parent.place, mate.place])) < 0.5


def test_what_the_generator_missed_fades_with_the_distance(
    tiny_model: Model, space: Space
) -> None:
    shape = tiny_model.latent_shape
    data = np.ones(shape, "<f2").tobytes()
    assert base64.b64encode(data)
    whole = Residual((shape[0], shape[1], shape[2]), data, 1.0)
    recipe: Recipe = replace(tiny_model.recipe(3), residual=whole)
    parent = Parent.of(recipe, tiny_model, space)
    near, *_, wild = nursery(tiny_model, space).around(parent, learn([]), 0.25, 8)
    assert near.recipe.residual is not None
    assert near.recipe.residual.amount == pytest.approx(0.75)
    assert wild.recipe.residual is None


def test_children_of_many_lie_amid_all_of_them_and_beyond(
    tiny_model: Model, space: Space
) -> None:
    many = [Parent.of(tiny_model.recipe(s), tiny_model, space) for s in range(5)]
    children = nursery(tiny_model, space).among(many, learn([]), 0, 15)
    known = np.stack([parent.style.ravel() for parent in many])
    heaviest = set()
    for child in children:
        style = tiny_model.style(child.recipe).ravel()
        sides = np.concatenate([known.T, 100 * np.ones((1, 5))])
        shares = np.linalg.lstsq(sides, np.append(style, 100), rcond=None)[0]
        if child.role == "between":
            assert shares.min() > -0.3
            heaviest.add(int(shares.argmax()))
    assert len(heaviest) > 1
    assert {"between", "beyond", "crossed"} == {child.role for child in children}
