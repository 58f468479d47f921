"""Training from a folder of pictures to a model, whatever comes in between."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from trainers import TINY, all_state, assert_same_state, tiny_run, train_apart

from studio.checkpoint import (
    beside,
    fingerprint,
    list_models,
    read_card,
    read_weights,
)
from studio.errors import RunError, StudioError
from studio.model import Model
from studio.training.autoencoder import make_autoencoder
from studio.training.base import make_settings
from studio.training.run import Run
from studio.training.session import Session
from studio.training.settings import TrainSettings
from studio.training.state import pack, save_state

ENDLESS = {"kimg": 900.0, "snapshot_kimg": 900.0, "sample_kimg": 900.0}


@pytest.fixture(scope="module")
def whole(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that was trained in one go; look, do not touch."""
    return train_apart(
        tmp_path_factory.mktemp("whole"), tiny_folder, "whole", patch_start=0.5
    )


def when(run: Run, phase: str, act: Callable[[], object]) -> threading.Thread:
    """Do something as soon as a run says that it has come to a phase."""

    def wait() -> None:
        while run.status()["phase"] != phase:
            if run.status()["phase"] == "failed":
                return
            time.sleep(0.02)
        act()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


# -- a whole run ------------------------------------------------------------------


def test_a_run_ends_with_a_model_that_opens(whole: Run) -> None:
    status = whole.status()
    assert status["phase"] == "done" and status["error"] is None
    assert status["images_seen"] == 16 + 48
    model = Model.open(str(whole.folder / "checkpoint"))
    assert model.render([model.recipe(7)]).shape == (1, 32, 32, 3)
    assert len(model.directions) == 1
    assert model.card["data"]["images"] == 12
    assert model.card["training"]["images_seen"] <= status["images_seen"]


def test_a_run_leaves_sheets_measures_and_the_best_of_its_snapshots(
    whole: Run,
) -> None:
    assert list((whole.folder / "samples").glob("*.webp"))
    assert list((whole.folder / "snapshots").glob("*.safetensors"))
    assert list((whole.folder / "samples").glob("autoencoder-*.webp"))
    rebuilt = [row for row in whole.metrics() if row["phase"] == "rebuilt"]
    assert rebuilt[-1]["psnr_db"] > 0 and set(rebuilt[-1]["detail"]) == {"32", "16"}
    rows = [row for row in whole.metrics() if row["phase"] == "snapshot"]
    assert [row["images_seen"] for row in rows] == [16 + 20, 16 + 40, 16 + 48]
    best = min(rows, key=lambda row: row["distance"])
    shown = whole.status()["best"]
    assert shown["distance"] == best["distance"]
    card = json.loads((whole.folder / "checkpoint" / "card.json").read_text())
    assert card["training"]["images_seen"] == best["images_seen"]
    assert card["training"]["best"] == shown
    assert card["training"]["autoencoder"]["psnr_db"] == rebuilt[-1]["psnr_db"]


@pytest.mark.parametrize(
    "stops",
    [(1, 1, 1), (4, 1, 6)],
    ids=["autoencoder", "boundary-and-generator"],
)
def test_a_resumed_run_equals_one_in_one_go_bit_for_bit(
    whole: Run, tiny_folder: Path, stops: tuple[int, ...]
) -> None:
    run = tiny_run(tiny_folder, "parts", patch_start=0.5)
    for steps in stops:
        torch.manual_seed(steps)  # nothing may hang on the global stream
        assert Session(run, steps=steps).train() == "interrupted"
    assert Session(run).train() == "done"
    assert_same_state(run, whole)
    checkpoints = [folder / "checkpoint" for folder in (run.folder, whole.folder)]
    assert fingerprint(checkpoints[0]) == fingerprint(checkpoints[1])

    def measured(run: Run) -> list[dict[str, Any]]:
        rows = [row for row in run.metrics() if row["phase"] == "snapshot"]
        timed = ("minutes", "cpu_minutes")
        return [{k: v for k, v in row.items() if k not in timed} for row in rows]

    assert measured(run) == measured(whole)


def test_another_seed_gives_another_model(tiny_folder: Path) -> None:
    for seed in (0, 1):
        Session(tiny_run(tiny_folder, f"seed-{seed}", seed=seed), steps=1).train()
    one, other = (all_state(Run.open(f"seed-{seed}")) for seed in (0, 1))
    key = "autoencoder:model/encoder.layers.1.weight"
    assert not torch.equal(one[key], other[key])


def test_a_portrait_run_with_minutes_ends_by_the_clock(tiny_folder: Path) -> None:
    run = tiny_run(tiny_folder, "tall", resolution=(64, 32), kimg=None, minutes=0.01)
    assert Session(run).train() == "done"
    model = Model.open("tall")
    assert model.render([model.recipe(0)]).shape == (1, 64, 32, 3)


def test_noted_numbers_after_the_saved_state_are_rewound(tiny_folder: Path) -> None:
    run = tiny_run(tiny_folder, "rewound")
    Session(run, steps=2).train()
    run.append_metrics({"phase": "autoencoder", "images_seen": 8, "loss": 1.0})
    run.append_metrics({"phase": "autoencoder", "images_seen": 12, "loss": 9.0})
    Session(run, steps=1).train()
    assert [row["images_seen"] for row in run.metrics()] == [8]


