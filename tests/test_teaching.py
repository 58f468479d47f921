"""Teaching a word: learnt from works, told honestly, carried by the work itself."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from servers import Server

from studio.cli import main
from studio.direction import pack_step
from studio.errors import InputError, RecipeError
from studio.export.work import is_consistent, read_work, save_work, verify
from studio.latent.space import grow
from studio.latent.teaching import Teacher, check_name
from studio.model import Model
from studio.recipe import Recipe

D = 24
RNG = np.random.default_rng(0)
STRANGERS = RNG.standard_normal((512, D))
TEACHER = Teacher(np.linspace(3, 0.2, D), np.eye(D)[:4], STRANGERS)
NONE = np.zeros((0, D))


def works(count: int, along: float, seed: int = 1) -> np.ndarray:
    """Places by chance that all have so much of the third component."""
    places = np.random.default_rng(seed).standard_normal((count, D))
    places[:, 2] = along + 0.3 * places[:, 2]
    return places


def code_of(more: np.ndarray, less: np.ndarray = NONE) -> str:
    with pytest.raises(InputError) as caught:
        TEACHER.teach(more, less)
    return caught.value.code


def test_a_word_leads_to_what_its_examples_share() -> None:
    for less in (NONE, works(6, -2, seed=2)):
        found = TEACHER.teach(works(8, 2), less)
        unit = found.change / np.linalg.norm(found.change)
        assert unit[2] > 0.7
        assert found.agreement >= 0.8 and found.sure >= 0.95
        assert found.certainty == "known"


def test_works_by_chance_are_refused_or_called_a_guess() -> None:
    known = 0
    for seed in range(40):
        drawn = np.random.default_rng(seed).standard_normal((8, D))
        try:
            known += TEACHER.teach(drawn, NONE).certainty == "known"
        except InputError as error:
            assert error.code == "taught_nothing_common"
    assert known <= 6


def test_what_cannot_be_learnt_from_is_told() -> None:
    assert code_of(works(5, 2)) == "taught_few"
    assert code_of(np.repeat(works(1, 2), 9, axis=0)) == "taught_few"
    assert code_of(works(21, 2)) == "taught_many"
    assert code_of(works(8, 2), works(8, 2)[:2]) == "taught_both"
    apart = np.concatenate([works(4, 3), -works(4, 3)])
    assert code_of(apart) == "taught_nothing_common"


@pytest.mark.parametrize("name", ["fog", "雾里的船", "moody dusk", " 薄雾 ", "Ärger"])
def test_a_name_is_what_a_phrase_can_say(name: str) -> None:
    assert check_name(name) == name.strip()


UNSAYABLE = ["🌫", "fog 🌫", "<script>", "../x", "sea:2", "-fog", "no fog", "the"]


@pytest.mark.parametrize(
    "name",
    ["", " ", "x" * 65, "a\0b", *UNSAYABLE, "very", "sea, sun", 7, None, "一" * 11],
)
def test_what_no_phrase_can_say_is_no_name(name: object) -> None:
    with pytest.raises(InputError):
        check_name(name)


def taught(model: Model, amount: float = 1.0) -> Recipe:
    change = np.random.default_rng(3).standard_normal(model.w_dim)
    return model.recipe(4).with_taught("雾", amount, pack_step(change))


def test_a_work_with_a_taught_word_is_made_again_from_its_file(
    tiny_model: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = taught(tiny_model)
    path = tmp_path / "work.png"
    path.write_bytes(save_work(tiny_model, recipe))
    work = read_work(path)
    assert work.recipe == recipe and is_consistent(tiny_model, work)
    assert verify(Model.open("tiny"), work).identical
    plain = tiny_model.render_canonical(tiny_model.recipe(4))
    assert (plain != work.pixels).any()
    assert main(["show", str(path), "--verify", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["identical"]
    again = tmp_path / "again.png"
    assert main(["render", "tiny", "--recipe", str(path), "-o", str(again)]) == 0
    assert again.read_bytes() == path.read_bytes()


def test_a_step_without_an_amount_is_no_part_of_a_recipe(tiny_model: Model) -> None:
    assert taught(tiny_model, 0.0) == tiny_model.recipe(4)
    assert "taught" not in taught(tiny_model, 0.0).to_dict()


def test_breeding_goes_on_from_a_taught_word(tiny_model: Model) -> None:
    recipe = taught(tiny_model)
    style = tiny_model.style(recipe)
    grown = grow(recipe, style, tiny_model)
    assert grown.taught == recipe.taught and grown.amounts == recipe.amounts
    assert np.abs(tiny_model.style(grown) - style).max() < 0.01


def test_a_word_of_another_model_is_told(tiny_model: Model) -> None:
    recipe = replace(taught(tiny_model), taught=(("雾", bytes(10)),))
    with pytest.raises(RecipeError) as caught:
        tiny_model.check(recipe)
    assert caught.value.code == "recipe_taught"


NAN = base64.b64encode(np.array([np.nan], "<f2").tobytes()).decode()


NO_STEPS = [7, "", "AAA", NAN, "A" * 2**20]


@pytest.mark.parametrize(
    "steps",
    [7, *({"a": step} for step in NO_STEPS), {"": "AAA="}, {"a\0": "AAA="}],
)
def test_steps_that_are_none_are_refused(tiny_model: Model, steps: Any) -> None:
    data = taught(tiny_model).to_dict() | {"taught": steps}
    with pytest.raises(RecipeError):
        Recipe.from_dict(data)


@pytest.fixture
def examples(tiny_model: Model) -> dict[str, list[dict[str, Any]]]:
    """Works far to both sides of a direction that the model has."""
    name = tiny_model.directions[0].name
    return {
        side: [
            tiny_model.recipe(seed).with_direction(name, amount).to_dict()
            for seed in range(first, first + 7)
        ]
        for side, amount, first in (("more", 4.0, 0), ("less", -4.0, 20))
    }


def test_a_page_teaches_a_word_and_says_it(
    server: Server, tiny_model: Model, examples: dict[str, Any]
) -> None:
    asked = {"name": "云海", **examples}
    word = server.post("studio/teach", json=asked).json()
    assert word["name"] == "云海" and word["fingerprint"] == tiny_model.fingerprint
    assert word["agreement"] == 1 and word["certainty"] == "known"
    own = [{key: word[key] for key in ("name", "step", "certainty")}]
    wish = {"recipe": tiny_model.recipe(2).to_dict(), "taught": own}
    said = server.post("studio/words", json={**wish, "text": "云海:2 unheard"}).json()
    assert said["understood"][0]["word"] == "云海"
    recipe = Recipe.from_dict(said["recipe"])
    assert recipe.amounts == {"云海": 2} and recipe.taught
    tiny_model.check(recipe)
    assert [one["text"] for one in said["unknown"]] == ["unheard"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "<script>"}, "taught_name_unsayable"),
        ({"name": "x" * 2**20}, "taught_name"),
        ({"name": "pca-01"}, "taught_known"),
        ({"more": []}, "recipe_list"),
        ({"more": [7]}, "recipe_object"),
        ({"extra": 1}, "recipe_unknown_field"),
    ],
)
def test_what_a_page_cannot_teach_is_told(
    server: Server, examples: dict[str, Any], change: dict[str, Any], code: str
) -> None:
    answer = server.post("studio/teach", json={"name": "fog", **examples, **change})
    assert answer.json()["error"]["code"] == code
