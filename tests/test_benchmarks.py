"""The measuring is right; how long anything takes is never asserted here."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from trainers import TINY

from benchmarks import gpu_smoke, harness, invert, train
from benchmarks.harness import Page, Unavailable, medians, percentile
from benchmarks.live import slider_values
from studio.training.dataset import Pictures

SHAPE = {key for key in TINY if key not in ("resolution", "minutes", "kimg")}


def test_percentiles_are_interpolated() -> None:
    assert percentile([4, 1, 3, 2], 0.5) == 2.5
    assert percentile([1, 2, 3, 4, 5], 0.95) == pytest.approx(4.8)
    assert percentile([7], 0.95) == 7


def test_rounds_are_summed_up_by_their_medians() -> None:
    rounds = [
        {"fps": 30.0, "ms": 9.0},
        {"fps": 10.0, "ms": 1.0},
        {"fps": 20.0, "ms": 5},
    ]
    assert medians(rounds) == {"fps": 20.0, "ms": 5.0}


def test_every_step_moves_the_slider_far_enough_to_be_seen() -> None:
    page = Page(range="", picture=(), style="")
    values = slider_values(page, 40)
    assert all(page.low <= value <= page.high for value in values)
    moves = [abs(b - a) for a, b in pairwise(values)]
    assert min(moves) > (page.high - page.low) / 3


def answer_of(measure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["benchmark", "some-model"])
    harness.report(measure, "about")


def test_the_answer_is_one_json_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer_of(lambda name: {"model": name}, monkeypatch)
    assert json.loads(capsys.readouterr().out) == {"model": "some-model"}


def test_what_is_missing_is_one_sentence_and_status_two(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure(name: str) -> dict[str, Any]:
        with harness.chromium():
            return {}

    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit) as stop:
        answer_of(measure, monkeypatch)
    said = capsys.readouterr()
    assert stop.value.code == 2
    assert "Chromium is missing" in said.err and not said.out


def test_a_model_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="no-such-model"):
        harness.model_folder("no-such-model")


def test_the_gpu_benchmark_says_in_one_sentence_that_there_is_no_gpu(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("sys.argv", ["gpu_smoke", "nowhere"])
    with pytest.raises(SystemExit) as stop:
        gpu_smoke.main()
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_the_gpu_benchmark_trains_and_resumes(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    tiny = {**TINY, "minutes": 0.1}
    shape = [f"--option={k}={json.dumps(v)}" for k, v in tiny.items() if k in SHAPE]
    given = [str(tiny_folder), "--device", "cpu", "--resolution", "32"]
    monkeypatch.setattr("sys.argv", ["gpu_smoke", *given, "--minutes", "0.1", *shape])
    monkeypatch.setenv("STUDIO_RUNS", "restored afterwards")
    monkeypatch.setattr(gpu_smoke, "FAMILIES", ("vae",))  # the same way for each
    gpu_smoke.main()
    answer = json.loads(capsys.readouterr().out)["vae"]
    assert answer["phase"] == "done"
    assert answer["images_seen"] > answer["resumed_from"] > 0


def test_the_training_benchmark_refuses_a_part_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["train", "--parts", "wishes"])
    with pytest.raises(SystemExit) as stop:
        train.main()
    assert stop.value.code == 2 and "no part wishes" in capsys.readouterr().err


def test_the_training_benchmark_makes_pictures_that_can_be_learnt_from(
    tmp_path: Path,
) -> None:
    train.make_pictures(tmp_path)
    assert len(Pictures(tmp_path, (64, 64), 0.1).images) == train.PICTURES


@pytest.mark.slow
def test_the_training_benchmark_measures_stages_and_loops(
    tmp_path: Path,
) -> None:
    tiny = {key: value for key, value in TINY.items() if key != "resolution"}
    tiny |= {"feature_weight": 1.0, "sample_kimg": 4.0, "snapshot_kimg": 8.0}
    train.make_pictures(tmp_path)
    found = train.measure_stages(str(tmp_path), 64, 0.1, **tiny)
    assert all(speed > 0 for speed in found["images_per_s"].values())
    assert set(found["images_per_s"]) == {"code", "paint", "compose", "see", "vae"}
    assert all(0 < share < 1 for share in found["lost_share"].values())
    for in_pixels in (False, True):
        assert train.measure_loop(32, in_pixels, 0.1)["images_per_s"] > 0


def test_the_benchmark_of_pictures_measures_what_it_says(tiny_reader: Path) -> None:
    found = invert.measure("tiny", "", pictures=2, cases=3)
    assert found["pictures"] == 2 and not found["held_out"]
    whole, floor = found["polished_1"], found["autoencoder"]
    assert whole["psnr_db"] == pytest.approx(floor["psnr_db"], abs=0.1)
    assert found["first"]["perceptual"] > found["polished_0"]["perceptual"]
    assert set(found["outside"].values()) <= {0.0, 0.5, 1.0}
    fragments = found["fragments"]
    assert fragments["cases"] == 3 and fragments["seam"] > 0
    assert fragments["nearer_than_both"] <= fragments["nearer_than_mean"]
    json.dumps(found)
