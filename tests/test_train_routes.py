"""The addresses of the Train room on a real server: a run from start to publishing."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from servers import Server
from trainers import TINY, tiny_run

from studio.paths import checkpoints_folder, pictures_folder, runs_folder
from studio.server import training
from studio.training import watch
from studio.training.energy import WATTS_A_CORE
from studio.training.run import Run

ENDED = ("done", "paused", "stopped", "interrupted", "failed")
RIGHTS = "made for a test"


def wish(folder: Path, name: str, **changes: Any) -> dict[str, Any]:
    """What the page sends to start a tiny run."""
    tiny = {**TINY, "resolution": list(TINY["resolution"]), "rights": RIGHTS}
    return {"folder": str(folder), "name": name, **tiny, **changes}


def begin(server: Server, folder: Path, name: str, **changes: Any) -> dict[str, Any]:
    answer = server.post("studio/runs", json=wish(folder, name, **changes))
    assert answer.status_code == 200, answer.text
    return answer.json()


def wait_for(
    server: Server, name: str, reached: Callable[[dict[str, Any]], bool]
) -> Any:
    """Look at a run until it is as wanted; its last state is given."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        state = server.get(f"studio/runs/{name}").json()
        if reached(state):
            return state
        time.sleep(0.2)
    raise AssertionError(state)


def ended(state: dict[str, Any]) -> bool:
    return state["phase"] in ENDED


def code_of(answer: Any) -> str:
    return answer.json()["error"]["code"]


# -- a whole run -------------------------------------------------------------------


def test_a_run_goes_from_start_to_a_published_model(
    server: Server, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_CHECKPOINTS", str(tmp_path))
    left_out = ["00.png", "01.png", "02.png"]
    assert begin(server, tiny_folder, "dawn", excluded=left_out)["name"] == "dawn"
    state = wait_for(server, "dawn", ended)
    assert (state["phase"], state["model_ready"], state["device"]) == (
        "done",
        True,
        "cpu",
    )
    assert state["settings"]["rights"] == RIGHTS
    assert state["settings"]["excluded"] == 3
    assert state["snapshots"] and state["curves"]["distance"] and state["log"]
    sheet = state["sheets"][-1]
    assert sheet["kind"] == "generator" and state["newest"] == sheet["file"]
    picture = server.get(f"studio/runs/dawn/samples/{sheet['file']}")
    assert Image.open(io.BytesIO(picture.content)).format == "WEBP"
    assert [run["name"] for run in server.get("studio/runs").json()["runs"]] == ["dawn"]

    answer = server.post("studio/runs/dawn/publish", json={"model": "mine"})
    assert answer.json() == {"model": "mine"}
    card = json.loads((checkpoints_folder() / "mine" / "card.json").read_text())
    assert (card["data"]["rights"], card["data"]["images"]) == (RIGHTS, 9)
    again = {"model": "mine", "kimg": state["snapshots"][0], "title": "早晨"}
    assert (
        code_of(server.post("studio/runs/dawn/publish", json=again)) == "model_exists"
    )
    answer = server.post("studio/runs/dawn/publish", json={**again, "replace": True})
    assert answer.json() == {"model": "mine"}
    card = json.loads((checkpoints_folder() / "mine" / "card.json").read_text())
    assert (card["title"], card["training"]["chosen"]) == ("早晨", "by eye")
    wrong = server.post("studio/runs/dawn/publish", json={"kimg": 999})
    assert code_of(wrong) == "run_no_snapshot"

    assert server.post("studio/runs/dawn/delete").json()["deleted"] is True
    assert code_of(server.get("studio/runs/dawn")) == "run_missing"
    assert not (runs_folder() / "dawn").exists()


def test_a_run_is_paused_resumed_and_stopped_and_another_begins_by_itself(
    server: Server, tiny_folder: Path, tiny_checkpoint: Path
) -> None:
    [base] = server.get("studio/bases").json()["bases"]
    assert (base["name"], base["whole"]) == ("tiny", False)
    begin(server, tiny_folder, "long", kimg=40.0)
    wait_for(server, "long", lambda state: state["phase"] == "autoencoder")
    assert code_of(server.post("studio/runs/long/delete")) == "run_alive"
    heir = {"base": "tiny", "base_parts": "autoencoder", "kimg": 0.02}
    begin(server, tiny_folder, "other", **heir)
    waiting = wait_for(server, "other", lambda state: state["behind"])
    assert (waiting["phase"], waiting["behind"]) == ("queued", "long")
    server.post("studio/runs/long/pause")
    paused = wait_for(server, "long", ended)
    assert paused["phase"] == "paused"
    other = wait_for(server, "other", ended)
    assert other["phase"] == "done", other["error"]
    assert other["settings"]["encoder_widths"] == [8, 16, 16]
    assert code_of(server.post("studio/runs/long/pause")) == "run_not_running"
    assert server.post("studio/runs/long/resume").json()["phase"] == "queued"
    assert code_of(server.post("studio/runs/long/resume")) == "run_taken"
    going = ("autoencoder", "generator")
    wait_for(server, "long", lambda state: state["phase"] in going)
    server.post("studio/runs/long/stop")
    stopped = wait_for(server, "long", ended)
    assert stopped["phase"] == "stopped"
    assert stopped["images_seen"] >= paused["images_seen"]


def test_a_trial_tells_the_pace_and_the_draw_of_this_machine(
    server: Server, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "TRIAL_SECONDS", 0.4)
    answer = server.post("studio/trial", json=wish(tiny_folder, "trial")).json()
    pace, dials = answer["pace"], answer["dials"]
    assert pace["autoencoder"] > 0 and pace["generator"] > 0
    assert pace["watts"] > 0 and pace["watts_a_core"] == WATTS_A_CORE
    assert pace["energy_source"] in ("rapl", "cpu_time")
    assert dials["quick"]["minutes"] <= dials["good"]["minutes"]
    assert dials["good"]["kimg"] > 0 and dials["good"]["energy_wh"] > 0
    assert not (runs_folder() / "trial").exists()


# -- what is refused ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"rights": " "}, "rights_missing"),
        ({"name": "../up"}, "run_name"),
        ({"name": "画" * 300}, "run_name"),
        ({"family": "oil"}, "train_family"),
        ({"resolution": [33, 32]}, "train_resolution"),
        ({"batchh": 4}, "config_unknown_key"),
        ({"batch": 5}, "train_batch"),
        ({"folder": "/no/such/folder"}, "folder_missing"),
        ({"base": "no-such"}, "base_missing"),
        ({"device": "abacus"}, "device_missing"),
    ],
)
def test_settings_are_refused_with_the_sentences_of_the_command_line(
    server: Server, tiny_folder: Path, changes: dict[str, Any], code: str
) -> None:
    answer = server.post("studio/runs", json={**wish(tiny_folder, "no"), **changes})
    assert (answer.status_code, code_of(answer)) == (400, code)
    assert not (runs_folder() / "no").exists()


