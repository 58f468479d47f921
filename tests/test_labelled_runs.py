"""A run on labelled pictures learns a model that can be asked for their kinds."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from trainers import assert_same_state, tiny_run, train_apart

from studio.checkpoint import read_card, read_weights
from studio.cli.runs import read_settings, register
from studio.errors import InputError
from studio.model import Model
from studio.training.autoencoder import make_autoencoder
from studio.training.generator import GeneratorPhase
from studio.training.launch import check_at_once
from studio.training.run import Run
from studio.training.second import make_second
from studio.training.session import Session
from studio.training.trial import Trial, try_out

COLOURS = ("blue", "green", "red")
COUNTS = (16, 24, 16)
LABELLED: dict[str, Any] = {"labels": "auto", "validation_share": 0.0}


def paint_colours(folder: Path, counts: dict[str, int]) -> Path:
    """Make noise of one colour in each folder; `none` has none and no folder."""
    chance = np.random.default_rng(0)
    for name, count in counts.items():
        place = folder if name == "none" else folder / name
        place.mkdir(parents=True, exist_ok=True)
        colour = np.array([name == c for c in ("red", "green", "blue")]) * 160
        for i in range(count):
            noise = chance.integers(0, 80, (40, 40, 3)) + colour
            Image.fromarray(noise.astype(np.uint8)).save(place / f"{name}{i}.png")
    return folder


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("colours")
    return paint_colours(folder, dict(zip(COLOURS, COUNTS, strict=True)) | {"none": 6})


@pytest.fixture(scope="module")
def whole(colours: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that was trained in one go; look, do not touch."""
    return train_apart(tmp_path_factory.mktemp("whole"), colours, "whole", **LABELLED)


def test_its_card_tells_the_kinds_and_how_often_they_come(whole: Run) -> None:
    model = Model.open(str(whole.folder / "checkpoint"))
    assert model.kinds == ["green", "blue", "red"]
    assert model.shares[0] > model.shares[1] == model.shares[2] > 0.2
    assert sum(model.shares) < 1  # a few pictures are of no kind
    assert read_card(whole.folder / "checkpoint")["networks"]["generator"]["kinds"] == 3
    assert (
        "3 kinds: green 24, blue 16, red 16" in (whole.folder / "log.txt").read_text()
    )


def test_what_it_shows_is_what_the_model_makes_of_the_same_seeds(whole: Run) -> None:
    model = Model.open(str(whole.folder / "checkpoint"))
    mean = model.map_seeds(range(512)).mean(axis=0)
    apart = np.abs(mean - model.generator.w_mean.numpy()).max()
    assert apart < 0.3 * model.map_seeds(range(512)).std(axis=0).max()


@pytest.mark.parametrize("stops", [(1, 2), (4, 1, 6)], ids=["first", "second"])
def test_resumed_it_equals_one_in_one_go_whatever_became_of_the_labels(
    whole: Run, colours: Path, tmp_path: Path, stops: tuple[int, ...]
) -> None:
    run = tiny_run(colours, "parts", **LABELLED)
    for steps in stops:
        assert Session(run, steps=steps).train() == "interrupted"
    if len(stops) == 3:  # its kinds were written down: nobody is asked again
        bare = paint_colours(tmp_path, {"none": 4})
        run.write_settings(replace(run.settings(), folder=str(bare)))
    assert Session(run).train() == "done"
    assert_same_state(run, whole)


@pytest.mark.slow
def test_asked_for_a_kind_it_paints_more_of_its_colour(colours: Path) -> None:
    often = {"snapshot_kimg": 9.0, "sample_kimg": 9.0}
    run = tiny_run(colours, "long", kimg=5.0, rate=2e-3, **often, **LABELLED)
    assert Session(run).train() == "done"
    model = Model.open(str(run.folder / "checkpoint"))
    seen = {
        colour: model.render(
            [replace(model.recipe(s), kinds=((colour, 1.0),)) for s in range(12)]
        ).mean(axis=(0, 1, 2))
        for colour in COLOURS
    }
    for channel, colour in enumerate(("red", "green", "blue")):
        assert max(seen, key=lambda name: seen[name][channel]) == colour


