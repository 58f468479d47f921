"""Configs come from plain data, and say what is wrong with it."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from studio.config import from_dict, to_dict
from studio.errors import InputError
from studio.training.settings import TrainSettings


@dataclass(frozen=True)
class Shape:
    width: int
    depth: int = 2
    sizes: tuple[int, ...] = (1, 2)
    rate: float | None = None
    title: str = ""
    fast: bool = False


def test_a_config_survives_json() -> None:
    config = Shape(3, sizes=(4, 5), rate=0.5)
    assert from_dict(Shape, json.loads(json.dumps(to_dict(config)))) == config


def test_settings_survive_json() -> None:
    settings = TrainSettings("pictures", "run", resolution=(192, 128), kimg=4.0,
                             minutes=None)  # fmt: skip
    assert from_dict(TrainSettings, json.loads(json.dumps(to_dict(settings)))) == (
        settings
    )


@pytest.mark.parametrize(
    ("key", "nearest"), [("widht", "width"), ("Depth", "depth"), ("size", "sizes")]
)
def test_an_unknown_key_is_refused_with_the_nearest_one(key: str, nearest: str) -> None:
    with pytest.raises(InputError) as caught:
        from_dict(Shape, {"width": 3, key: 1})
    assert caught.value.code == "config_unknown_key"
    assert caught.value.params == {"key": key, "nearest": nearest}


@pytest.mark.parametrize("key", ["", "x" * 100_000, "宽"])
def test_a_strange_key_is_refused_all_the_same(key: str) -> None:
    with pytest.raises(InputError) as caught:
        from_dict(Shape, {"width": 3, key: 1})
    assert caught.value.code == "config_unknown_key"


def test_a_missing_value_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        from_dict(Shape, {"depth": 3})
    assert caught.value.code == "config_missing"


@pytest.mark.parametrize(
    "data",
    [
        {"width": "3"},
        {"width": 3.5},
        {"width": True},
        {"width": None},
        {"width": [3]},
        {"width": 3, "sizes": [1, "2"]},
        {"width": 3, "sizes": 4},
        {"width": 3, "rate": "fast"},
        {"width": 3, "rate": float("nan")},
        {"width": 3, "rate": float("inf")},
        {"width": 3, "title": 5},
        {"width": 3, "fast": "yes"},
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(InputError) as caught:
        from_dict(Shape, data)
    assert caught.value.code == "config_value"


def test_a_whole_number_may_stand_for_a_fraction() -> None:
    assert from_dict(Shape, {"width": 3, "rate": 1}).rate == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"family": "dream"}, "train_family"),
        ({"device": "tpu"}, "device_missing"),
        ({"resolution": [100, 100]}, "train_resolution"),
        ({"resolution": [0, 64]}, "train_resolution"),
        ({"resolution": [2048, 64]}, "train_resolution"),
        ({"resolution": [64]}, "config_value"),
        ({"minutes": None}, "train_duration"),
        ({"kimg": 3}, "train_duration"),
        ({"minutes": 0}, "train_duration"),
        ({"minutes": -5}, "train_duration"),
        ({"minutes": 1e9}, "train_duration"),
        ({"batch": 6}, "train_batch"),
        ({"batch": 0}, "train_batch"),
        ({"autoencoder_batch": 0}, "train_batch"),
        ({"crop": 50}, "config_value"),
        ({"rate": -1}, "config_value"),
        ({"penalty_every": 0}, "config_value"),
        ({"encoder_widths": []}, "config_value"),
        ({"generator_widths": [0]}, "config_value"),
        ({"latent_weight": 0.0, "feature_weight": 0.0}, "config_value"),
        ({"base_parts": "half"}, "config_value"),
        ({"seed": -1}, "config_value"),
        ({"threads": -1}, "config_value"),
        ({"validation_share": 1.5}, "config_value"),
        ({"encoder_widths": [8] * 6, "decoder_widths": [8] * 6}, "config_value"),
        ({"encoder_widths": [8, 8], "decoder_widths": [8] * 3}, "config_value"),
        ({"decoder_blocks": [1]}, "config_value"),
        ({"encoder_blocks": [1, 1, -1, 1]}, "config_value"),
    ],
)
def test_impossible_settings_are_refused(change: dict[str, object], code: str) -> None:
    with pytest.raises(InputError) as caught:
        from_dict(TrainSettings, {"folder": "f", "name": "n", **change})
    assert caught.value.code == code
