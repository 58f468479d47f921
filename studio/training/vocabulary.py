"""A folder's labels as words to learn: small pictures, and who has which label."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from studio.errors import InputError
from studio.latent.discovery import Vocabulary
from studio.training.dataset import load_picture, take_whole
from studio.training.labels import Labels, read_labels

SIDE = 128  # pixels: what recognisers look at
TAGS = ("tags", "labels")  # columns of several words a picture, where there are some
MOST = 6000  # pictures looked at; more would take longer than they teach


def read_vocabulary(
    folder: Path, column: str | None, resolution: tuple[int, int]
) -> Vocabulary:
    """Read the labelled pictures of a folder, framed as a model of `resolution` is.

    Without a `column` that of tags is taken, or else the first. Raises InputError
    where there is no such folder, no labels, or a table that cannot be read.
    """
    if not folder.is_dir():
        raise InputError("folder_missing", folder=str(folder))
    found = choose_labels(folder, column)
    if not found.of:
        raise InputError("labels_none", folder=str(folder))
    files = list(found.of)
    files = files[:: -(-len(files) // MOST)]  # every second, every third ...
    pictures, read = [], []
    for file in files:
        image = load_picture(folder / file, resolution, quick=2 * SIDE)
        if image is not None:
            pictures.append(_shrink(take_whole(image, resolution)))
            read.append(file)
    if not pictures:
        raise InputError("folder_empty", folder=str(folder))
    names, marks = mark_labels(found, read)
    told = {"folder": folder.name, "source": found.source, "column": found.column}
    return Vocabulary(np.stack(pictures), names, marks, told)


def choose_labels(folder: Path, column: str | None) -> Labels:
    """Read the labels of a folder: of a column, of that of tags, or of the first.

    Raises InputError for a table that cannot be read, or where a column is asked for
    and there is no table.
    """
    found = read_labels(folder, column or _tags(folder))
    if column and found.source != "table":
        raise InputError("labels_no_table", folder=str(folder), column=column)
    return found


def mark_labels(
    found: Labels, files: Sequence[str]
) -> tuple[tuple[str, ...], np.ndarray]:
    """Give all labels, and 1 or 0 for each file and label: marks [N,K]."""
    names = tuple(name for name, _ in found.counts)
    own = [found.of.get(file, ()) for file in files]
    marks = [[name in labels for name in names] for labels in own]
    return names, np.array(marks, np.float64)


def _tags(folder: Path) -> str | None:
    """Give the column of tags, where the table of a folder has one."""
    for name in TAGS:
        try:
            read_labels(folder, name)
        except InputError:
            continue
        return name
    return None


def _shrink(picture: np.ndarray) -> np.ndarray:
    small = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return np.asarray(small)
