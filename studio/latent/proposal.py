"""The next grid: mostly what is believed to be liked, some exploring, one wild card."""

from __future__ import annotations

import numpy as np

from studio.latent.taste import Belief, usual

LITTER = 60  # places that chance offers for each tile
KEPT = 24  # best works that children of the parent are bred with
SCALES = (0.5, 1.0, 1.5)  # of their steps, in that of the strength
# The same where nothing guides them: of many components most steps lead astray.
TAIL = 0.6
# Places further out than this many times the usual are pictures that fall apart.
FURTHEST = 1.1


def spread_of(strength: float) -> float:
    """Give the standard deviations that a strength (0, whisper, to 1, leap) moves."""
    return 0.1 * 10.0 ** float(np.clip(strength, 0, 1))


def roles_of(count: int, learnt: bool) -> list[str]:
    """Give the roles of ``count`` tiles: of eight five, two and the wild card."""
    wild = 1 if count > 2 else 0
    exploring = round((count - wild) * 2 / 7)
    usual = "believed" if learnt else "variation"
    rest = count - wild - exploring
    return [usual] * rest + ["exploring"] * exploring + ["wild"] * wild


def propose(
    belief: Belief,
    parent: np.ndarray,
    strength: float,
    count: int,
    rng: np.random.Generator,
) -> list[tuple[str, np.ndarray]]:
    """Propose ``count`` places [D] near ``parent`` [D], each with its role.

    The roles are ``believed``, ``exploring``, ``variation`` and ``wild``, which is from
    anywhere. Without votes there are variations of one strength, and
    explorations at about twice it.
    """
    spread = spread_of(strength)
    roles = roles_of(count, bool(len(belief.points)))
    learnt = "believed" in roles
    chosen = (
        _believed(belief, parent, spread, roles, rng)
        if learnt
        else _varied(parent, spread, roles, rng)
    )
    wild = [rng.standard_normal(len(parent)) for role in roles if role == "wild"]
    places = [*chosen, *wild]
    return list(zip(roles, places, strict=True))


def _varied(
    parent: np.ndarray, spread: float, roles: list[str], rng: np.random.Generator
) -> list[np.ndarray]:
    scales = {"variation": spread, "exploring": min(1.0, 2 * spread)}
    return [blend(parent, scales[role], rng) for role in roles if role in scales]


def blend(parent: np.ndarray, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Give a place a step of ``scale`` standard deviations from ``parent``."""
    return within(parent + scale * rng.standard_normal(len(parent)))


def within(places: np.ndarray, furthest: float = FURTHEST) -> np.ndarray:
    """Bring places [..., D] back to where pictures hold together."""
    size = np.linalg.norm(places, axis=-1, keepdims=True)
    most = furthest * np.sqrt(places.shape[-1])
    return np.asarray(places * np.minimum(1, most / np.maximum(size, 1e-9)))


def _believed(
    belief: Belief,
    parent: np.ndarray,
    spread: float,
    roles: list[str],
    rng: np.random.Generator,
) -> list[np.ndarray]:
    """Places for the believed and exploring tiles, each the best of its own litter.

    The best of all at once would be as good as alike: right or wrong together.
    """
    exploring = roles.count("exploring")
    count = roles.count("believed") + exploring
    heads = _candidates(belief, parent, spread, count * LITTER, rng)
    litters = heads.reshape(count, LITTER, -1)
    likings = [belief.liking(litter) for litter in litters[: count - exploring]]
    for litter in litters[count - exploring :]:
        likings.extend(belief.samples(litter, 1, rng) + usual(litter))
    taken = [
        litter[int(liked.argmax())]
        for litter, liked in zip(litters, likings, strict=True)
    ]
    return [_with_tail(head, parent, spread, rng) for head in taken]


def _candidates(
    belief: Belief,
    parent: np.ndarray,
    spread: float,
    count: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Heads [count, d] within reach of the parent: half mutations, half bred."""
    size = belief.points.shape[1]
    start = parent[:size]
    seen = belief.points[np.argsort(-belief.liking(belief.points))[:KEPT]]
    mates = seen[rng.integers(len(seen), size=count)]
    # From before the parent to beyond the mate.
    share = rng.uniform(-0.3, 1.3, (count, 1)) * rng.integers(0, 2, (count, 1))
    scale = spread * rng.choice(SCALES, (count, 1))
    step = share * (mates - start) + scale * rng.standard_normal(mates.shape)
    reach = 2.0 * spread * np.sqrt(size)
    far = np.linalg.norm(step, axis=1, keepdims=True)
    return within(start + step * np.minimum(1, reach / np.maximum(far, 1e-9)))


def _with_tail(
    head: np.ndarray, parent: np.ndarray, spread: float, rng: np.random.Generator
) -> np.ndarray:
    """A place whose further components vary around the parent's own."""
    tail = parent[len(head) :]
    if not len(tail):
        return head
    varied = tail + TAIL * spread * rng.standard_normal(len(tail))
    return np.concatenate([head, within(varied)])
