"""Sentences that a page sends: what they mean, and the work that they lead to."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from servers import Server, serving
from worded import give_words

from studio.direction import PROPERTIES
from studio.latent.measuring import foretell
from studio.latent.presets import presets, presets_for
from studio.latent.starts import STARTS, choose_start
from studio.latent.words import Part, Understanding
from studio.model import Model
from studio.recipe import Recipe

NAMES = ("sunset", "sea", "village")
TAGS = (
    "trees",
    "clouds",
    "boat",
    "snow",
    "fog",
    "forest",
    "autumn",
    "sea",
    "sunset",
    "road",
)


@pytest.fixture
def spoken(shelf: Path) -> Model:
    """The model `good` with three learnt words, and numbers that it measures."""
    return give_words(shelf / "good", NAMES)


@pytest.fixture
def server(spoken: Model) -> Iterator[Server]:
    with serving() as server:
        yield server


def say(server: Server, text: Any, **more: Any) -> Any:
    recipe = Model.open("good").recipe(7).to_dict()
    body = {"text": text, "recipe": recipe, **more}
    return server.post("studio/words", json=body)


def test_a_sentence_is_understood_and_leads_to_a_work(
    server: Server, spoken: Model
) -> None:
    found = say(server, "夕阳 over the sea:1.5, helicopter").json()
    words = {part["word"]: part for part in found["understood"]}
    assert words["sea"]["amount"] == 1.5 and words["sea"]["confidence"] == 1
    assert [part["text"] for part in found["unknown"]] == ["helicopter"]
    recipe = Recipe.from_dict(found["recipe"])
    spoken.check(recipe)
    assert recipe.amounts["sea"] == 1.5 and recipe.amounts["sunset"] > 0


def test_it_stays_with_the_work_where_that_is_asked_for(server: Server) -> None:
    for _ in range(3):
        assert say(server, "sea", stay=True).json()["recipe"]["source"] == {"seed": 7}
    starts = [say(server, "sea").json()["recipe"]["source"]["seed"] for _ in range(3)]
    assert len(set(starts)) == 3


def test_a_stranger_alone_moves_nothing(server: Server) -> None:
    found = say(server, "helicopter").json()
    assert found["understood"] == [] and found["recipe"]["source"] == {"seed": 7}


def test_the_start_is_the_one_that_suits_best(spoken: Model) -> None:
    part = Part("warm", 0, 4, "warmth", 2.0, 1.0, "exact")
    wish = Understanding((part,))
    chosen = choose_start(wish, spoken.recipe(0), 1000, spoken)
    seeds = range(1000, 1000 + STARTS)
    styles = spoken.truncated(spoken.map_seeds(seeds), spoken.recipe(0).variety)
    warmth = foretell(spoken, styles)["warmth"]
    assert seeds.index(chosen.seed) == int(np.minimum(warmth, 2.0).argmax())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "words_empty"),
        ("  \n", "words_empty"),
        (7, "words_empty"),
        ("sea " * 600, "words_long"),
        ("sea:nan", "words_weight"),
    ],
)
def test_what_is_no_sentence_is_refused(server: Server, text: Any, code: str) -> None:
    assert say(server, text).json()["error"]["code"] == code


def test_a_model_without_words_says_so(server: Server, shelf: Path) -> None:
    recipe = {**Model.open("good").recipe(7).to_dict(), "model": "nobody"}
    answer = server.post("studio/words", json={"text": "sea", "recipe": recipe})
    assert answer.json()["error"]["code"] == "model_missing"
    shutil.copytree(shelf / "bad", shelf / "mute")
    recipe = Model.open("mute").recipe(7).to_dict()
    answer = server.post("studio/words", json={"text": "sea", "recipe": recipe})
    assert answer.json()["error"]["code"] == "words_none"


def test_moods_are_offered_with_the_works_that_they_lead_to(
    server: Server, spoken: Model
) -> None:
    found = server.get("studio/presets", params={"model": "good"}).json()["presets"]
    assert {"romantic", "coast", "village"} <= {preset["key"] for preset in found}
    for preset in found:
        spoken.check(Recipe.from_dict(preset["recipe"]))
        assert preset["understood"]
    again = server.get("studio/presets", params={"model": "good"}).json()["presets"]
    assert again == found


def test_every_mood_is_understood_by_a_model_of_landscapes() -> None:
    offered = presets_for([*PROPERTIES, *TAGS])
    assert len(offered) == len(presets()) >= 12
    assert not [found.unknown for _, found in offered if found.unknown]
    declared = {preset.key for preset, _ in offered if preset.mood}
    assert declared == {"storm", "nocturne"}


def test_words_found_meanwhile_are_there_without_a_restart(
    server: Server, shelf: Path
) -> None:
    plain = Model.open("bad").recipe(3).to_dict()
    before = server.get("studio/models/bad").json()
    assert server.post("studio/save", json={"recipe": plain}).is_success
    give_words(shelf / "bad", NAMES)
    after = server.get("studio/models/bad").json()
    assert after["fingerprint"] == before["fingerprint"] == plain["fingerprint"]
    assert after["edition"] != before["edition"]
    worded = {"recipe": {**plain, "directions": {"sea": 1.0}}}
    deadline = time.monotonic() + 30
    while not (answer := server.post("studio/save", json=worded)).is_success:
        assert answer.json()["error"]["code"] == "recipe_direction"
        assert time.monotonic() < deadline
        time.sleep(0.2)
