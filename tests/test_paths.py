"""Folders that can be moved, and files that are whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from studio.paths import ROOT, checkpoints_folder, runs_folder, write_atomically


def test_folders_lie_next_to_the_app_unless_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STUDIO_CHECKPOINTS", raising=False)
    monkeypatch.setenv("STUDIO_RUNS", "  ")
    assert checkpoints_folder() == ROOT / "checkpoints"
    assert runs_folder() == ROOT / "runs"
    monkeypatch.setenv("STUDIO_CHECKPOINTS", str(tmp_path / "a"))
    monkeypatch.setenv("STUDIO_RUNS", str(tmp_path / "b"))
    assert checkpoints_folder() == tmp_path / "a"
    assert runs_folder() == tmp_path / "b"


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / ("日" * 60 + ".png")
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "work.png"
    write_atomically(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "nowhere" / "work.png", b"new")
