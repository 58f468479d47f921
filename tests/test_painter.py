"""The decoder learns with its generator, and can still rebuild pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from trainers import tiny_run

from studio.checkpoint import read_card, read_weights
from studio.errors import InputError
from studio.evaluation.features import FeatureMaps
from studio.training.autoencoder import make_autoencoder
from studio.training.dataset import Pictures
from studio.training.painter import Painter
from studio.training.phase import Randomness
from studio.training.session import Session
from studio.training.snapshot import write_snapshot

LEARNING = {"feature_weight": 1.0, "feature_start": 0.0, "decoder_rate": 20.0}


@pytest.fixture
def painter(tiny_folder: Path) -> Painter:
    settings = tiny_run(tiny_folder, "p", **LEARNING).settings()
    pictures = Pictures(tiny_folder, settings.resolution, 0)
    return Painter(settings, pictures, make_autoencoder(settings), torch.device("cpu"))


def test_the_decoder_alone_learns(painter: Painter) -> None:
    learning = {n for n, p in painter.model.named_parameters() if p.requires_grad}
    assert learning == {
        n for n, _ in painter.model.named_parameters() if n.startswith("decoder.")
    }
    assert not [p for p in painter.average.parameters() if p.requires_grad]


def test_it_is_held_to_rebuilding_pictures(painter: Painter) -> None:
    network = FeatureMaps()
    decoder = list(painter.model.decoder.parameters())
    descent = torch.optim.Adam(decoder, lr=3e-3)
    found = []
    for step in range(60):
        loss = painter.rebuild(Randomness(0, "generator", step), network)
        descent.zero_grad()
        loss.backward()
        descent.step()
        found.append(loss.item())
    assert np.mean(found[-15:]) < 0.8 * np.mean(found[:15])


def test_real_pictures_are_drawn_as_they_are(painter: Painter) -> None:
    drawn = painter.draw(Randomness(0, "generator", 0))
    assert drawn.shape == (painter.settings.batch, 3, *painter.settings.resolution)
    assert drawn.min() >= -1 and drawn.max() <= 1
    again = painter.draw(Randomness(0, "generator", 0))
    other = painter.draw(Randomness(0, "generator", 1))
    assert torch.equal(drawn, again) and not torch.equal(drawn, other)


def test_a_run_keeps_the_decoder_that_belongs_to_each_snapshot(
    tiny_folder: Path, tmp_path: Path
) -> None:
    run = tiny_run(tiny_folder, "both", **LEARNING, snapshot_kimg=0.016)
    assert Session(run).train() == "done"
    kept = sorted(int(p.stem) for p in (run.folder / "snapshots").glob("*.safetensors"))
    write_snapshot(run, kept[0], tmp_path / "chosen")
    before = read_weights(run.folder / "state", "autoencoder-done.safetensors")
    chosen = read_weights(tmp_path / "chosen", "autoencoder.safetensors")
    moved = {"encoder": 0.0, "decoder": 0.0}
    for key, array in chosen.items():
        part = key.split(".")[0]
        if part in moved:
            apart = np.abs(array - before[f"average/{key}"]).max()
            moved[part] = max(moved[part], float(apart))
    assert moved["encoder"] < 1e-3 < moved["decoder"]
    rebuilt = read_card(tmp_path / "chosen")["training"]["autoencoder"]
    assert 5 < rebuilt["psnr_db"] < 60
    rows = [row for row in run.metrics() if row["phase"] == "snapshot"]
    assert [row["rebuilt"] for row in rows if row["kimg"] == kept[0]][-1] == rebuilt


def test_the_decoder_learns_to_paint_for_a_generator_that_stays(
    tiny_folder: Path,
) -> None:
    base = tiny_run(tiny_folder, "base", **LEARNING)
    assert Session(base).train() == "done"
    start = base.folder / "checkpoint"
    alone = {**LEARNING, "base": str(start), "generator_rate": 0.0}
    run = tiny_run(tiny_folder, "alone", **alone)
    assert Session(run).train() == "done"
    moved = {}
    for stem in ("generator", "discriminator", "autoencoder"):
        before = read_weights(start, f"{stem}.safetensors")
        after = read_weights(run.folder / "checkpoint", f"{stem}.safetensors")
        different = (key for key in before if (before[key] != after[key]).any())
        moved[stem] = {key.split(".")[0] for key in different} - {"w_mean"}
    assert moved == {
        "generator": set(), "discriminator": set(), "autoencoder": {"decoder"},
    }  # fmt: skip


def test_a_generator_stays_only_where_a_decoder_learns(tiny_folder: Path) -> None:
    for changes in ({}, {"base": "landscapes", "decoder_rate": 0.0}):
        with pytest.raises(InputError) as caught:
            tiny_run(
                tiny_folder, "idle", **{**LEARNING, "generator_rate": 0, **changes}
            )
        assert caught.value.params["key"] == "generator_rate"


def test_a_decoder_that_nobody_teaches_is_refused(tiny_folder: Path) -> None:
    with pytest.raises(InputError) as caught:
        tiny_run(tiny_folder, "untaught", feature_weight=0.0, decoder_rate=1.0)
    assert caught.value.params["key"] == "decoder_rate"
