"""The addresses of the Train room on a real server: a run from start to publishing."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from servers import Server, serving
from trainers import TINY, tiny_run

from studio.paths import checkpoints_folder, pictures_folder, runs_folder
from studio.training import watch
from studio.training.run import Run

ENDED = ("done", "paused", "stopped", "interrupted", "failed")
RIGHTS = "made for a test"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


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
    deadline = time.monotonic() + 120
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
    assert begin(server, tiny_folder, "dawn")["name"] == "dawn"
    state = wait_for(server, "dawn", ended)
    assert (state["phase"], state["model_ready"], state["device"]) == (
        "done",
        True,
        "cpu",
    )
    assert state["settings"]["rights"] == RIGHTS
    assert state["snapshots"] and state["curves"]["distance"] and state["log"]
    sheet = state["sheets"][-1]
    assert sheet["kind"] == "generator" and state["newest"] == sheet["file"]
    picture = server.get(f"studio/runs/dawn/samples/{sheet['file']}")
    assert Image.open(io.BytesIO(picture.content)).format == "WEBP"
    assert [run["name"] for run in server.get("studio/runs").json()["runs"]] == ["dawn"]

    answer = server.post("studio/runs/dawn/publish", json={"model": "mine"})
    assert answer.json() == {"model": "mine"}
    card = json.loads((checkpoints_folder() / "mine" / "card.json").read_text())
    assert card["data"]["rights"] == RIGHTS
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


def test_a_run_is_paused_resumed_and_stopped(server: Server, tiny_folder: Path) -> None:
    begin(server, tiny_folder, "long", kimg=40.0)
    wait_for(server, "long", lambda state: state["phase"] == "autoencoder")
    assert code_of(server.post("studio/runs/long/delete")) == "run_alive"
    begin(server, tiny_folder, "other")
    waiting = wait_for(server, "other", lambda state: state["behind"])
    assert (waiting["phase"], waiting["behind"]) == ("queued", "long")
    server.post("studio/runs/long/pause")
    paused = wait_for(server, "long", ended)
    assert paused["phase"] == "paused"
    assert wait_for(server, "other", ended)["phase"] == "done"
    assert code_of(server.post("studio/runs/long/pause")) == "run_not_running"
    assert server.post("studio/runs/long/resume").json()["phase"] == "queued"
    assert code_of(server.post("studio/runs/long/resume")) == "run_taken"
    going = ("autoencoder", "generator")
    wait_for(server, "long", lambda state: state["phase"] in going)
    server.post("studio/runs/long/stop")
    stopped = wait_for(server, "long", ended)
    assert stopped["phase"] == "stopped"
    assert stopped["images_seen"] >= paused["images_seen"]


def test_of_two_starts_at_once_one_waits_for_the_other(
    server: Server, tiny_folder: Path
) -> None:
    with ThreadPoolExecutor(2) as people:
        list(people.map(lambda n: begin(server, tiny_folder, n, kimg=40.0), "ab"))

    def told(name: str) -> tuple[str, str | None]:
        state = server.get(f"studio/runs/{name}").json()
        return state["phase"], state["behind"]

    deadline = time.monotonic() + 120
    while {told("a")[0], told("b")[0]} != {"queued", "autoencoder"}:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    first, second = ("a", "b") if told("b")[0] == "queued" else ("b", "a")
    wait_for(server, second, lambda state: state["behind"] == first)
    server.post(f"studio/runs/{first}/stop")
    wait_for(server, second, lambda state: state["phase"] == "autoencoder")
    assert wait_for(server, first, ended)["phase"] == "stopped"
    server.post(f"studio/runs/{second}/stop")
    wait_for(server, second, ended)


def test_pictures_that_were_left_out_are_not_learnt_from(
    server: Server, tiny_folder: Path
) -> None:
    left_out = ["00.png", "01.png", "02.png"]
    begin(server, tiny_folder, "fewer", excluded=left_out)
    state = wait_for(server, "fewer", ended)
    assert state["settings"]["excluded"] == 3
    card = json.loads((runs_folder() / "fewer/checkpoint/card.json").read_text())
    assert card["data"]["images"] == 9


def test_a_trial_tells_the_pace_of_this_machine(
    server: Server, tiny_folder: Path
) -> None:
    answer = server.post("studio/trial", json=wish(tiny_folder, "trial")).json()
    assert answer["pace"]["autoencoder"] > 0 and answer["pace"]["generator"] > 0
    dials = answer["dials"]
    assert dials["quick"]["minutes"] <= dials["good"]["minutes"]
    assert dials["good"]["kimg"] > 0
    assert not (runs_folder() / "trial").exists()


def test_a_start_from_a_model_takes_its_sizes(
    server: Server, tiny_folder: Path, tiny_checkpoint: Path
) -> None:
    [base] = server.get("studio/bases").json()["bases"]
    assert (base["name"], base["whole"]) == ("tiny", False)
    body = wish(tiny_folder, "heir", base="tiny", base_parts="autoencoder", kimg=0.02)
    assert server.post("studio/runs", json=body).status_code == 200
    state = wait_for(server, "heir", ended)
    assert state["phase"] == "done", state["error"]
    assert state["settings"]["encoder_widths"] == [8, 16, 16]


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


def test_a_damaged_run_is_listed_and_leaves_the_others(
    server: Server, tiny_folder: Path
) -> None:
    tiny_run(tiny_folder, "good")
    damaged = tiny_run(tiny_folder, "bad")
    (damaged.folder / "config.json").write_text("{")
    (damaged.folder / "status.json").write_text("")
    found = {run["name"]: run for run in server.get("studio/runs").json()["runs"]}
    assert found["bad"]["phase"] == "failed" and found["bad"]["error"]
    assert found["good"]["error"] is None
    assert code_of(server.get("studio/runs/bad")) == "run_damaged"
    assert server.post("studio/runs/bad/delete").status_code == 200
    assert not Run(damaged.folder).folder.exists()
