"""Kinds of pictures: which labels a generator can be asked for, and how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

FEWEST = 12  # pictures of a kind; with less it would be learnt by heart
MOST = 200  # kinds
BALANCE = 0.5  # a kind is drawn by its number to this power: 1 as in life, 0 alike


@dataclass(frozen=True)
class Kinds:
    """The kinds of a run's pictures; `of` is one number a picture, -1 for none."""

    names: tuple[str, ...]
    counts: tuple[int, ...]
    of: Tensor  # int64 [P]

    @property
    def shares(self) -> list[float]:
        """Give how often each kind is drawn; what is left to 1 is drawn of none."""
        drawn = [count**BALANCE for count in self.counts]
        none = int((self.of < 0).sum()) ** BALANCE
        return [round(share / (sum(drawn) + none), 6) for share in drawn]

    @property
    def chances(self) -> Tensor:
        """Give how often each picture is drawn, as weights [P]."""
        none = int((self.of < 0).sum())
        # one more at the end, where -1 finds it
        counts = torch.tensor([*self.counts, none], dtype=torch.float64)
        return (counts.clamp_min(1) ** (BALANCE - 1))[self.of]

    def mark(self, pictures: Tensor) -> Tensor:
        """Give of what kind pictures [N] are, as shares [N,kinds]: a 1, or none."""
        marks = torch.zeros(len(pictures), len(self.names))
        of = self.of[pictures]
        rows = torch.nonzero(of >= 0).squeeze(1)
        marks[rows, of[rows]] = 1
        return marks

    def repeat(self, times: int) -> Kinds:
        """Give the kinds where each picture stands `times` in a row."""
        return Kinds(self.names, self.counts, self.of.repeat_interleave(times))


def sort_kinds(labels: Sequence[str | None]) -> Kinds | None:
    """Sort pictures by their labels, the commonest kind first.

    Labels of fewer than `FEWEST` pictures, and those beyond the `MOST` commonest, are
    taken as none. Gives None where fewer than two kinds are left.
    """
    counted = Counter(label for label in labels if label)
    ordered = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    kept = [(name, count) for name, count in ordered if count >= FEWEST][:MOST]
    if len(kept) < 2:
        return None
    names, counts = zip(*kept, strict=True)
    place = {name: i for i, name in enumerate(names)}
    of = torch.tensor([place.get(label or "", -1) for label in labels])
    return Kinds(names, counts, of)