@pytest.mark.parametrize("body", [b"[]", b"{", b"\x80", b'{"rate": NaN}'])
def test_what_is_no_object_starts_nothing(server: Server, body: bytes) -> None:
    answer = server.post("studio/runs", content=body)
    assert (answer.status_code, code_of(answer)) == (400, "not_an_object")


@pytest.mark.parametrize(
    "file", ["..%2f..%2fconfig.json", "config.json", "%00", "a.webp", "0.webp%2f.."]
)
def test_only_sheets_are_served(server: Server, tiny_folder: Path, file: str) -> None:
    tiny_run(tiny_folder, "shut")
    assert server.get(f"studio/runs/shut/samples/{file}").status_code in (400, 404)


@pytest.mark.parametrize("variable", ["SPACE_ID", "STUDIO_MODE"])
def test_a_shared_studio_trains_nothing_and_says_so(
    server: Server, tiny_folder: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "demo")
    for method, path in (
        ("GET", "runs"),
        ("POST", "runs"),
        ("GET", "runs/x"),
        ("POST", "runs/x/stop"),
        ("POST", "trial"),
        ("GET", "bases"),
        ("GET", f"pictures?folder={tiny_folder}"),
        ("GET", f"pictures/thumb?folder={tiny_folder}&file=00.png"),
        ("POST", "pictures?set=a&file=a.png"),
    ):
        answer = server.request(method, f"studio/{path}")
        assert (answer.status_code, code_of(answer)) == (403, "training_off"), path
    assert not pictures_folder().exists()


def test_the_owner_of_a_space_can_train_on_it_unless_its_card_is_only_lent(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPACE_ID", "me/mine")
    monkeypatch.setenv("STUDIO_MODE", "own")
    assert server.request("GET", "studio/runs").status_code == 200
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    assert code_of(server.request("GET", "studio/runs")) == "training_off"


# -- watching ----------------------------------------------------------------------


def test_torn_lines_and_long_curves_are_no_trouble(tiny_folder: Path) -> None:
    run = tiny_run(tiny_folder, "torn")
    for step in range(3000):
        row = {"phase": "generator", "images_seen": step, "gap": float(step % 2)}
        run.append_metrics(row)
    with (run.folder / "metrics.jsonl").open("a") as file:
        file.write('{"phase": "generator", "images_se')
    points = watch.describe(run)["curves"]["gap"]
    assert 300 < len(points) <= watch.MOST_POINTS
    assert points == sorted(points)


@pytest.mark.parametrize(
    ("config", "code"),
    [("{", "run_damaged"), ('{"name": "bad", "newer": 1}', "run_unknown_key")],
)
def test_a_damaged_run_is_listed_shown_and_deleted_and_leaves_the_others(
    server: Server, tiny_folder: Path, config: str, code: str
) -> None:
    tiny_run(tiny_folder, "good")
    damaged = tiny_run(tiny_folder, "bad")
    (damaged.folder / "config.json").write_text(config)
    (damaged.folder / "status.json").write_text("")
    found = {run["name"]: run for run in server.get("studio/runs").json()["runs"]}
    assert found["bad"]["phase"] == "failed" and found["bad"]["error"]
    assert found["good"]["error"] is None
    shown = server.get("studio/runs/bad").json()
    assert (shown["problem"]["code"], shown["settings"]) == (code, {})
    assert server.post("studio/runs/bad/delete").status_code == 200
    assert not Run(damaged.folder).folder.exists()
