"""Phrases: folding, cutting up, weights, and what is no phrase."""

from __future__ import annotations

import pytest

from studio.errors import InputError
from studio.latent.phrases import TEXT_LIMIT, fold, key_of, read_phrase

FORMS = {"sea", "sunset", "golden hour", "boat", "海", "夕阳", "海岸线", "海岸", "村庄"}
FORMS |= {"雾", "船", "洗衣", "大海", "🌊"}


def known(key: str) -> str | None:
    return key if key in FORMS else None


def read(text: str) -> list[tuple[str, float]]:
    """What is wished for, as (key, weight)."""
    return [(w.piece.key, w.weight) for w in read_phrase(text, known)]


@pytest.mark.parametrize("text", ["ＳＥＡ", "Séa", "SEA", "sea"])
def test_width_case_and_accents_do_not_matter(text: str) -> None:
    assert read(text) == [("sea", 1.0)]


@pytest.mark.parametrize("text", ["İß ﬁ ½ Ǆ e\u0301 가 \U0001f30a", "夕陽 Sea\x00\n"])
def test_folding_keeps_every_place(text: str) -> None:
    assert len(fold(text)) == len(text)


def test_traditional_characters_are_simplified() -> None:
    assert key_of("雲霧裡的漁船") == "云雾里的渔船"


def test_a_piece_stands_where_it_was_typed() -> None:
    text = "over the  Golden-Hour, 看夕陽"
    pieces = [wish.piece for wish in read_phrase(text, known)]
    assert [text[p.start : p.end] for p in pieces] == ["Golden-Hour", "夕陽"]


def test_unspaced_chinese_is_cut_into_the_longest_forms() -> None:
    assert [key for key, _ in read("夕阳下的海岸线")] == ["夕阳", "海岸线"]
    assert [key for key, _ in read("海边有船和村庄")][-2:] == ["船", "村庄"]


@pytest.mark.parametrize("word", ["海军", "洗衣机", "雾霾险"])
def test_no_form_is_torn_out_of_a_longer_stranger(word: str) -> None:
    assert read(word) == [(word, 1.0)]


def test_a_stranger_beside_a_form_stays_alone() -> None:
    assert read("股票大海") == [("股票", 1.0), ("大海", 1.0)]


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("sea:1.5, -boat", [1.5, -1]),
        ("sea：1.5，-boat", [1.5, -1]),
        ("(sea:0.5) +boat", [0.5, 1]),
        ("sea: -2", [-2]),
        ("golden hour:1.2", [1.2]),
        ("海:2夕阳", [2, 1]),
        ("very sea", [1.5]),
        ("slightly sea, boat", [0.5, 1]),
        ("a touch of sea", [0.5]),
        ("非常海", [1.5]),
        ("有点海 村庄", [0.5, 1]),
        ("海多一点", [1.25]),
        ("雾少一点", [-1]),
        ("no boat", [-1]),
        ("without any boat, sea", [-1, 1]),
        ("without sea or boat", [-1, -1]),
        ("no boat and sea", [-1, 1]),
        ("没有 村庄", [-1]),
        ("没有村庄的海", [-1, 1]),
        ("没有村庄和船，大海", [-1, -1, 1]),
        ("not very sea", [-1]),
        ("slightly less sea", [-0.5]),
        ("sea - boat", [1, 1]),
        ("sea-boat", [1, 1]),
        ("🌊 sea", [1, 1]),
    ],
)
def test_weights_are_read(text: str, weights: list[float]) -> None:
    assert [weight for _, weight in read(text)] == weights


@pytest.mark.parametrize(
    "text",
    ["", "   ", "../", "\x00\x01", "the over", "的", ":2", "-", "very", "，。！"],
)
def test_what_says_nothing_wishes_for_nothing(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize("weight", ["nan", "inf", "-inf", "1e999", "1.2.3", "NaN"])
def test_a_weight_that_is_no_number_is_refused(weight: str) -> None:
    with pytest.raises(InputError) as refused:
        read(f"sea:{weight}")
    assert refused.value.code == "words_weight"


def test_a_colon_before_a_word_is_punctuation() -> None:
    assert read("sea:boat") == [("sea", 1.0), ("boat", 1.0)]
    assert [key for key, _ in read("sea:nancy")] == ["sea", "nancy"]


def test_a_megabyte_is_refused_before_it_is_read() -> None:
    with pytest.raises(InputError) as refused:
        read("sea " * 2**18)
    assert refused.value.code == "words_long"
    assert read("a" * TEXT_LIMIT) == [("a" * TEXT_LIMIT, 1.0)]


def test_markup_is_words_like_any_other() -> None:
    assert [key for key, _ in read("<script>sea</script>")] == [
        "script",
        "sea",
        "script",
    ]
