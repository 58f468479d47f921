"""Checkpoints on disk: read without torch, distrusted, written whole or not at all."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from studio.checkpoint import (
    NEEDED,
    describe,
    list_models,
    locate,
    model_name,
    read_card,
)
from studio.cli import main
from studio.errors import ModelError
from studio.model import Model
from studio.paths import runs_folder

Edit = Callable[[dict[str, Any]], object]


def edit_card(folder: Path, edit: Edit) -> None:
    path = folder / "card.json"
    card = json.loads(path.read_text())
    edit(card)
    path.write_text(json.dumps(card))


def edit_weights(folder: Path, file: str, edit: Edit) -> None:
    arrays = load_file(folder / file)
    edit(arrays)
    save_file(arrays, folder / file)


def assert_only_bad_is_broken(code: str) -> None:
    """The bad one says what it is, opens with one sentence; the good one is as ever."""
    found = {model["name"]: model for model in list_models()}
    assert found["good"]["ready"] and found["good"]["problem"] is None
    assert not found["bad"]["ready"]
    assert found["bad"]["error"]["code"] == code
    assert found["bad"]["problem"] and "\n" not in found["bad"]["problem"]
    with pytest.raises(ModelError) as caught:
        Model.open("bad")
    assert caught.value.code == code
    model = Model.open("good")
    assert model.render([model.recipe(7)]).any()


# -- finding ----------------------------------------------------------------------


def test_a_model_is_found_by_name_then_by_run_then_by_path(
    shelf: Path, tiny_checkpoint: Path
) -> None:
    for run in ("good", "mine"):
        folder = runs_folder() / run / "checkpoint"
        shutil.copytree(tiny_checkpoint, folder)
    assert locate("good") == shelf / "good"
    assert locate("mine") == runs_folder() / "mine" / "checkpoint"
    assert locate(str(shelf / "bad")) == shelf / "bad"
    names = [model["name"] for model in list_models()]
    assert names == ["bad", "good", "mine"]
    assert model_name(locate("mine")) == "mine" and model_name(locate("good")) == "good"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "nobody", "../good", "a\0b", "x" * 5000, "card.json"]
)
def test_what_is_not_there_is_missing(shelf: Path, name: str) -> None:
    with pytest.raises(ModelError) as caught:
        locate(name)
    assert caught.value.code == "model_missing"


def test_listing_needs_no_torch(shelf: Path) -> None:
    program = (
        "import sys; from studio.checkpoint import list_models, fingerprint, locate; "
        "assert all(model['ready'] for model in list_models()); "
        "fingerprint(locate('good')); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_an_entry_has_what_a_script_reads(shelf: Path) -> None:
    entry = describe(shelf / "good")
    assert entry == {
        "name": "good",
        "title": "Tiny",
        "titles": {},
        "family": "gan",
        "resolution": [32, 32],
        "images": 12,
        "ready": True,
        "problem": None,
    }


@pytest.mark.parametrize(
    ("translations", "titles"),
    [
        ({"zh": {"title": "小"}, "en": {"rights": "mine"}}, {"zh": "小"}),
        ({"zh": {"title": 5}, "de": "klein"}, {}),
        ("none", {}),
    ],
)
def test_titles_come_in_the_languages_that_have_one(
    shelf: Path, translations: object, titles: dict[str, str]
) -> None:
    path = shelf / "good" / "card.json"
    card = json.loads(path.read_text())
    card["data"]["translations"] = translations
    path.write_text(json.dumps(card))
    assert describe(shelf / "good")["titles"] == titles


# -- the card ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'"card"', b"\xff\xfe", b"[" * 200_000,
     b'{"title": NaN}'],
)  # fmt: skip
def test_a_card_that_is_no_json_object_is_told(shelf: Path, content: bytes) -> None:
    (shelf / "bad" / "card.json").write_bytes(content)
    assert_only_bad_is_broken("model_card")


def test_a_card_of_a_newer_studio_is_told_as_such(shelf: Path) -> None:
    edit_card(shelf / "bad", lambda card: card.update(format=2, title=[]))
    assert_only_bad_is_broken("model_newer")


HUGE = 10**9


def networks(part: str, **changes: Any) -> Edit:
    return lambda card: card["networks"][part].update(changes)


@pytest.mark.parametrize(
    ("edit", "key"),
    [
        (lambda c: c.pop("title"), "title"),
        (lambda c: c.update(title="x" * 10_000), "title"),
        (lambda c: c.update(family=None), "family"),
        (lambda c: c.update(resolution=[32]), "resolution"),
        (lambda c: c.update(resolution=[32, HUGE]), "resolution"),
        (lambda c: c.update(resolution=[32.0, 32.0]), "resolution"),
        (lambda c: c.update(resolution="32x32"), "resolution"),
        (lambda c: c.update(layers=0), "layers"),
        (lambda c: c.update(layers=-2), "layers"),
        (lambda c: c.update(layers=HUGE), "layers"),
        (lambda c: c.update(layers=True), "layers"),
        (lambda c: c.update(w_dim=HUGE), "w_dim"),
        (lambda c: c.update(latent_channels=10**400), "latent_channels"),
        (lambda c: c.update(default_variety=-0.1), "default_variety"),
        (lambda c: c.update(default_variety="0.8"), "default_variety"),
        (lambda c: c.update(default_variety=10**400), "default_variety"),
        (lambda c: c.update(directions={}), "directions"),
        (lambda c: c.update(directions=[5]), "directions"),
        (lambda c: c["directions"][0].pop("name"), "directions"),
        (lambda c: c["directions"][0].update(sigma="wide"), "directions"),
        (lambda c: c["directions"][0].update(sigma=10**400), "directions"),
        (lambda c: c["directions"][0].update(change=None), "directions"),
        (lambda c: c["directions"][0].update(effects=[1, 2]), "directions"),
        (lambda c: c["directions"][0].update(effects={"sky": "up"}), "directions"),
        (lambda c: c["directions"][0].update(name=""), "directions"),
        (lambda c: c.update(networks=[]), "networks"),
        (lambda c: c.update(networks={"generator": 5}), "networks"),
        (networks("generator", widths=[HUGE]), "networks"),
        (networks("generator", widths=[]), "networks"),
        (networks("generator", widths=[8] * 1000), "networks"),
        (networks("generator", widths=["8"]), "networks"),
        (networks("generator", mapping_layers=HUGE), "networks"),
        (networks("generator", latent_size=[4, -4]), "networks"),
        (networks("generator", z_dim=0), "networks"),
        (networks("autoencoder", blocks=[HUGE, 1, 1]), "networks"),
        (networks("autoencoder", head_width=True), "networks"),
        (lambda c: c.pop("shapes"), "shapes"),
        (lambda c: c.update(shapes=[]), "shapes"),
        (lambda c: c.update(data=None), "data"),
    ],
)
def test_a_card_with_an_impossible_entry_names_it(
    shelf: Path, edit: Edit, key: str
) -> None:
    edit_card(shelf / "bad", edit)
    assert_only_bad_is_broken("model_card_key")
    with pytest.raises(ModelError) as caught:
        read_card(shelf / "bad")
    assert caught.value.params["key"] == key


@pytest.mark.parametrize(
    "edit",
    [
        networks("generator", widths=[4096, 4096]),
        networks("generator", latent_size=[8, 8]),
        networks("generator", latent_size=[4]),
        networks("generator", wings=2),
        networks("generator", w_dim=17),
        networks("autoencoder", widths=[8, 16]),
        networks("autoencoder", blocks=[2, 1, 1]),
        lambda card: card["networks"].pop("autoencoder"),
        lambda card: card.update(resolution=[64, 64]),
        lambda card: card.update(layers=4),
    ],
)
def test_a_card_that_does_not_fit_its_weights_does_not_open(
    shelf: Path, edit: Edit
) -> None:
    edit_card(shelf / "bad", edit)
    with pytest.raises(ModelError):
        Model.open("bad")
    assert Model.open("good")


def test_a_card_may_say_more_than_we_know(shelf: Path) -> None:
    edit_card(shelf / "bad", lambda card: card.update(mood="calm", format=1))
    assert Model.open("bad").card["mood"] == "calm"


def test_a_number_of_images_that_is_none_is_left_out(shelf: Path) -> None:
    edit_card(shelf / "bad", lambda card: card["data"].update(images="many"))
    assert describe(shelf / "bad")["images"] is None


def test_a_mended_card_is_believed_and_a_spoilt_one_is_not(shelf: Path) -> None:
    assert describe(shelf / "bad")["ready"]
    edit_card(shelf / "bad", lambda card: card["shapes"].pop(NEEDED[0]))
    assert not describe(shelf / "bad")["ready"]
    shutil.copy(shelf / "good" / "card.json", shelf / "bad" / "card.json")
    assert describe(shelf / "bad")["ready"]


# -- the weights ------------------------------------------------------------------


@pytest.mark.parametrize("file", NEEDED)
def test_a_missing_file_is_told(shelf: Path, file: str) -> None:
    (shelf / "bad" / file).unlink()
    assert_only_bad_is_broken("model_file_missing")


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def flip_header(path: Path) -> None:
    path.write_bytes(b"\xff" * 8 + path.read_bytes()[8:])


def make_pickle(path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (path.with_name("pwned"),)

    path.write_bytes(pickle.dumps(Evil()))


@pytest.mark.parametrize(
    "damage",
    [truncate, flip_header, make_pickle, lambda p: p.write_bytes(b""),
     lambda p: p.write_bytes(b"\0" * 4096), lambda p: p.write_text("weights")],
)  # fmt: skip
@pytest.mark.parametrize("file", NEEDED)
def test_a_damaged_or_foreign_file_is_told(
    shelf: Path, file: str, damage: Callable[[Path], object]
) -> None:
    damage(shelf / "bad" / file)
    assert_only_bad_is_broken("model_file_damaged")
    assert not (shelf / "bad" / "pwned").exists()


def test_a_folder_in_the_place_of_a_file_is_told(shelf: Path) -> None:
    (shelf / "bad" / NEEDED[0]).unlink()
    (shelf / "bad" / NEEDED[0]).mkdir()
    assert_only_bad_is_broken("model_file_damaged")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("file", NEEDED)
def test_numbers_that_are_not_finite_are_told(
    shelf: Path, file: str, value: float
) -> None:
    def spoil(arrays: dict[str, Any]) -> None:
        next(iter(arrays.values())).flat[0] = value

    edit_weights(shelf / "bad", file, spoil)
    assert_only_bad_is_broken("model_file_numbers")


@pytest.mark.parametrize("file", NEEDED)
def test_weights_of_another_shape_are_told(shelf: Path, file: str) -> None:
    def reshape(arrays: dict[str, Any]) -> None:
        key = max(arrays, key=lambda key: arrays[key].size)
        arrays[key] = np.zeros((3, 5), np.float16)

    edit_weights(shelf / "bad", file, reshape)
    found = {model["name"]: model for model in list_models()}
    assert found["bad"]["error"]["code"] == "model_file_shapes"
    assert found["good"]["ready"]
    with pytest.raises(ModelError):
        Model.open("bad")


@pytest.mark.parametrize("file", NEEDED[:2])
def test_weights_with_a_part_too_few_or_too_many_are_told(
    shelf: Path, file: str
) -> None:
    for edit in (lambda a: a.popitem(), lambda a: a.update(x=np.zeros(2, np.float16))):
        shutil.copy(shelf / "good" / file, shelf / "bad" / file)
        edit_weights(shelf / "bad", file, edit)
        assert_only_bad_is_broken("model_file_shapes")


def test_the_verb_models_says_what_is_wrong(
    shelf: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_LANGUAGE", "en")
    truncate(shelf / "bad" / NEEDED[1])
    assert main(["models"]) == 0
    told = capsys.readouterr().out
    assert "damaged" in told and NEEDED[1] in told and "good" in told
    assert main(["models", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [model["ready"] for model in found] == [False, True]
