"""What lies at a place must not be more common among samples than among pictures."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from studio.training.places import REMEMBERED, Places


def maps(count: int, seed: int = 0) -> list[Tensor]:
    chance = torch.Generator().manual_seed(seed)
    return [torch.randn(count, 6, side, side, generator=chance) for side in (8, 4)]


def chance() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def places() -> Places:
    places = Places()
    places.settle(maps(200))
    return places


def fill(places: Places, thing: float = 0.0) -> float:
    """Show many batches, with a thing in one corner of each fourth sample."""
    drawn, found = chance(), 0.0
    for seed in range(1, 20):
        made = maps(16, seed)
        made[0][::4, :, :2, :2] += thing
        found = places(made, drawn).item()
    return found


def test_pictures_of_the_same_kind_are_where_they_should_be(places: Places) -> None:
    assert fill(places) < 0.1


def test_the_same_thing_in_the_same_corner_is_not(places: Places) -> None:
    usual = fill(places)
    places.settle(maps(200))
    assert fill(places, thing=3.0) > usual + 0.05


def test_following_it_takes_the_thing_away(places: Places) -> None:
    fill(places, thing=3.0)
    made = maps(16, seed=30)
    made[0][::4, :, :2, :2] += 3.0
    made[0].requires_grad_()
    before = made[0][::4, :, :2, :2].mean().item()
    elsewhere = made[0][:, :, 4:, 4:].detach().clone()
    descent, drawn = torch.optim.Adam([made[0]], lr=0.1), chance()
    for _ in range(20):
        descent.zero_grad()
        places(made, drawn).backward()
        descent.step()
    assert made[0][::4, :, :2, :2].mean().item() < before - 0.7
    assert (made[0][:, :, 4:, 4:] - elsewhere).abs().mean() < 0.7


def test_only_the_last_samples_are_remembered(places: Places) -> None:
    fill(places, thing=3.0)
    assert places.memory.shape[0] == REMEMBERED == 256
    assert places.memory.any(dim=2).any(dim=1).all()
    last = maps(16, seed=40)
    places(last, chance())
    newest = places.memory[:16, 0, 6:] * places.deviation[0, 0, 6:]
    torch.testing.assert_close(newest + places.mean[0, 0, 6:], last[1][:, :, 0, 0])


def test_its_memory_is_kept_and_the_pictures_are_measured_anew(places: Places) -> None:
    assert set(places.state_dict()) == {"memory"}


def test_few_pictures_are_enough() -> None:
    places = Places()
    places.settle(maps(5))
    assert torch.isfinite(places(maps(16, seed=1), chance()))
