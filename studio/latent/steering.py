"""Finding the way in w that changes one thing that is measured, and little else.

A first guess comes from samples alone: what is measured, regressed on w of each layer
(arXiv:1907.10786), and turned to where a picture gives way most cheaply. It tells how
samples differ, not what happens to a work that is moved, so it is corrected by moving
works and following the gradient of what is measured back to w.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.direction import PROPERTIES
from studio.evaluation.features import SIDE
from studio.latent.properties import measure_pixels
from studio.model import Model, to_pixels

RIDGE = 0.3  # of the mean variance of w
LAYERED_RIDGE = 0.7  # the same where each layer's w is counted on its own
GUESS = 0.3  # how far the first guess leaves other measures alone, 0 entirely
POOL = 96  # works rendered once to begin from
START = 0.33  # length of a word's first guess, of that of w
WORKS = {"property": 8, "word": 4}  # that each step moves
RATE = {"property": 0.045, "word": 0.035}  # of a step, of the length of the guess
MOMENTUM = {"property": 0.8, "word": 0.85}  # of the steps before
SEARCHES = {"property": 1, "word": 2}  # whose moves are averaged
OTHERS = {"property": 0.3, "word": 0.06}  # weight of what else changes
FLIP = 0.06  # weight of each other word that comes or goes
SURE, SOFT = 0.3, 0.25  # so far from its threshold a word stays; how soft that is
NEARNESS = 0.2  # weight of how far a property takes a work, two at random being 1
NEAR, FAR = 0.3, 20.0  # a word may take it so far; then the square weighs so much
# A word's move goes on at full size: weights of flips and distance rise and fall until
# as many words flip, and works go as far, as this.
FLIPPED, GONE = 0.11, 0.43
PRESSED = {"flips": (0.03, 0.3), "distance": (0.2, 12.0)}  # within these
SLOWER = 0.6  # of the rate of steps
LOST = 2.0  # square of a miss beyond which a work counts as lost, and no more
THUMBNAIL = 14  # pixels a side, by which the nearness of two pictures is foretold
TOGETHER = 16  # works rendered in one go


Drawn = Callable[[Model, Tensor], Tensor]


@dataclass(frozen=True)
class Sense:
    """What is measured of pictures, in standard deviations of the model's samples.

    `names` are the properties and then words; `mean` and `deviation` [K] are what
    samples gave. Words are read by `readers` [K - properties, features] from features
    of `network` (pixels to [N, features]).
    """

    names: tuple[str, ...]
    mean: Tensor
    deviation: Tensor
    readers: Tensor | None = None
    network: torch.nn.Module | None = None

    def raw(self, pixels: Tensor, *, words: bool = True) -> Tensor:
        """Measure pixels [N,3,H,W] in [-1,1]: [N,K], or the properties alone."""
        found = measure_pixels(pixels)
        if self.network is None or self.readers is None or not words:
            return found
        return torch.cat([found, self.network(pixels) @ self.readers.T], dim=1)

    def standard(self, pixels: Tensor, *, words: bool = True) -> Tensor:
        """Measure the same in standard units."""
        found = self.raw(pixels, words=words)
        count = found.shape[1]
        return (found - self.mean[:count]) / self.deviation[:count]

    @torch.no_grad()
    def see(self, pictures: np.ndarray, *, words: bool = True) -> np.ndarray:
        """Measure uint8 pictures [N,H,W,3] in standard units: [N,K]."""
        parts = [
            self.standard(to_pixels(pictures[i : i + TOGETHER]), words=words)
            for i in range(0, len(pictures), TOGETHER)
        ]
        return torch.cat(parts).numpy()


def regress(w: np.ndarray, values: np.ndarray, ridge: float = RIDGE) -> np.ndarray:
    """Give the slopes [D,K] of values [N,K] over w [N,D], by ridge regression."""
    x, y = (a.astype(np.float64) - a.mean(axis=0) for a in (w, values))
    gram = x.T @ x
    shrink = ridge * np.trace(gram) / len(gram) + 1e-9
    return np.linalg.solve(gram + shrink * np.eye(len(gram)), x.T @ y)


def guess(ease: np.ndarray, slopes: np.ndarray, leave: float = GUESS) -> np.ndarray:
    """Give moves [K,D] of w; one changes its own measure by about 1, others less.

    Of all moves with these effects (`slopes` [D,K]) to first order, the easiest:
    `ease` [D,D] is a covariance, of what is near at hand.
    """
    carried = ease @ slopes  # [D,K]
    gram = slopes.T @ carried
    soft = leave * np.trace(gram) / len(gram) + 1e-12
    moves = carried @ np.linalg.inv(gram + soft * np.eye(len(gram)))
    own = (slopes * moves).sum(axis=0)
    return np.asarray((moves / np.maximum(own, 1e-6)).T)


@dataclass(frozen=True)
class Response:
    """How pictures answer to w, layer by layer, to first order.

    Moves [layers * D] are counted along the components of w, in deviations of works,
    the rows of `scale` [D,D]. `slopes` [layers * D, K] are what they change each
    measure by; `ease` (a square) is large where they change few pixels.
    """

    scale: Tensor
    slopes: np.ndarray
    ease: np.ndarray

    @classmethod
    def of(
        cls, styles: np.ndarray, values: np.ndarray, pictures: np.ndarray
    ) -> Response:
        """Learn it from styles [N,layers,D], measures [N,K], thumbnails [N,P]."""
        scale = _components(styles.mean(axis=1))
        inverse = np.linalg.inv(scale)
        moves = ((styles - styles.mean(axis=0)) @ inverse).reshape(len(styles), -1)
        both = np.concatenate([values, pictures], axis=1)
        slopes = regress(moves, both, LAYERED_RIDGE)
        count = values.shape[1]
        metric = slopes[:, count:] @ slopes[:, count:].T
        metric /= np.trace(metric) / len(metric) + 1e-12
        ease = np.linalg.inv(metric + np.eye(len(metric)))
        return cls(torch.from_numpy(scale).float(), slopes[:, :count], ease)

    def begin(self, index: int) -> np.ndarray:
        """Guess a move [layers * D] of the measure `index`."""
        first = len(PROPERTIES)
        if index < first:
            return guess(self.ease, self.slopes[:, :first])[index]
        move = self.ease @ self.slopes[:, index]
        length = START * np.sqrt(len(move))
        return np.asarray(length * move / (np.linalg.norm(move) + 1e-9))

    def rows(self, move: Tensor) -> Tensor:
        """Give the change of styles [layers, D] that a move is."""
        return move.view(-1, len(self.scale)) @ self.scale


class Correction:
    """Corrects guesses by what they do to works of a model.

    Works are drawn small (`glimpse`), which takes half of the time, or as they are
    (`paint`); what is measured of either is told in their own standard units.
    """

    def __init__(
        self,
        model: Model,
        sense: Sense,
        response: Response,
        w: np.ndarray,
        present: np.ndarray,
        drawn: Drawn | None = None,
    ) -> None:
        """Take the model's samples w [N,D] at the variety that works are made at.

        `present` [words] is where each word begins, in standard units; `drawn` gives
        pixels of styles, glimpses if nothing else is said.
        """
        self.model, self.sense, self.response = model, sense, response
        self.drawn = drawn or glimpse
        self.present = torch.from_numpy(present).float()
        self.styles = torch.from_numpy(w[:POOL]).float()[:, None]
        self.styles = self.styles.expand(-1, model.layers, -1)
        self.ease = torch.from_numpy(response.ease).float()
        with torch.no_grad():
            parts = [
                self.drawn(model, self.styles[i : i + TOGETHER])
                for i in range(0, len(self.styles), TOGETHER)
            ]
            values = torch.cat([sense.raw(pixels) for pixels in parts])
        self.pixels = torch.cat(parts)
        self.mean, self.deviation = values.mean(dim=0), values.std(dim=0) + 1e-6
        self.values = (values - self.mean) / self.deviation
        self.usual = float((self.pixels - self.pixels.roll(1, 0)).abs().mean()) + 1e-6

    def correct(self, index: int, wanted: float, steps: int) -> np.ndarray:
        """Find a move of the measure `index` in so many steps: float32 [layers, D].

        `wanted` is how far each work shall go in standard units, or for words the
        value that it shall reach at least. Momentum along gradients that are turned
        to where pictures give way, each step as long as the last but for a schedule:
        the gradients of a few works differ much in length, and little in direction.
        Searches over different works err in different ways: their mean changes less
        of what it should not.
        """
        kind = "property" if index < len(PROPERTIES) else "word"
        moves = [
            self._search(index, wanted, steps, kind, index + 1000 * search)
            for search in range(SEARCHES[kind])
        ]
        return self.response.rows(torch.stack(moves).mean(dim=0)).numpy()

    def _search(
        self, index: int, wanted: float, steps: int, kind: str, seed: int
    ) -> Tensor:
        move = torch.from_numpy(self.response.begin(index)).float()
        rate, pace = RATE[kind] * float(move.norm()), torch.zeros_like(move)
        chance = torch.Generator().manual_seed(seed)
        for step in range(steps):
            rows = torch.randperm(len(self.styles), generator=chance)[: WORKS[kind]]
            tried = move.clone().requires_grad_()
            self._loss(index, rows, tried, wanted).backward()
            assert tried.grad is not None
            turned = self.ease @ tried.grad
            pace = MOMENTUM[kind] * pace + turned / (turned.norm() + 1e-9)
            move = move - rate * (1 - step / steps) * pace
        return move

    def _loss(self, index: int, rows: Tensor, move: Tensor, wanted: float) -> Tensor:
        word = index >= len(PROPERTIES)
        first, last = (len(PROPERTIES), None) if word else (0, len(PROPERTIES))
        new = self.drawn(self.model, self.styles[rows] + self.response.rows(move))
        found = self.sense.raw(new, words=word)
        count = found.shape[1]
        now = (found - self.mean[:count]) / self.deviation[:count]
        change = now - self.values[rows, :count]
        missed = F.relu(wanted - now[:, index]) if word else change[:, index] - wanted
        others = torch.cat([change[:, first:index], change[:, index + 1 : last]], dim=1)
        apart = (new - self.pixels[rows]).abs().mean() / self.usual
        far = FAR * F.relu(apart - NEAR).square() if word else NEARNESS * apart
        weight = OTHERS["word" if word else "property"]
        # a word may have no other beside it
        return (
            missed.square().mean()
            + weight * others.square().sum() / max(1, others.numel())
            + (FLIP * self._flips(index, rows, now) if word else 0)
            + far
        )

    def refine(
        self, index: int, rows: np.ndarray, wanted: float, steps: int
    ) -> np.ndarray:
        """Go on from a word's move rows [layers, D], up to all that it may change.

        Drawn as works are, so that what a move does to glimpses alone goes. A work that
        is far from having the word counts as lost: others may have it at its cost.
        """
        start = np.linalg.solve(self.response.scale.numpy().T, rows.T).T
        move = torch.from_numpy(start.astype(np.float32)).flatten()
        first = float(np.linalg.norm(self.response.begin(index)))
        pace, press = torch.zeros_like(move), {"flips": FLIP, "distance": 2.0}
        chance = torch.Generator().manual_seed(index)
        for step in range(steps):
            some = torch.randperm(len(self.styles), generator=chance)[: WORKS["word"]]
            tried = move.clone().requires_grad_()
            self._press(index, some, tried, wanted, press).backward()
            assert tried.grad is not None
            turned = self.ease @ tried.grad
            pace = MOMENTUM["word"] * pace + turned / (turned.norm() + 1e-9)
            move = move - SLOWER * RATE["word"] * first * (1 - step / steps) * pace
        return self.response.rows(move).numpy()

    def _press(
        self,
        index: int,
        rows: Tensor,
        move: Tensor,
        wanted: float,
        press: dict[str, float],
    ) -> Tensor:
        """Give the loss of a word's move, and press harder where it does too much."""
        first = len(PROPERTIES)
        new = self.drawn(self.model, self.styles[rows] + self.response.rows(move))
        now = (self.sense.raw(new) - self.mean) / self.deviation
        change = now - self.values[rows]
        missed = F.relu(wanted - now[:, index]).square()
        others = torch.cat([change[:, first:index], change[:, index + 1 :]], dim=1)
        flips = self._flips(index, rows, now)
        apart = (new - self.pixels[rows]).abs().mean() / self.usual
        loss = (
            (missed / (1 + missed / LOST)).mean()
            + OTHERS["word"] * others.square().sum() / max(1, others.numel())
            + press["flips"] * flips
            + press["distance"] * F.relu(apart - NEAR)
        )
        share = float(flips.detach()) / max(1, others.shape[1])
        for name, is_now, may in (
            ("flips", share, FLIPPED),
            ("distance", float(apart.detach()), GONE),
        ):
            harder = press[name] * np.exp(np.clip(is_now / may - 1, -0.5, 0.5) / 2)
            press[name] = float(np.clip(harder, *PRESSED[name]))
        return loss

    def _flips(self, index: int, rows: Tensor, now: Tensor) -> Tensor:
        """Tell how many words other than `index` come or go in a work, softly.

        What changes within a word's own side of its threshold is no flip.
        """
        first = len(PROPERTIES)
        was, now = (a[:, first:] - self.present for a in (self.values[rows], now))
        side = torch.where(was > 0, 1.0, -1.0)
        near = [SOFT * F.softplus((SURE - side * a) / SOFT) for a in (now, was)]
        found = near[0] - near[1]
        return found.sum(dim=1).mean() - found[:, index - first].mean()


