"""How soon a grid of nine leads to what somebody likes, and what a grid costs.

python -m benchmarks.refine [MODEL]

Synthetic artists hide a preference in w, click the best of nine, err on one click of
ten, and start from a work by chance. A session is a success where the work chosen in
its last grid is among the best 2 % of 5,000 random ones. Beside it, the plain way:
eight mutations of the work chosen last, at the best of three strengths; and the same
held within the places that pictures come from, which is a stronger way by itself. The
artists of seeds 0 to 49 were not looked at while the numbers of taste were chosen.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.harness import model_folder, percentile, report
from studio.latent.proposal import propose, spread_of, within
from studio.latent.taste import DIMENSIONS, Vote, learn

if TYPE_CHECKING:
    from studio.model import Model

ARTISTS, GRIDS, NINE, MISTAKES = 50, 12, 9, 0.1
RANDOM, TOP, ENOUGH = 5000, 0.02, 0.8
KINDS = ("linear", "target", "mixture", "drifting")
# Where the preference hides: what changes the picture most, or all of w, of which
# taste sees only a part.
PLACES = {"widest_12": 12, "all_of_w": None}
STRENGTH = 0.7  # where the slider of the page stands
PLAIN = (0.5, 0.75, 1.0)
NEVER = GRIDS + 1
ROUNDS = 12
WALLS = 3


class Artist:
    """Somebody with a preference of ``kind`` in the first ``size`` components of w."""

    def __init__(
        self, kind: str, size: int | None, works: np.ndarray, spreads: np.ndarray
    ) -> None:
        self.kind, self.spreads = kind, spreads[:size]
        self.works = self.see(works)
        self.squares = np.square(self.works).sum(1)

    def see(self, places: np.ndarray) -> np.ndarray:
        """What of places [..., D] there is to like: w itself, not its deviations."""
        return np.asarray(places[..., : len(self.spreads)] * self.spreads)

    def hide(self, seed: int) -> None:
        """Take a new preference."""
        rng = np.random.default_rng(seed)
        first, second = rng.choice(len(self.works), 2, replace=False)
        self.one, self.other = self.works[first], self.works[second]
        self.slope = rng.standard_normal(len(self.spreads))

    def liking(self, seen: np.ndarray, squares: np.ndarray, grid: int) -> np.ndarray:
        """How much what is seen [n, size] is liked at a grid: larger is better."""
        if self.kind == "linear":
            return np.asarray(seen @ self.slope)
        gone = min(1.0, grid / (GRIDS - 1))
        targets = {
            "target": [self.one],
            "mixture": [self.one, self.other],
            "drifting": [self.one + (self.other - self.one) * gone],
        }[self.kind]
        near = [2 * seen @ target - squares - target @ target for target in targets]
        return np.asarray(np.max(near, axis=0))

    def choose(self, grid: np.ndarray, t: int, rng: np.random.Generator) -> int:
        """Click the best of a grid [9, D]; now and then another by mistake."""
        seen = self.see(grid)
        best = int(np.argmax(self.liking(seen, np.square(seen).sum(1), t)))
        if rng.random() >= MISTAKES:
            return best
        return int(rng.choice(np.delete(np.arange(len(grid)), best)))

    def is_top(self, place: np.ndarray, t: int) -> bool:
        """Whether a place [D] is among the best 2 % of the works by chance."""
        seen = self.see(place[None])
        own = self.liking(seen, np.square(seen).sum(1), t)
        return bool((self.liking(self.works, self.squares, t) > own).mean() < TOP)


# Votes, the work chosen last, strength, chance -> eight places for the next grid.
Way = Callable[[list[Vote], np.ndarray, float, np.random.Generator], list[np.ndarray]]


def tasteful(
    votes: list[Vote], current: np.ndarray, strength: float, rng: np.random.Generator
) -> list[np.ndarray]:
    """The studio's own grid."""
    return [p for _, p in propose(learn(votes), current, strength, NINE - 1, rng)]


def plain(
    votes: list[Vote], current: np.ndarray, strength: float, rng: np.random.Generator
) -> list[np.ndarray]:
    """Eight mutations of the work chosen last."""
    noise = rng.standard_normal((NINE - 1, len(current)))
    return list(current + spread_of(strength) * noise)


def bounded(
    votes: list[Vote], current: np.ndarray, strength: float, rng: np.random.Generator
) -> list[np.ndarray]:
    """The same, brought back to where pictures hold together."""
    return list(within(np.stack(plain(votes, current, strength, rng))))


