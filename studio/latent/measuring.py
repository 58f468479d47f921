"""A work's measured numbers, in standard deviations of the model's own works."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from studio.direction import PROPERTIES
from studio.errors import ModelError
from studio.evaluation.features import BANDED, Glance
from studio.latent.steering import Sense
from studio.model import Model

_glance: list[Glance] = []  # opened by the first who needs it: a second and 19 MB


def measure(model: Model, pictures: np.ndarray) -> dict[str, np.ndarray]:
    """Measure uint8 pictures [N,H,W,3] of a model: [N] for each name, standard units.

    0 is the model's average work, 1 one standard deviation of its works more.
    Properties are read from pixels, words from features of the pictures: about 15 ms
    a picture on one core. Empty where nothing was discovered yet. Raises ModelError
    where card and arrays do not fit.
    """
    sense = sense_of(model)
    if sense is None:
        return {}
    values = sense.see(pictures)
    return {name: values[:, k] for k, name in enumerate(sense.names)}


def sense_of(model: Model) -> Sense | None:
    """Give what a model was discovered with; None where it was not. Raises ModelError.

    The network that reads words is opened once a process, and only for models that
    have words.
    """
    names, arrays = _known(model)
    if not names:
        return None
    facts = model.card["measures"]
    mean = torch.tensor([entry["mean"] for entry in facts], dtype=torch.float32)
    deviation = torch.tensor([float(entry["deviation"]) for entry in facts])
    if len(names) == len(PROPERTIES):
        return Sense(names, mean, deviation)
    if arrays["readers"].shape[1] != BANDED:  # found by an earlier Reverie
        raise ModelError("model_card_key", name=model.name, key="measures")
    # kept in standard units
    readers = torch.from_numpy(arrays["readers"]) * deviation[len(PROPERTIES) :, None]
    return Sense(names, mean, deviation, readers, _open_glance())


def foretell(model: Model, w: np.ndarray) -> dict[str, np.ndarray]:
    """Foretell the same from w [N, w_dim], or [N, layers, w_dim], without rendering.

    A linear guess, good enough to choose which of many seeds to render: how good for
    each measure, the card says (`foretold`, a correlation). Microseconds a work.
    """
    names, arrays = _known(model)
    flat = w.mean(axis=1) if w.ndim == 3 else w
    if not names:
        return {}
    readouts = arrays["readouts"]
    values = flat @ readouts[:, :-1].T + readouts[:, -1]
    return {name: values[:, k] for k, name in enumerate(names)}


def slopes(model: Model, least: float) -> dict[str, np.ndarray]:
    """Give how each measure grows with w [w_dim], to first order, in standard units.

    Only measures that :func:`foretell` guesses with a correlation of at least
    ``least``; empty where nothing was discovered yet. Raises ModelError.
    """
    names, rows = readouts_of(model)
    told = [fact.get("foretold", 0.0) for fact in model.card.get("measures", [])]
    return {
        name: row
        for name, row, sure in zip(names, rows, told, strict=False)
        if isinstance(sure, int | float) and sure >= least
    }


def readouts_of(model: Model) -> tuple[tuple[str, ...], np.ndarray]:
    """Give the names of a model's measures and how each grows with w: [K, w_dim].

    K is 0 where nothing was discovered yet. Raises ModelError.
    """
    names, arrays = _known(model)
    if not names:
        return (), np.zeros((0, model.w_dim))
    return names, arrays["readouts"][:, :-1].astype(np.float64)


def _known(model: Model) -> tuple[tuple[str, ...], Mapping[str, np.ndarray]]:
    """Give the names of a model's measures and the arrays that belong to them."""
    facts = model.card.get("measures", [])
    arrays = model.weights.get("words", {})
    names = tuple(entry["name"] for entry in facts)
    if not names:
        return (), arrays
    words = len(names) - len(PROPERTIES)
    readers = arrays.get("readers", np.zeros((0, 0)))
    fits = (
        names[: len(PROPERTIES)] == PROPERTIES
        and arrays.get("readouts", np.zeros(0)).shape == (len(names), model.w_dim + 1)
        and len(readers) == words
    )
    if not fits:
        raise ModelError("model_card_key", name=model.name, key="measures")
    return names, arrays


def _open_glance() -> Glance:
    if not _glance:
        _glance.append(Glance())
    return _glance[0]
