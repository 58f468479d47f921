"""The lexicon: what it holds, and what a model makes of an entry."""

from __future__ import annotations

import json
import math
import re

import pytest

from studio.latent.lexicon import (
    PROPERTIES,
    Entry,
    Names,
    elsewhere,
    entries,
    find_entry,
    inflections,
    near_spellings,
    opposites,
)
from studio.latent.phrases import FOLDER, HAN, LONGEST, grammar, key_of


def entry(form: str) -> Entry:
    found = find_entry(key_of(form))
    assert found is not None, form
    return found


def realised(form: str, *vocabulary: str) -> dict[str, float] | None:
    meaning = Names(vocabulary).realise(entry(form))
    return None if meaning is None else dict(meaning.amounts)


def kept(form: str, *vocabulary: str) -> float:
    meaning = Names(vocabulary).realise(entry(form))
    return 0.0 if meaning is None else meaning.kept


def test_there_are_hundreds_of_entries_in_both_languages() -> None:
    assert len(entries()) >= 300
    chinese = [any(re.match(f"[{HAN}]", f) for f in e.forms) for e in entries()]
    assert all(chinese)
    assert all(any(form.isascii() for form in e.forms) for e in entries())


def test_no_form_belongs_to_two_entries() -> None:
    owners: dict[str, str] = {}
    twice = []
    for one in entries():
        for form in one.forms:
            if owners.setdefault(key_of(form), one.name) != one.name:
                twice.append((form, owners[key_of(form)], one.name))
    assert not twice


def test_every_form_can_be_said() -> None:
    said = grammar().keys()
    for one in entries():
        for form in one.forms:
            key = key_of(form)
            assert key, (one.name, form)
            assert len(key) <= LONGEST or key.isascii() or " " in key, form
            assert key not in said, f"{form} is also a word that says how"


def test_every_amount_is_finite_and_of_a_sensible_size() -> None:
    for one in entries():
        assert one.means, one.name
        for means in one.means:
            assert means, one.name
            for name, amount in means:
                assert math.isfinite(amount) and 0.1 <= abs(amount) <= 1.5, one.name
                assert key_of(name), one.name


def test_a_property_is_spelled_as_it_is_measured() -> None:
    """A component that is no property is a thing, which has an entry or a label."""
    names = {name for e in entries() for means in e.means for name, _ in means}
    assert names >= set(PROPERTIES)
    strange = [n for n in names - set(PROPERTIES) if find_entry(key_of(n)) is None]
    assert not strange


@pytest.mark.parametrize("form", ["storm", "nocturne", "暴风雨", "夜曲"])
def test_a_storm_is_a_mood_where_none_was_learnt(form: str) -> None:
    found = realised(form, *PROPERTIES, "clouds", "sea", "night market")
    assert found is not None and found["brightness"] < 0
    assert found.keys() <= {*PROPERTIES, "clouds"}


def test_a_mood_does_without_the_label_that_is_missing_and_is_less_sure() -> None:
    whole = realised("浪漫", "sunset", "warmth", "softness")
    part = realised("浪漫", "warmth", "softness")
    assert whole is not None and part is not None
    assert whole.keys() == {"sunset", "warmth", "softness"}
    assert part.keys() == {"warmth", "softness"}
    sure = ("sunset", "warmth", "softness")
    assert kept("romantic", *sure) == 1
    assert kept("romantic", *sure[1:]) < kept("romantic", *sure)


def test_another_meaning_stands_in_for_a_missing_label() -> None:
    found = realised("winter", "snow", "warmth", "saturation")
    assert found is not None and found["snow"] > 0 and found["warmth"] < 0
    assert kept("winter", "snow", "warmth") < kept("winter", "winter") == 1


def test_an_entry_of_which_nothing_is_there_is_nothing() -> None:
    assert realised("boat", "apples", *PROPERTIES) is None
    assert realised("romantic", "apples") is None


@pytest.mark.parametrize("label", ["大海", "Ocean", "seas", "SEA"])
def test_a_label_is_found_in_the_language_and_number_that_it_has(label: str) -> None:
    assert realised("sea", label) == {label: 1}


def test_fruit_is_no_hue() -> None:
    assert realised("sunset", "oranges", "warmth") == {"warmth": 0.8}
    assert Names(["oranges", "orange"]).find("orange") == "orange"
    assert Names(["oranges"]).find("orange") == "oranges"
    assert Names(["orange"]).find("oranges") is None


def test_what_stands_in_brackets_may_be_left_out() -> None:
    names = Names(["pawpaws (Eastern USA)"])
    assert names.find(key_of("pawpaw")) == "pawpaws (Eastern USA)"
    assert list(names) == ["pawpaws (Eastern USA)"]


@pytest.mark.parametrize(
    ("plural", "singular"),
    [("cherries", "cherry"), ("peaches", "peach"), ("mangoes", "mango")],
)
def test_plurals_are_known(plural: str, singular: str) -> None:
    assert singular in list(inflections(plural))


def test_short_words_and_double_s_are_no_plurals() -> None:
    assert list(inflections("gas")) == ["gas"]
    assert list(inflections("glass")) == ["glass"]


@pytest.mark.parametrize("slip", ["vilage", "villlage", "vlilage", "villege"])
def test_one_slip_of_the_hand_is_near(slip: str) -> None:
    assert "village" in near_spellings(slip)


@pytest.mark.parametrize("other", ["vilaage", "pillage", "villagf", "villagers"])
def test_two_slips_and_other_consonants_are_not_near(other: str) -> None:
    assert "village" not in near_spellings(other)


def test_short_words_and_other_scripts_have_no_near_spellings() -> None:
    assert not list(near_spellings("boar"))
    assert not list(near_spellings("海岸线风景很美"))


def test_what_is_elsewhere_is_not_in_the_lexicon() -> None:
    assert len(elsewhere()) > 300
    assert not [word for word in elsewhere() if find_entry(key_of(word))]
    assert all(one != other for one, other in opposites())


def test_traditional_characters_map_one_to_one() -> None:
    data = json.loads((FOLDER / "traditional.json").read_text(encoding="utf-8"))
    old, new = data["traditional"], data["simplified"]
    assert len(old) == len(new) == len(set(old))
    used = {c for e in entries() for form in e.forms for c in form}
    assert not used & set(old), "a form must be spelled as the map leaves it"
