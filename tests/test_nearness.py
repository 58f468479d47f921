"""Is it a copy? What a model remembers of its pictures, and what it says of a work."""

from __future__ import annotations

import base64
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from servers import Server
from test_report import labelled, retouch, scenes

from studio.checkpoint import amend, fingerprint, read_card
from studio.cli import main
from studio.cli.evaluating import FIRST_SEED
from studio.errors import ModelError
from studio.evaluation.features import extract_features
from studio.evaluation.memory import Memory
from studio.evaluation.nearness import FILE, rank, recall
from studio.evaluation.plausibility import NEIGHBOURS, Grounds
from studio.export.work import read_work, save_work
from studio.model import Model
from studio.training.dataset import Pictures
from studio.training.settings import TrainSettings

COUNT = 40
MARK = "0123456789abcdef"


def remember(pictures: np.ndarray, *, thumbnails: bool = False) -> Memory:
    files = [f"{i}.png" for i in range(len(pictures))]
    mirrored = extract_features(pictures[:, :, ::-1])
    features = extract_features(pictures)
    return Memory.of(
        pictures, files, thumbnails=thumbnails, features=features, mirrored=mirrored
    )


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return scenes(0, COUNT)


@pytest.fixture(scope="module")
def memory(pictures: np.ndarray) -> Memory:
    return remember(pictures, thumbnails=True)


