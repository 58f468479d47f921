"""Dreams: told in sentences, understood where they can be, going on where not."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from phrasebook import read
from worded import give_words

from studio.checkpoint import read_card
from studio.errors import InputError
from studio.latent.dream import (
    COLUMNS,
    Pool,
    caption_times,
    columns,
    hear,
    split,
    stage,
)
from studio.latent.walk import MOST, measured, walk_through
from studio.model import Model

LANDSCAPES = Path(__file__).resolve().parent.parent / "checkpoints" / "landscapes"


@pytest.fixture(scope="module")
def worded_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    from conftest import write_tiny_checkpoint

    folder = write_tiny_checkpoint(tmp_path_factory.mktemp("dreams") / "worded")
    return give_words(folder, ("sea", "sunset", "snow"))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("I ran. The sea!", ["I ran.", "The sea!"]),
        (
            "Dr. Smith came at 3.5 p.m. It rained",
            ["Dr. Smith came at 3.5 p.m. It rained"],
        ),
        ("“Run!” she said.\nThen snow…", ["“Run!”", "she said.", "Then snow…"]),
        (
            "夜里，我走。村庄亮着灯……下雪了！",
            ["夜里，我走。", "村庄亮着灯……", "下雪了！"],
        ),
        ("a\r\n\r\nb; c", ["a", "b; c"]),
        ("?!... *** hello", ["*** hello"]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(
    text: str, sentences: list[str]
) -> None:
    assert split(text) == sentences


@pytest.mark.parametrize("unit", ["walking on and on, ", "山上下着雪，", "x", "word "])
def test_long_sentences_are_parted_and_lose_nothing(unit: str) -> None:
    text = unit * 60
    parts = split(text)
    assert all(columns(part) <= COLUMNS for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "dream_empty"),
        ("  \n ... !!", "dream_empty"),
        ("Sea. " * (MOST + 1), "dream_long"),
        ("x" * 200_000, "dream_heavy"),
    ],
)
def test_what_is_no_dream_is_told(text: str, code: str) -> None:
    with pytest.raises(InputError) as refused:
        split(text)
    assert refused.value.code == code


def test_most_sentences_that_name_something_known_get_a_keyframe_with_it() -> None:
    dreams = read("dreams")
    assert len(dreams) == 12 and sum(d["language"] == "zh" for d in dreams) == 6
    card = read_card(LANDSCAPES)
    for language in ("en", "zh"):
        named = got = 0
        for dream in (dream for dream in dreams if dream["language"] == language):
            texts = [sentence for sentence, _ in dream["sentences"]]
            mark = "" if language == "zh" else " "
            assert split(mark.join(texts)) == texts
            heard = hear(texts, card)
            for found, (_, meant) in zip(heard, dream["sentences"], strict=True):
                named += bool(meant)
                got += bool(found.amounts.keys() & set(meant))
        assert got / named >= 0.8, (language, got, named)


def test_how_a_dream_is_told_is_no_part_of_it() -> None:
    card = read_card(LANDSCAPES)
    told = hear(["I dreamt of a road.", "我梦见了一条路。", "A dreamy road."], card)
    assert [set(found.amounts) for found in told[:2]] == [{"road"}] * 2
    assert "softness" in told[2].amounts
    assert told[0].understood[0].start == 14


def test_each_sentence_becomes_a_work_with_its_words(worded_model: Model) -> None:
    sentences = split("The sea. Nothing to say. A sunset over the sea. Xyzzy.")
    heard = hear(sentences, worded_model.card)
    base = worded_model.recipe(5)
    moments = stage(worded_model, sentences, heard, base)
    assert moments[0].recipe.amounts["sea"] > 0
    assert {"sea", "sunset"} <= moments[2].recipe.amounts.keys()
    # Where nothing is understood it goes on from where it was, and not too far.
    styles = [worded_model.style(moment.recipe) for moment in moments]
    near = np.linalg.norm(styles[1] - styles[0])
    assert 0 < near < np.linalg.norm(styles[2] - styles[0])
    assert moments[1].recipe.amounts == moments[0].recipe.amounts
    told = json.loads(json.dumps([moment.to_dict() for moment in moments]))
    assert [item["text"] for item in told] == sentences


def test_words_are_added_as_far_as_a_start_lacks_them(worded_model: Model) -> None:
    pool = Pool.of(worded_model, 0.8)
    name = worded_model.directions[0].name
    values = np.zeros(len(pool.seeds))
    values[3] = 5.0
    pool = replace(pool, values={name: values})
    recipe = worded_model.recipe(0).with_direction(name, 1.0)
    assert pool.ease(recipe, 2) == recipe
    assert pool.ease(recipe, 3).amounts[name] == pytest.approx(0.4)
    much = recipe
    for direction in worded_model.directions:
        much = much.with_direction(direction.name, 3.0)
    eased = pool.ease(much, 2).amounts
    assert np.linalg.norm(list(eased.values())) == pytest.approx(1.8, abs=0.01)


def test_a_dream_goes_on_the_same_in_parts(worded_model: Model) -> None:
    sentences = split("Sea. Sunset. Hm. Snow. Hm. Sea and snow.")
    heard = hear(sentences, worded_model.card)
    base, pool = worded_model.recipe(5), Pool.of(worded_model, 0.8)
    whole = stage(worded_model, sentences, heard, base, None, pool)
    first = stage(worded_model, sentences[:3], heard[:3], base, None, pool)
    rest = stage(
        worded_model, sentences[3:], heard[3:], base, first[-1].recipe, pool, 3
    )
    assert [*first, *rest] == whole


def test_a_dream_chooses_starts_near_where_it_is(worded_model: Model) -> None:
    pool = Pool.of(worded_model, 0.8)
    found = hear(["sea"], worded_model.card)[0]
    here = pool.w[100]
    chosen, free = pool.choose(found, here), pool.choose(found, None)
    away = [float(np.linalg.norm(pool.w[i] - here)) for i in (chosen, free)]
    assert away[0] <= away[1]


def test_a_dream_of_nothing_known_and_a_model_without_words_still_drift(
    tiny_model: Model,
) -> None:
    sentences = split("Xyzzy plugh. Qwrt! 安녕")
    heard = hear(sentences, tiny_model.card)
    assert not any(found.amounts for found in heard)
    moments = stage(tiny_model, sentences, heard, tiny_model.recipe(3))
    walk = walk_through(tiny_model, [moment.keyframe for moment in moments], True)
    walk = measured(tiny_model, walk)
    assert all(stop.change > 0 for stop in walk.stops)
    assert moments[0].recipe == tiny_model.recipe(3)


def test_five_hundred_sentences_are_a_dream(worded_model: Model) -> None:
    sentences = split("The sea. Then snow. " * (MOST // 2))
    assert len(sentences) == MOST
    heard = hear(sentences, worded_model.card)
    moments = stage(worded_model, sentences[:40], heard[:40], worded_model.recipe(1))
    assert len(moments) == 40


def test_a_dream_of_one_sentence_has_its_caption_throughout() -> None:
    assert caption_times(["sea"], [12.0]) == [("sea", 0.0, 12.0)]


def test_captions_follow_each_other_and_never_overlap() -> None:
    times = caption_times(["a", "b", "c"], [6.0, 4.0, 8.0])
    assert times[0][1] == 0.0
    for before, after in pairwise(times):
        assert before[2] < after[1] < after[2]
    assert times[-1][2] <= 18.0
