"""Why a work looks as it does: what is told, in both languages, and nothing else."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from servers import Server
from worded import give_words

from studio.cli import main
from studio.export.work import save_work
from studio.language import LANGUAGES
from studio.latent.explanation import Explanation, Look, explain, shares_of
from studio.latent.wall_text import tell
from studio.model import Model
from studio.recipe import Blend, Seed, Style

USUAL = Look({}, {})


@pytest.fixture
def model(tiny_checkpoint: Path, tmp_path: Path) -> Model:
    folder = tmp_path / "worded"
    shutil.copytree(tiny_checkpoint, folder)
    return give_words(folder, ("sunset", "sea", "village"))


def text_of(found: Explanation, language: str = "en") -> str:
    return " ".join(tell(found, language))


def test_it_says_where_a_work_was_led_and_how_strongly(model: Model) -> None:
    recipe = model.recipe(48).with_direction("sunset", 1.8).with_direction("sea", 0.4)
    recipe = recipe.with_direction("village", -0.9).with_taught("雾", 0.7, b"\0\0")
    told = text_of(explain(model.card, recipe, USUAL))
    assert "strongly towards sunset" in told and "slightly towards sea" in told
    assert (
        "clearly away from village" in told and "“雾” (the artist’s own word)" in told
    )
    assert "seed 48" in told
    chinese = text_of(explain(model.card, recipe, USUAL), "zh")
    assert "有力地引向" in chinese and "种子 48" in chinese


def test_it_compares_with_the_works_of_the_model(model: Model) -> None:
    look = Look(
        {"warmth": 0.93, "horizon": 0.1, "softness": 0.6}, {"sea": 2, "city": 3}
    )
    found = explain(model.card, model.recipe(1), look)
    told = text_of(found)
    assert "warmer than 93\u00a0% of this model’s works" in told
    assert "lower horizon than 90\u00a0%" in told and "softer" not in told
    assert "strongly sea" in told and "city" not in told  # not a word of the model
    usual = text_of(explain(model.card, model.recipe(1), Look({"warmth": 0.5}, {})))
    assert "In nothing that is measured" in usual


def test_a_share_is_that_of_works_with_less() -> None:
    usual = {"warmth": np.arange(10.0), "red": np.zeros(4)}
    found = shares_of({"warmth": 7.5, "red": 0.0, "other": 1.0}, usual)
    assert found == {"warmth": 0.8, "red": 0.5}


def test_it_says_what_changed_since_the_work_before(model: Model) -> None:
    before = model.recipe(12).with_direction("sea", 1.0).with_direction("village", 1)
    after = before.with_seed(48).with_direction("sea", 1.8).with_variety(0.5)
    after = after.with_direction("village", 0)
    looks = Look({"warmth": 0.41}, {}), Look({"warmth": 0.93}, {})
    told = text_of(explain(model.card, after, looks[1], (before, looks[0])))
    for clause in ("seed 48 in place of seed 12", "+0.8 sea", "village back"):
        assert clause in told
    assert "variety 0.5 in place of 0.8" in told
    assert "its warmth rose from place 41 to 93" in told
    same = explain(model.card, after, looks[0], (after, looks[0]))
    assert "Nothing has changed" in text_of(same)
    other = replace(before, model="other")
    foreign = text_of(explain(model.card, after, looks[0], (other, looks[0])))
    assert "another model in place of other" in foreign


def test_every_source_has_its_words(model: Model) -> None:
    sources = Seed(7), Blend(((3, 0.5), (4, 0.25))), Style(((0.0,) * model.w_dim,))
    for source in sources:
        for language in LANGUAGES:
            recipe = replace(model.recipe(7), source=source, kinds=(("sea", 1.0),))
            found = explain(model.card, recipe, USUAL)
            told = text_of(found, language)
            assert "{" not in told and "why." not in told


def test_show_says_why(
    tiny_model: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "work.png"
    recipe = tiny_model.recipe(5).with_direction(tiny_model.directions[0].name, 1.5)
    path.write_bytes(save_work(tiny_model, recipe))
    assert main(["show", str(path), "--why", "--json"]) == 0
    why = json.loads(capsys.readouterr().out)["why"]
    assert why.keys() == set(LANGUAGES)
    assert "+1.5 along the unnamed direction" in " ".join(why["en"])
    assert main(["show", str(path), "--why"]) == 0
    assert "Untitled (seed 5)" in capsys.readouterr().out


def test_a_page_asks_why(server: Server, tiny_model: Model) -> None:
    recipe, parent = tiny_model.recipe(5).to_dict(), tiny_model.recipe(6).to_dict()
    told = server.post("studio/why", json={"recipe": recipe, "parent": parent}).json()
    assert "seed 5 in place of seed 6" in " ".join(told["en"])
    assert len(told["zh"]) == len(told["en"])
    alone = server.post("studio/why", json={"recipe": recipe, "parent": None}).json()
    assert "Since" not in " ".join(alone["en"])
    unfit = {"recipe": {**recipe, "directions": {"nothing": 1}}}
    error = server.post("studio/why", json=unfit).json()["error"]
    assert error["code"] == "recipe_direction"
