"""Recognising what pictures are labelled with, from features of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHRINK = 3.0  # of the mean variance: features are many, pictures few
FOLDS = 4


@dataclass(frozen=True)
class Recogniser:
    """One linear reader for each label: `weights` [K,F], `thresholds` [K].

    A label is present where features @ weights exceeds its threshold. `quality` [K] is
    the share of pairs (one picture with the label, one without) that pictures which
    were not learnt from put in the right order; 0.5 is chance.
    """

    weights: np.ndarray
    thresholds: np.ndarray
    quality: np.ndarray

    def read(self, features: np.ndarray) -> np.ndarray:
        """Give how far features [N,F] are above each threshold: [N,K]."""
        return np.asarray(features @ self.weights.T - self.thresholds)


def learn_labels(features: np.ndarray, marks: np.ndarray) -> Recogniser:
    """Learn labels marks [N,K] (0 or 1) from features [N,F] of the same pictures.

    Ridge regression on standardised features, which for two classes is Fisher's
    discriminant. A threshold is where, of pictures not learnt from (4 folds), as many
    are called by a label as have it: no more is claimed of a made picture than of a
    real one.
    """
    folds = np.arange(len(features)) % FOLDS
    unseen = np.zeros(marks.shape)
    for fold in range(FOLDS):
        kept = folds != fold
        weights, mean = _solve(features[kept], marks[kept])
        unseen[~kept] = (features[~kept] - mean) @ weights.T
    shares = marks.mean(axis=0)
    thresholds = [np.quantile(unseen[:, k], 1 - shares[k]) for k in range(len(shares))]
    quality = [rank_quality(unseen[:, k], marks[:, k]) for k in range(len(shares))]
    weights, mean = _solve(features, marks)
    return Recogniser(weights, thresholds + weights @ mean, np.array(quality))


def rank_quality(values: np.ndarray, marks: np.ndarray) -> float:
    """Give the area under the ROC curve of values [N] for marks [N] of 0 and 1."""
    with_it = marks > 0.5
    n, m = int(with_it.sum()), int((~with_it).sum())
    if not n or not m:
        return 0.5
    ranks = np.argsort(np.argsort(values)) + 1
    return float((ranks[with_it].sum() - n * (n + 1) / 2) / (n * m))


def _solve(features: np.ndarray, marks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give readers [K,F] and what they read from, the mean [F].

    Solved over pictures, since they are fewer than features.
    """
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale = scale + 1e-3 * scale.mean() + 1e-9  # what is silent stays so
    x = ((features - mean) / scale).astype(np.float64)
    gram = x @ x.T
    shrink = SHRINK * np.trace(gram) / len(gram)
    solved = np.linalg.solve(gram + shrink * np.eye(len(gram)), marks - marks.mean(0))
    return np.asarray((x.T @ solved).T / scale), mean