# -- requests and signals ---------------------------------------------------------


def test_stop_ends_a_run_and_keeps_its_model(tiny_folder: Path) -> None:
    run = tiny_run(tiny_folder, "stopped", **ENDLESS, autoencoder_share=0.01)
    Session(run, steps=1).train()
    _skip_autoencoder(run)
    thread = when(run, "generator", lambda: run.request("stop"))
    assert Session(run).train() == "stopped"
    thread.join()
    assert run.status()["phase"] == "stopped"
    entry = next(model for model in list_models() if model["name"] == "stopped")
    assert entry["ready"], entry
    model = Model.open("stopped")
    assert model.render([model.recipe(1)]).any()


def _skip_autoencoder(run: Run) -> None:
    """Let a run go on with its generator: its autoencoder is as good as it is."""
    settings = run.settings()
    facts = {"images": 8, "seconds": 1.0, "cpu_seconds": 1.0}
    path = run.folder / "state" / "autoencoder-done.safetensors"
    save_state(path, pack({"average": make_autoencoder(settings)}), facts)


def test_stop_in_the_first_phase_ends_without_a_model(tiny_folder: Path) -> None:
    run = tiny_run(tiny_folder, "early", **ENDLESS)
    thread = when(run, "autoencoder", lambda: run.request("stop"))
    assert Session(run).train() == "stopped"
    thread.join()
    assert not (run.folder / "checkpoint").exists()


def test_a_request_made_while_a_run_still_starts_is_heeded(
    tiny_folder: Path,
) -> None:
    run = tiny_run(tiny_folder, "hasty", **ENDLESS)
    run.request("pause")
    assert Session(run).train() == "paused"
    assert run.requested() is None


def test_a_paused_run_goes_on_where_it_was(tiny_folder: Path) -> None:
    run = tiny_run(tiny_folder, "paused", **ENDLESS)
    thread = when(run, "autoencoder", lambda: run.request("pause"))
    assert Session(run).train() == "paused"
    thread.join()
    before = run.status()
    assert before["phase"] == "paused" and before["images_seen"] > 0
    assert Session(run, steps=3).train() == "interrupted"  # the old request is gone
    assert run.status()["images_seen"] == before["images_seen"] + 3 * 4


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_after_its_step(
    tiny_folder: Path, number: signal.Signals
) -> None:
    run = tiny_run(tiny_folder, "asked", **ENDLESS)
    handler = signal.getsignal(number)
    thread = when(run, "autoencoder", lambda: os.kill(os.getpid(), number))
    assert Session(run).train() == "interrupted"
    thread.join()
    assert run.status()["phase"] == "interrupted"
    assert run.status()["images_seen"] > 0
    assert signal.getsignal(number) is handler


# -- what goes wrong --------------------------------------------------------------


def test_a_folder_that_vanished_fails_the_run_with_one_sentence(
    tiny_folder: Path,
) -> None:
    run = tiny_run(tiny_folder / "gone", "lost")
    with pytest.raises(StudioError) as caught:
        Session(run).train()
    status = run.status()
    assert status["phase"] == "failed" and status["error"] == str(caught.value)


@pytest.mark.parametrize("part", ["autoencoder", "autoencoder-done", "latents"])
def test_a_damaged_state_fails_the_run_with_one_sentence(
    tiny_folder: Path, part: str
) -> None:
    run = tiny_run(tiny_folder, "damaged")
    Session(run, steps=2 if part == "autoencoder" else 6).train()
    path = run.folder / "state" / f"{part}.safetensors"
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(RunError) as caught:
        Session(run).train()
    assert caught.value.code == "run_damaged"
    assert run.status()["phase"] == "failed"


def test_a_checkpoint_lost_between_two_renames_comes_back(
    tiny_folder: Path, whole: Run
) -> None:
    run = tiny_run(tiny_folder, "renamed")
    Session(run, steps=2).train()
    folder = run.folder / "checkpoint"
    shutil.copytree(whole.folder / "checkpoint", beside(folder, "old"))
    Session(run, steps=1).train()
    assert fingerprint(folder) == fingerprint(whole.folder / "checkpoint")


# -- starting from a model --------------------------------------------------------


@pytest.fixture
def base(whole: Run, monkeypatch: pytest.MonkeyPatch) -> str:
    """The whole run, as a model to start from."""
    return str(whole.folder / "checkpoint")


def test_a_run_from_a_model_starts_with_its_weights(
    tiny_folder: Path, whole: Run, base: str
) -> None:
    run = tiny_run(tiny_folder, "child", base=base, rate=1e-12)
    assert Session(run).train() == "done"
    card = read_card(run.folder / "checkpoint")
    assert card["training"]["base"] == "whole"  # its name, not where it lies
    for file in ("autoencoder", "generator", "discriminator"):
        ours = read_weights(run.folder / "checkpoint", f"{file}.safetensors")
        theirs = read_weights(whole.folder / "checkpoint", f"{file}.safetensors")
        assert ours.keys() == theirs.keys()
        for key in ours.keys() - {"w_mean"}:
            np.testing.assert_allclose(ours[key], theirs[key], atol=1e-4)
    assert run.status()["images_seen"] == 48  # no autoencoder was trained
    before = read_card(run.folder / "checkpoint")["training"]["before"]
    assert before == read_card(whole.folder / "checkpoint")["training"]


