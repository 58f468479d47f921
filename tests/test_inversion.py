"""Pictures found in a model: read at once, polished, dreamt or faithful."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from studio.cli import main
from studio.latent.inversion import encode, polish, read, to_recipe
from studio.latent.reading import FILE, Reader, finish, learning
from studio.model import Model, to_bytes


@pytest.fixture(scope="module")
def model(tiny_checkpoint: Path) -> Model:
    return Model.open(str(tiny_checkpoint))


@pytest.fixture(scope="module")
def reader(model: Model, tiny_reader: Path) -> Reader:
    kept = Reader.kept(model)
    assert kept is not None
    return kept


def latents_of(model: Model, seed: int) -> torch.Tensor:
    """The latents of a work that the reader has not learnt from."""
    w = torch.from_numpy(model.map_seeds([seed]))
    with torch.no_grad():
        return model.generator.synthesise(model.generator.spread(w))[0]


def missed(found: np.ndarray) -> float:
    return float(np.square(found).mean())


def test_a_work_is_read_nearer_than_the_mean_and_polished_nearer_still(
    model: Model, reader: Reader
) -> None:
    mean = reader.mean.reshape(model.latent_shape)
    for seed in range(4):
        latents = latents_of(model, seed)
        first = read(model, reader, latents)
        *_, last = polish(model, reader, latents, first, steps=40)
        assert missed(first.missing) < 0.7 * missed((latents - mean).numpy())
        assert missed(last.missing) < 0.8 * missed(first.missing)
        assert first.w.shape == last.w.shape == (model.layers, model.w_dim)


def test_half_a_work_tells_more_of_the_other_half_than_nothing_does(
    model: Model, reader: Reader
) -> None:
    seen = torch.zeros(model.latent_shape[1:])
    seen[:, : seen.shape[1] // 2] = 1
    hidden = seen.numpy() == 0
    nearer = []
    for seed in range(12):
        latents = latents_of(model, seed)
        guessed = read(model, reader, latents, seen).missing[:, hidden]
        blind = (latents - reader.mean.reshape(latents.shape)).numpy()[:, hidden]
        nearer.append(missed(guessed) < missed(blind))
        spoilt = latents.clone()
        spoilt[:, hidden] = 9  # what is not seen makes no difference
        again = read(model, reader, spoilt, seen)
        assert np.allclose(again.w, read(model, reader, latents, seen).w, atol=1e-3)
    assert sum(nearer) >= 9


def test_nothing_seen_is_the_mean_work(model: Model, reader: Reader) -> None:
    latents, seen = latents_of(model, 0), torch.zeros(model.latent_shape[1:])
    found = read(model, reader, latents, seen)
    assert np.allclose(found.w, reader.centre.numpy(), atol=1e-3)
    *_, last = polish(model, reader, latents, found, seen, steps=3)
    assert np.isfinite(last.w).all()


def test_the_dial_goes_from_the_dream_to_the_picture(
    model: Model, reader: Reader
) -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (*model.resolution, 3), np.uint8)
    latents = encode(model, picture)
    found = read(model, reader, latents)
    with torch.no_grad():
        rebuilt = to_bytes(model.autoencoder.decode(latents[None]))[0].astype(int)
    off = [
        np.abs(model.render([to_recipe(model, found, dial)])[0] - rebuilt).mean()
        for dial in (0.0, 0.5, 1.0)
    ]
    assert off[0] > off[1] > off[2]
    assert off[2] < 1


def test_what_was_found_can_still_be_steered(model: Model, reader: Reader) -> None:
    found = read(model, reader, latents_of(model, 3))
    plain = to_recipe(model, found, 1.0)
    moved = replace(plain, directions=((model.directions[0].name, 2.0),))
    before, after = model.render([plain, moved]).astype(int)
    assert np.abs(before - after).mean() > 1


def test_pictures_of_another_world_are_outside(model: Model, reader: Reader) -> None:
    works = model.render([model.recipe(seed).with_variety(1.0) for seed in range(8)])
    assert sum(map(reader.world.is_stranger, works)) <= 1
    stripes = np.zeros((*model.resolution, 3), np.uint8)
    stripes[::4] = 255
    assert reader.world.is_stranger(stripes)
    assert reader.world.is_outside(works[0], np.where(works[0] > 127, 0, 255))


def test_a_reader_is_kept_beside_its_model_and_for_no_other(
    tmp_path: Path, tiny_checkpoint: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny_checkpoint, folder, ignore=shutil.ignore_patterns(FILE))
    copy = Model.open(str(folder))
    assert Reader.kept(copy) is None
    learnt = finish(learning(copy, 64, 16))
    kept = Reader.of(copy)
    assert torch.allclose(kept.slopes, learnt.slopes, atol=0.01)
    assert kept.world.bound == pytest.approx(learnt.world.bound, rel=1e-3)
    assert copy.fingerprint == Model.open(str(folder)).fingerprint
    copy.fingerprint = "0" * 16
    assert Reader.kept(copy) is None


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_a_damaged_reader_is_learnt_again(
    damage: bytes | None, tmp_path: Path, tiny_checkpoint: Path, tiny_reader: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny_checkpoint, folder)
    whole = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(whole[:-9] if damage is None else damage)
    assert Reader.kept(Model.open(str(folder))) is None


def photo(path: Path) -> Path:
    rng = np.random.default_rng(1)
    Image.fromarray(rng.integers(0, 256, (50, 70, 3), np.uint8)).save(path)
    return path


def test_the_command_leaves_a_work_that_can_be_made_again(
    tmp_path: Path, tiny_reader: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = tmp_path / "work.png"
    asked = ["invert", "tiny", str(photo(tmp_path / "photo.jpg")), "-o", str(work)]
    assert main([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"psnr_db", "first_reading_ms", "polish_s", "outside", "recipe"}
    assert main(["show", str(work), "--verify", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["identical"] and shown["recipe"] == told["recipe"]


@pytest.mark.parametrize("bad", ["missing.jpg", "text.jpg", "empty.png", "."])
def test_what_is_no_picture_is_refused_in_one_sentence(
    bad: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.jpg").write_text("<svg/>")
    (tmp_path / "empty.png").touch()
    assert main(["invert", "tiny", str(tmp_path / bad)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("faithful", ["-0.1", "1.5", "nan"])
def test_the_dial_has_ends(
    faithful: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["invert", "tiny", str(photo(tmp_path / "p.png")), "--faithful", faithful]
    assert main(asked) == 2
    assert "--faithful" in capsys.readouterr().err


def test_pieces_are_completed_by_command_in_more_than_one_way(
    tmp_path: Path, tiny_reader: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pieces = np.asarray(Image.open(photo(tmp_path / "p.png")).convert("RGBA")).copy()
    pieces[:, 35:, 3] = 0
    Image.fromarray(pieces).save(tmp_path / "pieces.png")
    asked = ["invert", "tiny", str(tmp_path / "pieces.png"), "--fragments", "--json"]
    told = []
    for more in ([], ["--chance", "4"]):
        assert main([*asked, *more]) == 0
        told.append(json.loads(capsys.readouterr().out))
    assert told[0].keys() == told[1].keys() and told[0]["psnr_db"] > 5
    assert told[0]["recipe"]["residual"]["amount"] == 0.9
    assert told[0]["recipe"]["source"] != told[1]["recipe"]["source"]
