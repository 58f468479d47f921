"""Words that a model is given do what they say, and change nothing else of it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from studio.checkpoint import WORDS, describe, fingerprint, read_card, write_words
from studio.direction import PROPERTIES, Named
from studio.errors import ModelError
from studio.evaluation.recognition import learn_labels, rank_quality
from studio.latent.discovery import Found, Vocabulary, discover_words
from studio.latent.measuring import foretell, measure
from studio.latent.properties import measure_pictures
from studio.latent.steering import guess, regress
from studio.latent.trial import Effort
from studio.model import Model
from studio.recipe import Recipe

LITTLE = Effort(samples=192, tried=24, judged=64, steps=8)
LEAST = Effort(samples=64, tried=6, judged=12, steps=2, word_steps=2)


@pytest.fixture(scope="module")
def found(tiny_checkpoint: Path) -> Found:
    return discover_words(Model.open(str(tiny_checkpoint)), effort=LITTLE)


@pytest.fixture
def worded(found: Found, tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """A copy of the tiny checkpoint with the words that were found."""
    folder = tmp_path / "worded"
    shutil.copytree(tiny_checkpoint, folder)
    write_words(folder, found.arrays, found.facts)
    return folder


def known(named: tuple[Named, ...]) -> list[Named]:
    return [one for one in named if one.certainty == "known"]


def test_some_properties_are_found_without_any_label(found: Found) -> None:
    assert len(known(found.named)) >= 3
    assert {one.kind for one in found.named} == {"property"}
    dropped = found.facts["discovery"]["dropped"]
    assert {one.name for one in found.named} | set(dropped) == set(PROPERTIES)


def test_one_more_of_a_known_property_is_one_deviation(worded: Path) -> None:
    model = Model.open(str(worded))
    base = [model.recipe(seed) for seed in range(500, 564)]
    before = measure(model, model.render(base))
    for one in known(model.named):
        moved = [recipe.with_direction(one.name, 1.0) for recipe in base]
        change = measure(model, model.render(moved))[one.name] - before[one.name]
        assert 0.6 < change.mean() < 1.4, one.name
        assert (change > 0).mean() >= 0.85, one.name


def test_what_the_card_says_was_measured(found: Found) -> None:
    for one in found.named:
        assert 0 <= one.measured["right"] <= 1 and one.sigma > 0
        assert set(one.effects) == set(PROPERTIES)
        assert one.effects[one.name] == one.measured["own"]
        assert np.linalg.norm(one.rows) == pytest.approx(1, rel=1e-4)
        if one.certainty == "known":
            assert 0.75 <= one.measured["own"] <= 1.25
            assert one.measured["right"] >= 0.95


def test_the_same_model_is_given_the_same_words(tiny_model: Model) -> None:
    one, other = (discover_words(tiny_model, effort=LEAST) for _ in range(2))
    assert one.facts == other.facts
    for key, array in one.arrays.items():
        np.testing.assert_array_equal(array, other.arrays[key])


def test_words_change_no_picture_of_earlier_recipes(
    worded: Path, tiny_checkpoint: Path
) -> None:
    assert fingerprint(worded) == fingerprint(tiny_checkpoint)
    old, new = Model.open(str(tiny_checkpoint)), Model.open(str(worded))
    recipe = old.recipe(7).with_direction("pca-01", 1.5)
    same = replace(recipe, model=new.name)
    np.testing.assert_array_equal(
        old.render_canonical(recipe), new.render_canonical(same)
    )
    assert [d.name for d in new.directions] == [d.name for d in old.directions]


def test_a_recipe_carries_amounts_along_words(worded: Path) -> None:
    model = Model.open(str(worded))
    one = model.named[0]
    recipe = model.recipe(3).with_direction(one.name, 2.0)
    again = Recipe.from_json(recipe.to_json())
    assert again == recipe and not np.array_equal(
        model.render_canonical(again), model.render_canonical(model.recipe(3))
    )


def test_a_model_is_written_again_with_its_words(worded: Path, tmp_path: Path) -> None:
    model = Model.open(str(worded), to_rewrite=True)
    model.write(tmp_path / "again", model.directions)
    again = Model.open(str(tmp_path / "again"))
    assert [one.describe() for one in again.named] == [
        one.describe() for one in model.named
    ]


def test_measures_are_in_the_models_own_spread(worded: Path) -> None:
    model = Model.open(str(worded))
    recipes = [model.recipe(seed) for seed in range(256)]
    pictures = model.render(recipes)
    values = measure(model, pictures)
    assert tuple(values) == PROPERTIES
    for name, numbers in values.items():
        assert abs(numbers.mean()) < 0.3 and 0.7 < numbers.std() < 1.3, name
    raw = measure_pictures(pictures)[:, 0]
    assert np.corrcoef(values[PROPERTIES[0]], raw)[0, 1] > 0.999
    styles = np.stack([model.style(recipe) for recipe in recipes])
    guessed = foretell(model, styles)
    assert np.corrcoef(guessed["brightness"], values["brightness"])[0, 1] > 0.6


def test_a_model_without_words_has_no_measures(tiny_model: Model) -> None:
    assert tiny_model.named == ()
    picture = tiny_model.render([tiny_model.recipe(1)])
    assert measure(tiny_model, picture) == {}
    assert foretell(tiny_model, np.zeros((1, tiny_model.w_dim))) == {}


def test_damaged_words_are_told_like_other_damage(worded: Path) -> None:
    (worded / WORDS).write_bytes(b"no weights")
    with pytest.raises(ModelError) as raised:
        Model.open(str(worded))
    assert raised.value.code == "model_file_damaged"
    assert describe(worded)["ready"] is False
    (worded / WORDS).unlink()
    with pytest.raises(ModelError) as raised:
        Model.open(str(worded))
    assert raised.value.code == "model_file_missing"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kind", "spell"),
        ("certainty", "surely"),
        ("sigma", 1e9),
        ("leftover", None),
        ("measured", {"right": "all"}),
        ("name", ""),
    ],
)
def test_a_bad_entry_of_a_card_is_refused(
    worded: Path, key: str, value: object
) -> None:
    card = read_card(worded)
    card["words"][0][key] = value
    (worded / "card.json").write_text(json.dumps(card), "utf-8")
    with pytest.raises(ModelError) as raised:
        read_card(worded)
    assert raised.value.params == {"name": "worded", "key": "words"}


def test_arrays_that_do_not_fit_the_card_are_refused(worded: Path) -> None:
    arrays = load_file(worded / WORDS)
    save_file({**arrays, "rows": arrays["rows"][1:].copy()}, worded / WORDS)
    with pytest.raises(ModelError):
        Model.open(str(worded))


def test_a_full_disk_leaves_the_model_as_it_was(
    worded: Path, found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in worded.iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("studio.checkpoint.write_atomically", full)
    with pytest.raises(OSError, match="No space"):
        write_words(worded, found.arrays, found.facts)
    assert {path.name: path.read_bytes() for path in worded.iterdir()} == before
    assert [path.name for path in worded.parent.iterdir()] == ["worded"]


def test_labels_are_learnt_and_judged_apart(tiny_model: Model) -> None:
    # pictures of the model itself: "bright" are those in its brighter half
    pictures = tiny_model.render([tiny_model.recipe(seed) for seed in range(96)])
    light = measure_pictures(pictures)[:, 0]
    marks = np.stack([light > np.median(light), np.arange(96) < 3], axis=1)
    vocabulary = Vocabulary(
        pictures, ("bright", "rare"), marks.astype(float), {"folder": "made"}
    )
    found = discover_words(tiny_model, vocabulary, effort=LEAST)
    measures = [entry["name"] for entry in found.facts["measures"]]
    assert measures == [*PROPERTIES, "bright"]
    assert "rare" not in found.facts["discovery"]["dropped"]
    known = {one.name for one in found.named if one.certainty == "known"}
    for entry in found.facts["measures"]:
        sought = entry["kind"] == "word" and entry["name"] not in known
        assert ("found" in entry) == sought
        assert 0 <= entry.get("found", 0) <= 1
    assert found.facts["discovery"]["folder"] == "made"
    for one in found.named:
        if one.kind == "word":
            assert set(one.measured) >= {"appears", "flips", "distance", "judge"}


def test_labels_called_like_properties_or_like_one_another_are_left_out() -> None:
    names = ("warmth", "sea", "pca-01", "a" * 65, "everywhere")
    marks = np.zeros((60, 5))
    marks[:30], marks[:, 4] = 1, 1
    kept = Vocabulary(np.zeros((60, 8, 8, 3), np.uint8), names, marks, {}).learnable()
    assert kept.names == ("sea",) and kept.marks.shape == (60, 1)


def test_a_recogniser_knows_what_it_has_not_seen() -> None:
    rng = np.random.default_rng(0)
    marks = (rng.random((400, 2)) < (0.5, 0.1)).astype(float)
    features = rng.normal(size=(400, 30))
    features[:, :2] += 2 * marks
    known, fresh = learn_labels(features[:300], marks[:300]), features[300:]
    assert (known.quality > 0.8).all()
    called = known.read(fresh) > 0
    assert (called == marks[300:]).mean() > 0.8
    assert called[:, 1].mean() == pytest.approx(0.1, abs=0.1)


def test_chance_is_a_half_and_order_is_one() -> None:
    marks = np.array([0, 0, 1, 1.0])
    assert rank_quality(np.array([1, 2, 3, 4.0]), marks) == 1
    assert rank_quality(np.array([4, 3, 2, 1.0]), marks) == 0
    assert rank_quality(np.array([1, 2, 3, 4.0]), np.zeros(4)) == 0.5


def test_a_guess_changes_its_own_measure_most() -> None:
    rng = np.random.default_rng(0)
    w = rng.normal(size=(2000, 6))
    slopes = rng.normal(size=(6, 3))
    slopes[:, 2] = slopes[:, 1] + 0.5 * slopes[:, 2]  # two that go together
    learnt = regress(w, w @ slopes + 0.1 * rng.normal(size=(2000, 3)), ridge=1e-3)
    np.testing.assert_allclose(learnt, slopes, atol=0.05)
    effects = guess(np.cov(w.T), learnt, leave=1e-6) @ slopes
    np.testing.assert_allclose(effects, np.eye(3), atol=0.1)


def test_readers_of_other_features_are_refused_in_a_sentence(worded: Path) -> None:
    model = Model.open(str(worded))
    measures = model.card["measures"]
    model.card["measures"] = [*measures, {**measures[0], "name": "sea", "kind": "word"}]
    words = dict(model.weights["words"])
    words["readouts"] = np.concatenate([words["readouts"], words["readouts"][:1]])
    words["readers"] = np.zeros((1, 1280), np.float32)  # as an earlier Reverie had them
    model.weights = {**model.weights, "words": words}
    pictures = model.render([model.recipe(0)])
    with pytest.raises(ModelError) as raised:
        measure(model, pictures)
    assert raised.value.params["key"] == "measures"