def test_settings_take_their_shapes_from_the_model_they_start_from(base: str) -> None:
    given = {"folder": "f", "name": "n", "base": base, "z_dim": 9}
    whole = make_settings(given)
    for key in ("resolution", "encoder_widths", "decoder_blocks", "generator_widths",
                "discriminator_widths", "latent_channels", "w_dim"):  # fmt: skip
        assert getattr(whole, key) == TINY[key], key
    assert whole.z_dim == 9  # what is given counts
    part = make_settings({**given, "base_parts": "autoencoder"})
    assert part.encoder_widths == TINY["encoder_widths"]
    assert part.generator_widths == TrainSettings.generator_widths
    assert part.resolution == TrainSettings.resolution


def test_a_run_from_a_model_shows_at_once_what_it_starts_from(
    tiny_folder: Path, base: str
) -> None:
    run = tiny_run(tiny_folder, "early", base=base)
    assert Session(run, steps=1).train() == "interrupted"
    assert [path.name for path in (run.folder / "samples").iterdir()] == ["000000.webp"]


def test_a_run_can_start_from_the_autoencoder_of_a_model_alone(
    tiny_folder: Path, base: str
) -> None:
    run = tiny_run(
        tiny_folder, "half", base=base, base_parts="autoencoder",
        generator_widths=(12,), seed=5,
    )  # fmt: skip
    assert Session(run).train() == "done"
    ours, theirs = (
        read_weights(folder, "autoencoder.safetensors")
        for folder in (run.folder / "checkpoint", Path(base))
    )
    scale = {"latent_mean", "latent_std"}
    for key in ours.keys() - scale:
        np.testing.assert_allclose(ours[key], theirs[key], atol=1e-4)
    assert run.status()["images_seen"] == 48


def test_judges_of_features_are_kept_for_those_who_go_on(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    eyes = {"latent_weight": 0.0, "feature_weight": 1.0}
    first = tiny_run(tiny_folder, "first", **eyes)
    assert Session(first).train() == "done"
    folder = first.folder / "checkpoint"
    assert not (folder / "discriminator.safetensors").exists()
    child = tiny_run(
        tiny_folder, "second", base=str(folder), rate=1e-12, kimg=0.004, **eyes
    )
    assert Session(child).train() == "done"
    ours = read_weights(child.folder / "checkpoint", "perception.safetensors")
    theirs = read_weights(folder, "perception.safetensors")
    for key in (k for k in ours if "judges" in k):
        np.testing.assert_allclose(ours[key], theirs[key], atol=1e-3)


def test_a_run_from_a_model_without_a_plan_gives_it_one(tiny_folder: Path) -> None:
    bare = tiny_run(tiny_folder, "bare", plan=False)
    assert Session(bare).train() == "done"
    base = str(bare.folder / "checkpoint")
    child = tiny_run(tiny_folder, "planned", base=base, plan=True)
    assert Session(child).train() == "done"  # it began with none at all
    ours = read_weights(child.folder / "checkpoint", "generator.safetensors")
    assert "plan.weight" not in read_weights(Path(base), "generator.safetensors")
    assert 0 < np.abs(ours["plan.weight"]).max() < 0.1


def test_a_run_from_a_model_of_another_shape_fails_with_one_sentence(
    tiny_folder: Path, base: str
) -> None:
    run = tiny_run(tiny_folder, "wider", base=base, generator_widths=(12,))
    with pytest.raises(RunError) as caught:
        Session(run).train()
    assert caught.value.code == "base_shape"
    assert caught.value.params["part"] == "generator"
    assert run.status()["phase"] == "failed"


def test_a_run_from_a_model_without_discriminator_fails_with_one_sentence(
    tiny_folder: Path,
) -> None:
    run = tiny_run(tiny_folder, "orphan", base="tiny", decoder_widths=(32, 16, 16),
                   decoder_blocks=(1,) * 3, encoder_widths=(8, 16, 16),
                   generator_widths=(32,),
                   z_dim=16, w_dim=16)  # fmt: skip
    with pytest.raises(StudioError):
        Session(run).train()
    assert run.status()["phase"] == "failed"


def test_a_run_learns_from_pictures_framed_as_it_was_asked(tmp_path: Path) -> None:
    folder = tmp_path / "long"
    folder.mkdir()
    for i in range(6):
        chance = np.random.default_rng(i)
        pixels = chance.integers(0, 256, (32, 96, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    latents = []
    for framing in ("centre", "whole"):
        run = tiny_run(folder, framing, framing=framing, kimg=0.008)
        assert Session(run).train() == "done"
        latents.append(all_state(run)["latents:latents"])
    assert not torch.equal(*latents)