@pytest.fixture
def own(tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the tiny model whose card says that it learnt 40 known pictures."""
    folder = tmp_path / "models" / "tiny"
    shutil.copytree(tiny_checkpoint, folder)
    monkeypatch.setenv("STUDIO_CHECKPOINTS", str(folder.parent))
    learnt = Pictures(labelled(tmp_path / "pictures", COUNT), (32, 32), 0.1)
    data = {
        "images": COUNT,
        "held_out": len(learnt.held_out),
        "fingerprint": learnt.fingerprint,
        "rights": "made for a test",
    }
    amend(folder, {"data": data})
    return folder


def test_a_copy_is_called_one_mirrored_too_and_a_new_picture_is_not(
    memory: Memory, pictures: np.ndarray
) -> None:
    for picture, mirrored in ((pictures[7], False), (pictures[7, :, ::-1], True)):
        found = memory.find(retouch(picture))
        first = found.nearest[0]
        assert (first.file, first.mirrored) == ("7.png", mirrored)
        assert found.copy and first.copy and found.novelty < 0.1
        assert found.level == "familiar"
    others = [memory.find(picture) for picture in scenes(9, 12)]
    assert sum(found.copy for found in others) <= 1
    assert np.mean([found.novelty for found in others]) > 0.3
    noise = np.random.default_rng(0).integers(0, 256, pictures[0].shape, np.uint8)
    assert memory.find(noise).novelty > 0.2 and not memory.find(noise).copy


def test_the_nearest_come_first_and_are_three(memory: Memory) -> None:
    found = memory.find(scenes(5, 1)[0])
    near = [each.distance for each in found.nearest]
    assert near == sorted(near) and len({each.file for each in found.nearest}) == 3
    for each in found.nearest:
        kind, data = (each.picture or "").split(",")
        assert kind == "data:image/webp;base64"
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            assert max(image.size) == 64


def test_what_is_written_says_the_same_when_read(
    memory: Memory, own: Path, pictures: np.ndarray
) -> None:
    card = read_card(own)
    card["data"]["fingerprint"] = MARK
    (own / FILE).write_bytes(memory.pack(MARK))
    again = recall(own, card)
    for picture in (*scenes(3, 3), pictures[2]):
        assert again.find(picture) == memory.find(picture)


@pytest.mark.parametrize("count", [2, 3])
def test_two_pictures_and_equal_ones_can_be_remembered(count: int) -> None:
    for known in (scenes(1, count), np.repeat(scenes(1, 1), count, axis=0)):
        found = remember(known).find(known[1])
        assert found.copy and len(found.nearest) == count
        numbers = (found.novelty, found.usual, found.nearest[0].bound)
        assert np.isfinite(numbers).all()
        assert found.nearest[0].picture is None


def break_file(data: bytes, how: str) -> bytes:
    if how == "truncated":
        return data[: len(data) // 2]
    return b"no tensors at all" if how == "foreign" else b""


@pytest.mark.parametrize("how", ["truncated", "foreign", "empty"])
def test_a_damaged_memory_is_told(memory: Memory, own: Path, how: str) -> None:
    (own / FILE).write_bytes(break_file(memory.pack(MARK), how))
    with pytest.raises(ModelError) as problem:
        recall(own, read_card(own))
    assert problem.value.code == "near_damaged"


def test_a_memory_of_other_pictures_or_of_wrong_sizes_is_not_believed(
    memory: Memory, own: Path
) -> None:
    (own / FILE).write_bytes(memory.pack(MARK))
    with pytest.raises(ModelError) as problem:
        recall(own, read_card(own))
    assert problem.value.code == "near_other"
    few = replace(memory, files=["one.png"])
    (own / FILE).write_bytes(few.pack(MARK))
    with pytest.raises(ModelError) as problem:
        recall(own, read_card(own))
    assert problem.value.code == "near_damaged"


def test_evaluate_lets_a_model_carry_its_pictures_and_its_report(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = fingerprint(own)
    judged = ["evaluate", "tiny", str(tmp_path / "pictures"), "--samples", "16"]
    assert main([*judged, "--keep", "--remember", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["kept"] and told["remembered"]
    card = read_card(own)
    report = card["report"]
    assert report["gauges"] == told["gauges"] and report["fingerprint"] == before
    assert report["pictures"] == COUNT and len(report["labels"]["each"]) == 2
    worst = report["copies"]["nearest"]
    assert len(worst) == 8 and all(
        each.keys() == {"seed", "distance", "by"} for each in worst
    )
    assert all(one["file"].endswith(".png") for one in told["copies"]["nearest"])
    assert fingerprint(own) == before
    memory = recall(own, card)
    assert len(memory.files) == COUNT - card["data"]["held_out"]
    assert not memory.thumbnails
    assert (own / FILE).stat().st_size < 300_000


def test_pictures_of_others_are_not_remembered(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = labelled(tmp_path / "strange", 16)
    judged = ["evaluate", "tiny", str(strange), "--samples", "16"]
    assert main([*judged, "--remember"]) == 2
    assert "not those that tiny learnt from" in capsys.readouterr().err
    assert main([*judged, "--thumbnails"]) == 2
    assert "--remember" in capsys.readouterr().err
    assert not (own / FILE).exists() and "report" not in read_card(own)


def write_own(own: Path, memory: Memory) -> None:
    mark = read_card(own)["data"]["fingerprint"]
    (own / FILE).write_bytes(memory.pack(mark))


def test_show_says_what_a_work_is_near_to_or_why_it_cannot(
    own: Path, memory: Memory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, model = tmp_path / "work.png", Model.open("tiny")
    path.write_bytes(save_work(model, model.recipe(5)))
    assert main(["show", str(path), "--near"]) == 0
    assert "carries nothing of the pictures" in capsys.readouterr().out
    write_own(own, memory)
    assert main(["show", str(path), "--near", "--json"]) == 0
    near = json.loads(capsys.readouterr().out)["near"]
    assert near["pictures"] == COUNT and len(near["nearest"]) == 3
    assert main(["show", str(path), "--near"]) == 0
    assert near["nearest"][0]["file"] in capsys.readouterr().out


def test_a_near_copy_is_warned_of_in_words(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, model = tmp_path / "work.png", Model.open("tiny")
    recipes = [model.recipe(seed) for seed in range(16)]
    write_own(own, remember(model.render(recipes)))
    path.write_bytes(save_work(model, recipes[5]))
    assert main(["show", str(path), "--near"]) == 0
    assert "near-copy" in capsys.readouterr().out


def test_a_page_is_told_what_a_work_is_near_to(
    server: Server, own: Path, memory: Memory
) -> None:
    def ask(body: Any) -> dict[str, Any]:
        return server.post("studio/near", json=body).json()

    work = {"recipe": Model.open("tiny").recipe(5).to_dict()}
    assert ask(work)["problem"]["code"] == "near_missing"
    write_own(own, memory)
    near = ask(work)["near"]
    assert [each["picture"][:10] for each in near["nearest"]] == ["data:image"] * 3
    assert ask({})["error"]["code"] == "recipe_missing_field"
    assert ask({**work, "other": 1})["error"]["code"] == "recipe_unknown_field"


def test_plausible_is_what_lies_where_pictures_lie(memory: Memory) -> None:
    others, noise = scenes(9, 12), np.random.default_rng(0)
    strange = noise.integers(0, 256, (4, *others.shape[1:]), np.uint8)
    flat = np.full((4, *others.shape[1:]), 127, np.uint8)
    judged = memory.judge(np.concatenate([others, strange, flat]))
    real, odd = judged[:12], judged[12:]
    assert np.mean([one.plausibility for one in real]) > 0.25
    assert max(one.plausibility for one in odd) < 0.1
    assert min(one.novelty for one in odd) > 0.5  # far away, but not worth a look
    assert rank(judged)[0] < 12
    copy = memory.judge(retouch(scenes(0, COUNT)[7])[None])[0]
    assert copy.copy and copy.novelty < 0.1 < copy.plausibility
    assert rank([*judged, copy])[-1] == len(judged)


def test_each_picture_is_judged_as_if_it_were_not_among_them() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(30, 4))
    usual = []
    for i in range(len(features)):
        others = np.delete(features, i, axis=0)
        apart = np.linalg.norm(others[:, None] - others, axis=2)
        radius = np.sort(apart, axis=1)[:, NEIGHBOURS]
        usual.append((radius / np.linalg.norm(others - features[i], axis=1)).max())
    assert np.allclose(Grounds.of(features).usual, np.sort(usual))


def test_seek_tells_and_saves_the_most_novel_and_plausible(
    own: Path, memory: Memory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["seek", "tiny"]) == 2
    assert "carries nothing of the pictures" in capsys.readouterr().err
    write_own(own, memory)
    out = str(tmp_path / "best")
    asked = ["seek", "tiny", "--seeds", "0-19", "--best", "3", "-o", out]
    assert main([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["among"] == 20 and len(told["works"]) == 3
    lesser = [min(work["novelty"], work["plausibility"]) for work in told["works"]]
    assert lesser == sorted(lesser, reverse=True)
    for path, work in zip(told["paths"], told["works"], strict=True):
        assert read_work(Path(path)).recipe.to_dict() == work["recipe"]
    assert main(asked) == 0
    assert f"Seed {told['works'][0]['seed']}: novelty" in capsys.readouterr().out


def test_a_work_has_a_card_by_command_and_for_a_page(
    own: Path,
    memory: Memory,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    server: Server,
) -> None:
    model, path = Model.open("tiny"), tmp_path / "work.png"
    recipe = model.recipe(5)
    path.write_bytes(save_work(model, recipe))
    assert main(["card", str(path)]) == 0
    assert "carries nothing of the pictures" in capsys.readouterr().out
    write_own(own, memory)
    assert main(["card", str(path), "--language", "zh"]) == 0
    told = capsys.readouterr().out
    assert "种子 5" in told and "```json" in told and ".png" in told
    parents = [model.recipe(7).to_dict()]
    asked = {"recipe": recipe.to_dict(), "parents": parents, "language": "en"}
    told = server.post("studio/card", json=asked).text
    assert "- seed 7" in told and "made for a test" in told
    assert model.fingerprint in told
    asked["parents"] = parents * 17
    error = server.post("studio/card", json=asked).json()["error"]
    assert error["code"] == "recipe_list"


def test_a_page_is_told_how_creative_works_are(
    server: Server, own: Path, memory: Memory
) -> None:
    model = Model.open("tiny")
    recipes = [model.recipe(seed) for seed in range(3)]

    def ask(recipes: list[Any]) -> dict[str, Any]:
        return server.post("studio/creativity", json={"recipes": recipes}).json()

    asked = [recipe.to_dict() for recipe in recipes]
    assert ask(asked)["problem"]["code"] == "near_missing"
    write_own(own, memory)
    works = ask(asked)["works"]
    found = memory.judge(model.render(recipes))
    assert [work["novelty"] for work in works] == [one.novelty for one in found]
    assert ask([])["error"]["code"] == "recipe_list"
    assert ask(asked * 3)["error"]["code"] == "recipe_list"
    assert ask([*asked, {**asked[0], "model": "wild"}])["error"]


def test_a_picture_painted_anew_is_a_copy_too(
    memory: Memory, pictures: np.ndarray
) -> None:
    strokes = np.random.default_rng(0).normal(0, 40, pictures[7].shape)
    painted = np.clip(pictures[7] + strokes, 0, 255).astype(np.uint8)
    for work, mirrored in ((painted, False), (painted[:, ::-1], True)):
        found = memory.find(work)
        first = found.nearest[0]
        assert found.copy and (first.file, first.mirrored) == ("7.png", mirrored)
        assert first.by == "colours" and first.distance <= first.bound
    assert found.novelty == 0 and memory.judge(painted[None])[0].copy


def test_copies_are_looked_for_among_the_remembered_where_others_are_judged(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judged = ["evaluate", "tiny", str(tmp_path / "strange"), "--samples", "16"]
    labelled(tmp_path / "strange", 16)
    assert main(judged) == 0
    assert "it remembers none of its own" in capsys.readouterr().out
    model = Model.open("tiny")
    recipes = [replace(model.recipe(FIRST_SEED + i), variety=1.0) for i in range(16)]
    write_own(own, remember(model.render(recipes)))
    assert main([*judged, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["copies"]["share"] == 1 and told["copies"]["remembered"] == 16
    assert told["copies"]["ratio"] is None
    assert told["gauges"]["honesty"]["level"] == "low"
    assert main(judged) == 0
    assert "among the 16 that it remembers" in capsys.readouterr().out


def test_a_folder_is_read_as_the_run_read_it(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "pictures"
    for path in folder.glob("*.png"):
        with Image.open(path) as image:
            image.resize((96, 48)).save(path)
    settings = TrainSettings(
        folder=str(folder),
        name="tiny",
        resolution=(32, 32),
        framing="smart",
        validation_share=0.4,
        excluded=("3.png",),
    )
    learnt = Pictures.of(settings)
    data = {
        "images": len(learnt.images),
        "held_out": len(learnt.held_out),
        "fingerprint": learnt.fingerprint,
        "framing": "smart",
        "validation_share": 0.4,
        "left_out": learnt.left_out,
    }
    amend(own, {"data": data})
    judged = ["evaluate", "tiny", str(folder), "--samples", "16", "--json"]
    assert main([*judged, "--remember"]) == 0
    assert json.loads(capsys.readouterr().out)["copies"]["ratio"] is not None
    remembered = recall(own, read_card(own)).files
    assert remembered == [learnt.files[i] for i in learnt.train]
    # What cannot be parted as it was would take pictures held out for learnt ones.
    amend(own, {"data": {**data, "held_out": len(learnt.held_out) + 1}})
    assert main([*judged, "--remember"]) == 2
    assert "not those that tiny learnt from" in capsys.readouterr().err