def test_short_of_memory_it_goes_on_with_half_the_batch(
    colours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = GeneratorPhase.step

    def stumble(phase: GeneratorPhase, progress: float) -> dict[str, float]:
        if phase.settings.batch == 8 and phase.steps == 2:
            raise MemoryError
        return step(phase, progress)

    monkeypatch.setattr(GeneratorPhase, "step", stumble)
    run = tiny_run(colours, "short", batch=8, **LABELLED)
    assert Session(run).train() == "done"
    assert run.settings().halved
    assert len(read_card(run.folder / "checkpoint")["kinds"]) == 3


# -- labels that cannot be learnt ---------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "labels", "code"),
    [
        ({"none": 30}, "auto", "labels_none"),
        ({"red": 30, "blue": 5}, "auto", "labels_few"),
        ({"red": 15, "blue": 15}, "fruit", "labels_no_table"),
    ],
)
def test_a_run_whose_labels_make_no_kinds_says_so_before_it_learns(
    tmp_path: Path, counts: dict[str, int], labels: str, code: str
) -> None:
    folder = paint_colours(tmp_path, counts)
    run = tiny_run(folder, "bare", labels=labels)
    with pytest.raises(InputError) as caught:
        check_at_once(run.settings())
    assert caught.value.code == code
    with pytest.raises(InputError) as caught:
        Session(run).train()
    assert caught.value.code == code
    assert not (run.folder / "state").exists() or not any(
        (run.folder / "state").iterdir()
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"family": "vae"}, "labels_vae"),
        ({"latent_weight": 0.0, "feature_weight": 1.0}, "config_value"),
    ],
)
def test_labels_without_somebody_who_judges_them_are_refused(
    tmp_path: Path, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(InputError) as caught:
        tiny_run(tmp_path, "bare", labels="auto", **changes)
    assert caught.value.code == code


def test_the_command_learns_labels_where_it_is_asked_to(colours: Path) -> None:
    def labels(*options: str) -> str:
        verbs = argparse.ArgumentParser().add_subparsers()
        register(verbs)
        args = verbs.choices["train"].parse_args(
            [str(colours), "--name", "n", *options]
        )
        return read_settings(args, colours).labels

    assert [labels(), labels("--labels"), labels("--labels", "fruit")] == [
        "", "auto", "fruit",
    ]  # fmt: skip


def test_a_trial_of_labelled_pictures_tells_a_pace(colours: Path) -> None:
    found = try_out(tiny_run(colours, "trial", **LABELLED).settings(), seconds=0.2)
    assert found["generator"] > 0


# -- starting from a model ----------------------------------------------------------


def first_generator(run: Run) -> dict[str, torch.Tensor]:
    """Give the weights that the generator of a run starts with."""
    trial = Trial(run)
    trial.prepare()
    trial.album.autoencoder = make_autoencoder(run.settings())
    return make_second(trial.album, trial._material()).model.state_dict()


def test_a_start_finds_the_kinds_of_a_model_by_their_names(
    whole: Run, tmp_path: Path
) -> None:
    base = whole.folder / "checkpoint"
    counts = {"red": 20, "violet": 15, "green": 12}  # another order than the model's
    run = tiny_run(paint_colours(tmp_path, counts), "n", base=str(base), **LABELLED)
    begun = first_generator(run)
    known = read_weights(base, "generator.safetensors")
    old, new = known["mapping.kinds.weight"], begun["mapping.kinds.weight"].numpy()
    names = Model.open(str(base)).kinds
    np.testing.assert_array_equal(new[:, 0], old[:, names.index("red")])
    assert new[:, 1].std() > 0.5  # as loud as what z gives
    np.testing.assert_array_equal(new[:, 2], old[:, names.index("green")])
    np.testing.assert_array_equal(begun["constant"].numpy(), known["constant"])


def test_a_model_without_kinds_gives_all_else_that_it_knows(
    whole: Run, colours: Path
) -> None:
    plain = tiny_run(colours, "plain", validation_share=0.0, kimg=0.008)
    assert Session(plain).train() == "done"
    base = plain.folder / "checkpoint"
    begun = first_generator(tiny_run(colours, "taught", base=str(base), **LABELLED))
    known = read_weights(base, "generator.safetensors")
    assert begun.keys() - known.keys() == {"mapping.kinds.weight"}
    for key, weights in known.items():
        np.testing.assert_array_equal(begun[key].numpy(), weights)


def test_a_run_without_labels_leaves_the_kinds_of_its_model(
    whole: Run, colours: Path
) -> None:
    base = str(whole.folder / "checkpoint")
    run = tiny_run(colours, "plain", base=base, kimg=0.008)
    assert Session(run).train() == "done"
    assert "kinds" not in read_card(run.folder / "checkpoint")
    Model.open(str(run.folder / "checkpoint"))
