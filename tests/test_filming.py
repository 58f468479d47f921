"""Films from the command line, and plans that travel in their files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from sounds import write_samples, write_sound

from studio.cli import main
from studio.errors import InputError
from studio.export.film import Format
from studio.export.work import save_work
from studio.filming import Plan, read_drives
from studio.latent.drives import Drive, driven, usual_drives
from studio.latent.walk import Keyframe
from studio.model import Model

FAST = ("--fps", "6", "--size", "64", "--json")


@pytest.fixture
def works(tiny_model: Model, tmp_path: Path) -> list[str]:
    paths = [tmp_path / f"{seed}.png" for seed in (1, 5, 9)]
    for path in paths:
        path.write_bytes(save_work(tiny_model, tiny_model.recipe(int(path.stem))))
    return [str(path) for path in paths]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Any:
    """Run a verb; give its JSON, or the sentence that it ends with."""

    def run(*typed: str, to: str = "film.mp4") -> Any:
        status = main([*typed, "-o", str(tmp_path / to)])
        told = capsys.readouterr()
        if status:
            assert status == 2 and len(told.err.strip().splitlines()) == 1
            assert not list(tmp_path.glob("*.mp4"))
            return told.err
        return json.loads(told.out)

    return run


def comment(path: str) -> dict[str, Any]:
    with av.open(path) as film:
        return json.loads(film.metadata["comment"])


def picture(path: str, index: int) -> np.ndarray:
    with av.open(path) as film:
        shown = [f.to_ndarray(format="rgb24") for f in film.decode(video=0)]
    return shown[index].astype(float)


def test_works_become_a_film_that_can_be_made_again(say: Any, works: list[str]) -> None:
    made = say("film", *works, "--loop", "--seconds", "3", *FAST)
    assert made["frames"] == 18 and made["seconds"] == 3.0
    told = comment(made["path"])
    plan = Plan.from_dict(told["plan"])
    assert [k.recipe.source.seed for k in plan.keyframes] == [1, 5, 9]  # type: ignore
    assert told["model_fingerprint"] == plan.keyframes[0].recipe.fingerprint
    seam = np.abs(picture(made["path"], -1) - picture(made["path"], 0)).mean()
    beside = np.abs(picture(made["path"], 1) - picture(made["path"], 0)).mean()
    assert seam < 3 * beside + 2


@pytest.mark.parametrize("name", ["film.mp4", "film.webp"])
def test_a_film_is_verified_and_one_that_was_changed_is_told(
    say: Any, works: list[str], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    path = say("film", *works[:2], "--seconds", "1", *FAST, to=name)["path"]

    def show(*typed: str) -> dict[str, Any]:
        assert main(["show", path, "--json", *typed]) == 0
        return dict(json.loads(capsys.readouterr().out))

    assert show()["film"]["plan"]["works"][0]["recipe"] == show()["recipe"]
    assert show("--verify")["identical"] is True
    data = Path(path).read_bytes()
    Path(path).write_bytes(data.replace(b'"seed": 5', b'"seed": 6'))
    compared = show("--verify")
    assert not compared["identical"] and not compared["match"]


@pytest.mark.parametrize("name", ["film.mp4", "film.webp"])
def test_a_damaged_film_or_one_of_strangers_is_a_sentence(
    say: Any, works: list[str], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    path = Path(say("film", *works[:2], "--seconds", "1", *FAST, to=name)["path"])
    data = path.read_bytes()
    broken = data.replace(b'"plan"', b'"plam"').replace(b"&quot;", b"'")
    for bad in (data[:200], broken):
        path.write_bytes(bad)
        assert main(["show", str(path)]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_one_work_drifts_around_or_along_a_word(
    say: Any, works: list[str], tiny_model: Model
) -> None:
    around = say("film", works[0], "--seconds", "2", *FAST)
    assert around["frames"] == 12
    name = tiny_model.directions[0].name
    along = say("film", works[0], "--along", name, "--seconds", "2", *FAST)
    assert comment(along["path"])["plan"]["amounts"] == {name: 1.0}


def test_a_film_to_music_is_as_long_as_the_music_and_moves_with_it(
    say: Any, works: list[str], tmp_path: Path
) -> None:
    music = str(write_sound(tmp_path / "beat.wav", seconds=2))
    made = say("film", *works, "--music", music, *FAST)
    assert made["seconds"] == pytest.approx(2, abs=0.1) and not made["silent"]
    assert {drive["hears"] for drive in comment(made["path"])["drives"]} == {
        "loudness",
        "brightness",
        "beats",
    }
    plain = say("film", *works, "--seconds", "2", *FAST, to="plain.mp4")
    apart = np.abs(picture(made["path"], 1) - picture(plain["path"], 1)).mean()
    assert apart > 0.5


def test_silence_moves_nothing_and_is_told(
    say: Any, works: list[str], tmp_path: Path
) -> None:
    music = str(write_samples(tmp_path / "q.wav", np.zeros(22_050)))
    made = say("film", *works, "--music", music, *FAST)
    assert made["silent"]


def test_a_dream_becomes_a_film_with_its_sentences(say: Any) -> None:
    told = "The sea. 我飞了起来。 Qwrt!"
    made = say("dream", "tiny", "--text", told, "--seconds", "3", *FAST)
    assert [item["text"] for item in made["sentences"]] == [
        "The sea.",
        "我飞了起来。",
        "Qwrt!",
    ]
    plan = comment(made["path"])["plan"]
    assert plan["loop"] and plan["works"][1]["text"] == "我飞了起来。"
    bare = say(
        "dream", "tiny", "--text", told, "--bare", "--seconds", "3", *FAST, to="b.mp4"
    )
    apart = np.abs(picture(made["path"], 2) - picture(bare["path"], 2))
    assert apart[40:].mean() > 5 > apart[:20].mean()


def test_a_dream_of_one_sentence_is_a_film(say: Any, tmp_path: Path) -> None:
    file = tmp_path / "dream.txt"
    file.write_text("The sea.", encoding="utf-8")
    made = say("dream", "tiny", "--file", str(file), *FAST)
    assert made["seconds"] == 12.0


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (("film",), "at least one work"),
        (("film", "nowhere.png"), "no work"),
        (("film", "{work}", "{other}"), "several models"),
        (("film", "{work}", "{work}", "--around"), "one work"),
        (("film", "{work}", "--along", "xyzzy"), "no direction|no named directions"),
        (("film", "{work}", "--easing", "jumpy"), "one of smooth"),
        (("film", "{work}", "--fps", "0"), "--fps"),
        (("film", "{work}", "--seconds", "9e9"), "--seconds"),
        (("film", "{work}", "--size", "20"), "sides of a film"),
        (("film", "{work}", "--music", "{work}"), "no sound in it"),
        (("film", "{work}", "--music", "nothing.mp3"), "no file"),
        (("film", "{work}", "--drive", "noise"), "no drive"),
        (("film", "{work}", "--drive", "noise=sea:1"), "one of loudness"),
        (("film", *["{work}"] * 501), "501 keyframes"),
        (("dream", "tiny", "--text", " "), "no sentence"),
        (("dream", "tiny", "--text", "Sea. " * 501), "501 sentences"),
        (("dream", "tiny"), "--text or with --file"),
        (("dream", "tiny", "--file", "nowhere.txt"), "cannot be read"),
        (("dream", "nowhere", "--text", "Sea."), "nowhere"),
    ],
)
def test_mistakes_are_told_in_one_sentence(
    say: Any, works: list[str], tmp_path: Path, typed: tuple[str, ...], sentence: str
) -> None:
    import re

    recipe = {"format": 1, "model": "else", "fingerprint": "0" * 16}
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**recipe, "source": {"seed": 1}}), encoding="utf-8")
    names = {"{work}": works[0], "{other}": str(other)}
    told = say(*(names.get(part, part) for part in typed))
    assert re.search(sentence, told), told


def test_a_film_that_ends_in_neither_name_is_refused(
    say: Any, works: list[str]
) -> None:
    assert ".mp4 or .webp" in say("film", works[0], to="film.avi")


def test_a_plan_comes_back_as_it_went(tiny_model: Model) -> None:
    works = (
        Keyframe(tiny_model.recipe(1), 2.0, "hold"),
        Keyframe(tiny_model.recipe(2).with_direction("pca-01", 1.0), 3.0, "linear"),
    )
    for plan in (
        Plan(works, loop=True, texts=("sea", "sky"), calm=True),
        Plan(works, seconds=9.0),
        Plan(works[:1], "along", amounts=(("pca-01", 1.0),), seconds=4.0),
    ):
        assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"works": []}, "film_empty"),
        ({"works": [{}] * 501}, "film_long"),
        ({"way": "up"}, "film_choice"),
        ({"seconds": -1}, "recipe_number"),
        ({"seconds": float("nan")}, "recipe_number"),
        ({"amounts": {"sea": "much"}}, "recipe_number"),
        ({"more": 1}, "recipe_unknown_field"),
        ({"works": [{"recipe": {}}]}, "recipe_no_format"),
        ({"text": "x" * 401}, "film_caption"),
        ({"easing": 3}, "film_choice"),
        ({"work_seconds": 1e9}, "recipe_number"),
    ],
)
def test_plans_are_checked_at_the_door(
    tiny_model: Model, change: dict[str, Any], code: str
) -> None:
    plan = Plan((Keyframe(tiny_model.recipe(1)),)).to_dict()
    for key, value in change.items():
        if key in ("text", "easing", "work_seconds"):
            plan["works"][0][key.removeprefix("work_")] = value
        else:
            plan[key] = value
    with pytest.raises(InputError) as refused:
        Plan.from_dict(plan)
    assert refused.value.code == code


def test_drives_are_checked_and_move_what_they_say(tiny_model: Model) -> None:
    asked = [{"hears": "beats", "word": "pca-02", "amount": -2}]
    drives = read_drives(asked)
    recipe = tiny_model.recipe(1).with_direction("pca-02", 1.5)
    assert driven(recipe, drives, {"beats": 0.5}).amounts == {"pca-02": 0.5}
    assert driven(recipe, drives, {"beats": 0.0}) is recipe
    usual = usual_drives(tiny_model.card)
    assert len({drive.word for drive in usual}) == len(usual) == 3
    assert usual_drives({"directions": []}) == ()
    assert Drive("beats", "pca-02", -2.0) == drives[0]
    with pytest.raises(InputError):
        read_drives([{**asked[0], "amount": 99}])


def test_captions_of_an_open_film_last_to_its_end(tiny_model: Model) -> None:
    works = tuple(Keyframe(tiny_model.recipe(seed), 4.0) for seed in (1, 2))
    plan = replace(Plan(works, texts=("a", "b")), loop=False)
    times = plan.captions(plan.walk(tiny_model))
    assert [caption.text for caption in times] == ["a", "b"]
    assert times[0].start == 0 and times[0].end < times[1].start < 4
    assert Format.of((64, 64), 6).size == (64, 64)
