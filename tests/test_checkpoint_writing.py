"""Checkpoints are marked by their weights, and written whole or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from studio.checkpoint import (
    NEEDED,
    beside,
    describe,
    fingerprint,
    list_models,
    read_card,
    read_weights,
    recover_folder,
    replace_folder,
    write_checkpoint,
)
from studio.errors import ModelError


def test_the_fingerprint_is_of_the_weights_alone(shelf: Path) -> None:
    mark = fingerprint(shelf / "good")
    assert len(mark) == 16 and set(mark) <= set("0123456789abcdef")
    assert fingerprint(shelf / "bad") == mark
    card = shelf / "bad" / "card.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "title": "Another"}))
    assert fingerprint(shelf / "bad") == mark


@pytest.mark.parametrize("file", NEEDED)
def test_the_fingerprint_changes_with_any_weight(shelf: Path, file: str) -> None:
    marks = {fingerprint(shelf / "good")}
    arrays = load_file(shelf / "good" / file)
    for key, array in arrays.items():
        nudged = array.copy()
        nudged.flat[-1] += 1
        save_file({**arrays, key: nudged}, shelf / "bad" / file)
        marks.add(fingerprint(shelf / "bad"))
    assert len(marks) == 1 + len(arrays)


# -- writing ----------------------------------------------------------------------


def parts(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The weights and the card of a checkpoint, as `write_checkpoint` takes them."""
    weights = {Path(file).stem: read_weights(folder, file) for file in NEEDED}
    return weights, read_card(folder)


def test_a_checkpoint_written_again_is_the_same(shelf: Path) -> None:
    weights, card = parts(shelf / "good")
    write_checkpoint(shelf / "again", weights, card, b"preview")
    assert fingerprint(shelf / "again") == fingerprint(shelf / "good")
    assert describe(shelf / "again")["ready"]
    assert (shelf / "again" / "preview.webp").read_bytes() == b"preview"


def test_writing_replaces_what_was_there_and_leaves_nothing_beside(
    shelf: Path,
) -> None:
    (shelf / "bad" / "leftover.txt").write_text("old")
    weights, card = parts(shelf / "good")
    write_checkpoint(shelf / "bad", weights, card, b"")
    assert not (shelf / "bad" / "leftover.txt").exists()
    assert sorted(path.name for path in shelf.iterdir()) == ["bad", "good"]


@pytest.mark.parametrize("value", [np.nan, 1e6])
def test_numbers_that_fp16_cannot_hold_are_not_written(
    shelf: Path, value: float
) -> None:
    weights, card = parts(shelf / "good")
    next(iter(weights["generator"].values())).flat[0] = value
    before = fingerprint(shelf / "bad")
    with pytest.raises(ModelError) as caught:
        write_checkpoint(shelf / "bad", weights, card, b"")
    assert caught.value.code == "model_file_numbers"
    assert fingerprint(shelf / "bad") == before and describe(shelf / "bad")["ready"]
    assert [model["name"] for model in list_models()] == ["bad", "good"]


def test_what_is_half_written_is_not_listed(shelf: Path) -> None:
    shutil.copytree(shelf / "good", beside(shelf / "good", "new"))
    assert [model["name"] for model in list_models()] == ["bad", "good"]


def test_a_kill_between_the_two_renames_loses_nothing(shelf: Path) -> None:
    folder, old = shelf / "good", beside(shelf / "good", "old")
    mark = fingerprint(folder)
    folder.rename(old)
    recover_folder(folder)
    assert fingerprint(folder) == mark and not old.exists()
    recover_folder(folder)  # nothing to do
    shutil.copytree(folder, old)  # killed after both
    recover_folder(folder)
    assert fingerprint(folder) == mark


def test_a_new_folder_takes_the_place_even_after_a_kill(shelf: Path) -> None:
    folder = shelf / "good"
    new = beside(folder, "new")
    shutil.copytree(folder, new)
    (new / "mark").touch()
    folder.rename(beside(folder, "old"))
    replace_folder(new, folder)
    assert (folder / "mark").exists()
    assert sorted(path.name for path in shelf.iterdir()) == ["bad", "good"]