def paint(model: Model, styles: Tensor) -> Tensor:
    """Draw styles [N,layers,D] as works are drawn: pixels in [-1,1], with gradients."""
    latents = model.generator.synthesise(styles)
    return model.autoencoder.decode(latents).clamp(-1, 1)


def glimpse(model: Model, styles: Tensor) -> Tensor:
    """Draw styles [N,layers,D] small, no side above 128: pixels in [-1,1].

    Latents are made smaller before they are decoded: coarser paint, the same picture.
    """
    latents = model.generator.synthesise(styles)
    share = min(1.0, SIDE / max(model.resolution))
    size = [max(2, round(share * cells)) for cells in latents.shape[2:]]
    if share < 1:
        latents = F.interpolate(
            latents, size=size, mode="bilinear", align_corners=False, antialias=True
        )
    return model.autoencoder.decode(latents).clamp(-1, 1)


def shrink_pixels(pixels: Tensor) -> np.ndarray:
    """Give thumbnails of pixels [N,3,H,W], flat: [N,588]."""
    return F.adaptive_avg_pool2d(pixels, THUMBNAIL).flatten(1).numpy()


def mix_styles(w: np.ndarray, layers: int) -> np.ndarray:
    """Give each layer of w [N,D] half a style of its own, as varied as before.

    So that samples tell what each layer does: [N,layers,D].
    """
    rng = np.random.default_rng(0)
    order = np.stack([rng.permutation(len(w)) for _ in range(layers)], axis=1)
    centre = w.mean(axis=0)
    apart = (w[:, None] - centre) + (w[order] - centre)
    return (centre + np.sqrt(0.5) * apart).astype(np.float32)


def draw(model: Model, styles: np.ndarray) -> np.ndarray:
    """Render styles [N, layers, D] a few at a time: uint8 [N,H,W,3]."""
    parts: Sequence[np.ndarray] = [
        model.render_styles(styles[i : i + TOGETHER])
        for i in range(0, len(styles), TOGETHER)
    ]
    return np.concatenate(parts)


def _components(w: np.ndarray) -> np.ndarray:
    """Give the components of w [N,D] as rows [D,D], each one deviation long."""
    values, vectors = np.linalg.eigh(np.cov(w.T.astype(np.float64)))
    spread = np.sqrt(np.maximum(values, 1e-4 * values[-1]))
    return np.asarray(spread[:, None] * vectors.T)
