"""Taste is learnt from choices alone, fades, contradicts itself and starts again."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from studio.latent.proposal import propose, roles_of, spread_of, within
from studio.latent.taste import Vote, certainty, fade, leanings, learn

SIZE = 6


def choices(slope: np.ndarray, count: int, seed: int = 0) -> list[Vote]:
    """What somebody chooses from nine works by chance who likes what ``slope`` says."""
    rng = np.random.default_rng(seed)
    votes = []
    for _ in range(count):
        grid = rng.standard_normal((9, SIZE))
        order = np.argsort(-(grid @ slope))
        best, *others = (tuple(grid[i]) for i in order)
        votes.append(Vote("chosen", best, tuple(others)))
    return votes


def axis(index: int) -> np.ndarray:
    return np.eye(SIZE)[index]


def test_what_is_chosen_again_and_again_is_liked() -> None:
    belief = learn(choices(axis(2), 8))
    more, less = belief.liking(np.stack([2 * axis(2), -2 * axis(2)]))
    assert more > less + 1


def test_a_stranger_has_no_taste() -> None:
    belief = learn([])
    rng = np.random.default_rng(0)
    assert belief.liking(np.ones((3, SIZE))).tolist() == [0, 0, 0]
    assert certainty(belief, np.ones(SIZE), rng) == 0
    assert leanings([], {"warmth": axis(0)}) == []


def test_old_votes_fade() -> None:
    votes = choices(axis(0), 6) + choices(-axis(0), 6, seed=1)
    weights = fade(votes)
    assert weights[-1] == 1
    assert all(a < b for a, b in pairwise(weights))
    more, less = learn(votes).liking(np.stack([2 * axis(0), -2 * axis(0)]))
    assert less > more


def test_likes_count_and_age_less_than_choices() -> None:
    place = tuple(2 * axis(1))
    votes = [Vote("liked", place), Vote("disliked", tuple(-2 * axis(1)))]
    liked, disliked = learn(votes).liking(np.array([place, -np.array(place)]))
    assert liked > 0 > disliked
    assert fade(votes)[0] > fade([Vote("chosen", place), votes[1]])[0] * 0.99


def test_contradicting_likes_leave_it_unsure() -> None:
    place = tuple(axis(0))
    both = learn([Vote("liked", place), Vote("disliked", place)] * 10)
    (liking,) = both.liking(np.array([place]))
    assert abs(liking) < 0.5


def test_dislikes_alone_lead_away() -> None:
    rng = np.random.default_rng(3)
    votes = [Vote("disliked", tuple(axis(0) + 0.1 * rng.standard_normal(SIZE)))] * 20
    belief = learn(votes)
    near, far = belief.liking(np.stack([axis(0), -axis(0)]))
    assert far > near
    assert len(propose(belief, axis(0), 0.5, 8, rng)) == 8


def test_a_work_chosen_over_itself_is_no_problem() -> None:
    place = tuple(axis(0))
    belief = learn([Vote("chosen", place, (place,) * 8)] * 5)
    assert np.isfinite(belief.liking(np.eye(SIZE))).all()


def test_it_says_what_it_learnt_and_how_sure_it_is() -> None:
    votes = choices(axis(0) - axis(1), 12)
    belief = learn(votes)
    slopes = {"warmth": axis(0), "detail": axis(1), "sky": axis(5)}
    rng = np.random.default_rng(0)
    found = {one.property: one for one in leanings(votes, slopes)}
    assert found["warmth"].amount > 0 > found["detail"].amount
    assert found["warmth"].sure >= 0.9 and "sky" not in found
    likely = certainty(belief, 2 * (axis(0) - axis(1)), rng)
    assert likely > 0.6 > certainty(belief, np.zeros(SIZE), rng)


def test_of_properties_that_grow_together_one_is_told() -> None:
    slopes = {"warmth": axis(0), "orange": axis(0) + 0.2 * axis(1)}
    (found,) = leanings(choices(axis(0), 12), slopes)
    assert found.property in slopes and found.amount > 0.8


def test_the_grid_is_mostly_belief_with_exploring_and_one_wild_card() -> None:
    believed = ["believed"] * 5 + ["exploring"] * 2 + ["wild"]
    assert roles_of(8, learnt=True) == believed
    assert roles_of(8, learnt=False)[:5] == ["variation"] * 5
    assert roles_of(1, learnt=True) == ["believed"]
    assert len(roles_of(64, learnt=True)) == 64


def test_what_is_believed_is_liked_more_than_the_parent_and_no_two_are_alike() -> None:
    belief = learn(choices(axis(2), 10))
    rng = np.random.default_rng(0)
    parent = np.zeros(SIZE)
    tiles = propose(belief, parent, 0.7, 8, rng)
    believed = np.stack([place for role, place in tiles if role == "believed"])
    assert belief.liking(believed).min() > belief.liking(parent[None])[0]
    apart = np.linalg.norm(believed[:, None] - believed, axis=2)
    assert apart[~np.eye(len(believed), dtype=bool)].min() > 0


def test_strength_goes_from_a_whisper_to_a_leap() -> None:
    spreads = [spread_of(strength) for strength in (0, 0.5, 1)]
    assert spreads == pytest.approx([0.1, 0.316, 1], abs=0.01)
    rng = np.random.default_rng(0)
    parent = np.full(40, 0.5)
    moved = [
        np.mean(
            [
                np.linalg.norm(place - parent)
                for role, place in propose(learn([]), parent, strength, 8, rng)
                if role == "variation"
            ]
        )
        for strength in (0, 0.5, 1)
    ]
    assert moved[0] < moved[1] < moved[2]


def test_no_place_is_so_far_out_that_pictures_fall_apart() -> None:
    far = within(np.full((2, 9), 50.0))
    assert np.linalg.norm(far, axis=1) == pytest.approx(3 * 1.1)
