"""How soon a grid of nine leads to what somebody likes, and what a grid costs.

python -m benchmarks.refine [MODEL]

Synthetic artists hide a preference in w, click the best of nine, err on one click of
ten, and start from a work by chance. A session is a success where the work chosen in
its last grid is among the best 2 % of 5,000 random ones. Beside it, the plain way:
eight mutations of the work chosen last, at the best of three strengths.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.harness import model_folder, percentile, report
from studio.latent.proposal import propose, spread_of
from studio.latent.space import Space
from studio.latent.taste import DIMENSIONS, Vote, learn

if TYPE_CHECKING:
    from studio.model import Model

ARTISTS, GRIDS, NINE, MISTAKES = 50, 12, 9, 0.1
RANDOM, TOP = 5000, 0.02
KINDS = ("linear", "target", "mixture", "drifting")
# Where the preference hides: what changes the picture most, or all of w, of which
# taste sees only a part.
PLACES = {"widest_12": 12, "all_of_w": None}
STRENGTH = 0.85
PLAIN = (0.5, 0.75, 1.0)
NEVER = GRIDS + 1
ROUNDS = 12
WALLS = 5

# How much places [..., D] are liked at grid t.
Liking = Callable[[np.ndarray, int], np.ndarray]


def an_artist(
    kind: str, size: int | None, works: np.ndarray, spreads: np.ndarray, seed: int
) -> Liking:
    """Hide a preference of ``kind`` in the first ``size`` components of w itself."""
    rng = np.random.default_rng(seed)
    size = size or works.shape[1]

    def seen(places: np.ndarray) -> np.ndarray:
        return np.asarray(places[..., :size] * spreads[:size])

    one, other = seen(works[rng.choice(len(works), 2, replace=False)])
    slope = rng.standard_normal(size)

    def near(places: np.ndarray, target: np.ndarray) -> np.ndarray:
        return np.asarray(-np.linalg.norm(seen(places) - target, axis=-1))

    def drifted(places: np.ndarray, grid: int) -> np.ndarray:
        return near(places, one + (other - one) * min(1.0, grid / (GRIDS - 1)))

    likings: dict[str, Liking] = {
        "linear": lambda places, grid: seen(places) @ slope,
        "target": lambda places, grid: near(places, one),
        "mixture": lambda p, grid: np.maximum(near(p, one), near(p, other)),
        "drifting": drifted,
    }
    return likings[kind]


def session(
    liking: Liking, works: np.ndarray, strength: float, seed: int, taste: bool
) -> list[bool]:
    """Say for each grid whether the work chosen in it is among the best 2 %."""
    rng = np.random.default_rng(seed)
    current = works[rng.integers(len(works))]
    votes: list[Vote] = []
    found = []
    for t in range(GRIDS):
        if taste:
            offered = propose(learn(votes), current, strength, NINE - 1, rng)
            children = [place for _, place in offered]
        else:
            noise = rng.standard_normal((NINE - 1, len(current)))
            children = list(current + spread_of(strength) * noise)
        grid = np.array([current, *children])
        choice = int(np.argmax(liking(grid, t)))
        if rng.random() < MISTAKES:
            choice = int(rng.choice(np.delete(np.arange(NINE), choice)))
        heads = [tuple(place[:DIMENSIONS]) for place in grid]
        votes.append(Vote("chosen", heads.pop(choice), tuple(heads)))
        current = grid[choice]
        better = liking(works, t) > liking(current[None], t)
        found.append(bool(better.mean() < TOP))
    return found


def summary(sessions: list[list[bool]]) -> dict[str, float]:
    """The share of successes at the end, and the grid that first got there."""
    firsts = [one.index(True) + 1 if True in one else NEVER for one in sessions]
    return {
        "success": round(statistics.mean(one[-1] for one in sessions), 2),
        "median_grids": statistics.median(firsts),
    }


def compare(kind: str, size: int | None, space: Space, works: np.ndarray) -> Any:
    """Taste and the best plain mutation on ARTISTS artists of one kind."""

    def play(strength: float, taste: bool) -> dict[str, float]:
        return summary(
            [
                session(
                    an_artist(kind, size, works, space.spreads, seed),
                    works,
                    strength,
                    10_000 + seed,
                    taste,
                )
                for seed in range(ARTISTS)
            ]
        )

    plain = [{"strength": s, **play(s, False)} for s in PLAIN]
    best = max(plain, key=lambda one: (one["success"], -one["median_grids"]))
    return {"taste": play(STRENGTH, True), "plain": best}


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
    from studio.model import Model

    model = Model.open(str(model_folder(name)))
    space = Space.of(model)
    w = model.map_seeds(range(10**6, 10**6 + RANDOM))
    near = model.truncated(w, model.card["default_variety"])
    works = np.stack([space.place(style) for style in near])
    artists = {
        place: {kind: compare(kind, size, space, works) for kind in KINDS}
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