def session(
    artist: Artist, works: np.ndarray, strength: float, seed: int, way: Way
) -> list[bool]:
    """Say for each grid whether the work chosen in it is among the best 2 %."""
    rng = np.random.default_rng(seed)
    current = works[rng.integers(len(works))]
    votes: list[Vote] = []
    found = []
    for t in range(GRIDS):
        grid = np.array([current, *way(votes, current, strength, rng)])
        choice = artist.choose(grid, t, rng)
        heads = [tuple(place[:DIMENSIONS]) for place in grid]
        votes.append(Vote("chosen", heads.pop(choice), tuple(heads)))
        current = grid[choice]
        found.append(artist.is_top(current, t))
    return found


def summary(sessions: list[list[bool]]) -> dict[str, float]:
    """The share of successes at the end, and the grid that first got there."""
    firsts = [one.index(True) + 1 if True in one else NEVER for one in sessions]
    return {
        "success": round(statistics.mean(one[-1] for one in sessions), 2),
        "median_grids": statistics.median(firsts),
    }


def compare(
    kind: str, size: int | None, spreads: np.ndarray, works: np.ndarray
) -> dict[str, Any]:
    """Taste and mutation on ARTISTS artists of one kind, and whether it is enough."""
    artist = Artist(kind, size, works, spreads)

    def play(way: Way, strength: float) -> dict[str, float]:
        sessions = []
        for seed in range(ARTISTS):
            artist.hide(seed)
            sessions.append(session(artist, works, strength, 10_000 + seed, way))
        return {"strength": strength, **summary(sessions)}

    def best(way: Way) -> dict[str, float]:
        tried = [play(way, strength) for strength in PLAIN]
        return max(tried, key=lambda one: (one["success"], -one["median_grids"]))

    found = {"taste": play(tasteful, STRENGTH), "plain": best(plain)}
    taste, other = found["taste"], found["plain"]
    return {
        **found,
        "plain_bounded": best(bounded),
        "enough_successes": taste["success"] >= ENOUGH,
        "half_the_grids": taste["median_grids"] <= other["median_grids"] / 2,
    }


def grid_ms(model: Model) -> dict[str, float]:
    """Medians of proposing, breeding and rendering one grid of eight children, ms."""
    from studio.recipe import Recipe
    from studio.server import children

    recipe = model.recipe(7).to_dict()
    votes: list[dict[str, Any]] = []
    bred, rendered = [], []
    for round_ in range(ROUNDS):
        body = {"parents": [recipe], "votes": votes, "seed": round_}
        start = time.perf_counter()
        answer = children.breed(children.read_request(body), model)
        middle = time.perf_counter()
        tiles = answer["children"]
        model.render([Recipe.from_dict(tile["recipe"]) for tile in tiles])
        end = time.perf_counter()
        bred.append(1000 * (middle - start))
        rendered.append(1000 * (end - middle))
        places = [answer["place"], *(tile["place"] for tile in tiles)]
        votes.append({"kind": "chosen", "place": places.pop(1), "over": places})
        recipe = tiles[0]["recipe"]
    return {
        "breeding_ms": round(percentile(bred[2:], 0.5), 1),
        "rendering_ms": round(percentile(rendered[2:], 0.5), 1),
    }


def wall_s(model: Model) -> dict[str, float]:
    """Medians of 64 works as the wall gets them: children, tiles, JPEGs, seconds."""
    from studio.recipe import Recipe
    from studio.server import children
    from studio.server.frames import encode_live
    from studio.server.worker import TILES_TOGETHER

    bred, made = [], []
    for round_ in range(WALLS):
        body = {"parents": [model.recipe(7).to_dict()], "count": 64, "seed": round_}
        start = time.perf_counter()
        answer = children.breed(children.read_request(body), model)
        middle = time.perf_counter()
        recipes = [Recipe.from_dict(tile["recipe"]) for tile in answer["children"]]
        for first in range(0, len(recipes), TILES_TOGETHER):
            for pixels in model.render(recipes[first : first + TILES_TOGETHER]):
                encode_live(pixels)
        bred.append(middle - start)
        made.append(time.perf_counter() - middle)
    return {
        "breeding_s": round(statistics.median(bred), 2),
        "tiles_s": round(statistics.median(made), 2),
    }


def measure(name: str) -> dict[str, Any]:
    """Everything, and which of the kinds reach what was promised."""
    from studio.latent.space import Space
    from studio.model import Model

    model = Model.open(str(model_folder(name)))
    space = Space.of(model)
    w = model.map_seeds(range(10**6, 10**6 + RANDOM))
    near = model.truncated(w, model.card["default_variety"])
    works = np.stack([space.place(style) for style in near])
    artists = {
        place: {kind: compare(kind, size, space.spreads, works) for kind in KINDS}
        for place, size in PLACES.items()
    }
    return {
        "model": model.name,
        "artists_a_kind": ARTISTS,
        "grids": GRIDS,
        "never_is": NEVER,
        "grid": grid_ms(model),
        "sixty_four": wall_s(model),
        "artists": artists,
    }


if __name__ == "__main__":
    report(measure, "How soon grids of nine lead to what somebody likes.")
