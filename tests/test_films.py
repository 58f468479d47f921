"""Dreams, walks, films and sounds over the studio's own addresses."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image
from servers import Server, wait_for_film
from sounds import write_samples, write_sound

from studio.server import dreaming, films


def plan_of(recipe: dict[str, Any], *seeds: int, **more: Any) -> dict[str, Any]:
    works = [
        {"recipe": {**recipe, "source": {"seed": seed}}, "seconds": 0.5}
        for seed in seeds
    ]
    return {"works": works, "loop": True, **more}


def order(server: Server, plan: dict[str, Any], **more: Any) -> Any:
    asked = {"plan": plan, "fps": 8, "size": [48, 48], **more}
    answer = server.post("studio/films", json=asked)
    return answer.json()


def test_a_dream_is_told_in_parts(server: Server, recipe: dict[str, Any]) -> None:
    text = "The sea. Then nothing. 山上下雪了。"
    asked = {"text": text, "recipe": recipe, "count": 2}
    first = server.post("studio/dream", json=asked).json()
    assert first["total"] == 3 and len(first["moments"]) == 2
    last = first["moments"][-1]["recipe"]
    rest = server.post("studio/dream", json={**asked, "from": 2, "last": last}).json()
    assert [item["text"] for item in rest["moments"]] == ["山上下雪了。"]
    whole = server.post("studio/dream", json={**asked, "count": 3}).json()
    assert whole["moments"] == [*first["moments"], *rest["moments"]]


def test_what_a_film_may_be_is_told(server: Server) -> None:
    offer = server.get("studio/dream?model=tiny").json()
    assert offer["formats"] == ["mp4", "webp"] and offer["sound"]
    assert len(offer["drives"]) == 3
    assert server.get("studio/dream?model=nowhere").status_code == 404


def test_a_walk_is_played_from_its_stops(
    server: Server, recipe: dict[str, Any]
) -> None:
    plan = plan_of(recipe, 1, 2, 3)
    plan["works"][1]["text"] = "the sea"
    found = server.post("studio/walk", json={"plan": plan}).json()
    assert found["seconds"] == pytest.approx(1.5) and found["loop"]
    assert len(found["stops"]) == 3 and len(found["captions"]) == 3
    numbers = base64.b64decode(found["stops"][0]["w"])
    assert len(numbers) == 2 * found["layers"] * found["width"]
    assert np.isfinite(np.frombuffer(numbers, "<f2")).all()
    around = {**plan_of(recipe, 4), "way": "around", "seconds": 8}
    drift = server.post("studio/walk", json={"plan": around}).json()
    assert drift["seconds"] == pytest.approx(8) and len(drift["stops"]) > 8


def test_a_long_walk_is_measured_in_part_for_its_preview(
    server: Server, recipe: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dreaming, "PREVIEWED", 2)
    plan = plan_of(recipe, 1, 2, 3, 4, 5, seconds=10)
    stops = server.post("studio/walk", json={"plan": plan}).json()["stops"]
    assert [len(stop["shares"]) for stop in stops] == [9, 9, 2, 2, 2]
    mean = sum(stop["seconds"] for stop in stops[:2]) / 2
    assert stops[4]["seconds"] == pytest.approx(mean, abs=1e-3)


@pytest.mark.parametrize("kind", ["mp4", "webp"])
def test_a_film_is_ordered_watched_and_fetched(
    server: Server, recipe: dict[str, Any], kind: str, tmp_path: Path
) -> None:
    film = order(server, plan_of(recipe, 1, 2), format=kind)["film"]
    state = wait_for_film(server, film)
    assert (state["phase"], state["done"], state["frames"]) == ("done", 8, 8)
    answer = server.get(f"studio/films/{film}/file")
    assert f'filename="tiny-film.{kind}"' in answer.headers["content-disposition"]
    path = tmp_path / f"film.{kind}"
    path.write_bytes(answer.content)
    if kind == "webp":
        with Image.open(path) as shown:
            assert shown.n_frames == 8  # type: ignore[attr-defined]
        return
    with av.open(str(path)) as shown:
        assert sum(1 for _ in shown.decode(video=0)) == 8


def test_a_film_carries_the_sound_that_was_brought(
    server: Server, recipe: dict[str, Any], tmp_path: Path
) -> None:
    data = write_sound(tmp_path / "beat.wav", seconds=2).read_bytes()
    sound = server.post("studio/sounds?file=beat.wav", content=data).json()
    assert sound["seconds"] == pytest.approx(2) and not sound["silent"]
    assert len(sound["heard"]["beats"]) == 2 * sound["rate"]
    drives = [{"hears": "beats", "word": "pca-01", "amount": 2}]
    more = {"sound": sound["sound"], "drives": drives}
    film = order(server, plan_of(recipe, 1, 2), **more)["film"]
    assert wait_for_film(server, film)["phase"] == "done"
    path = tmp_path / "film.mp4"
    path.write_bytes(server.get(f"studio/films/{film}/file").content)
    with av.open(str(path)) as shown:
        assert shown.streams.audio[0].codec_context.name == "aac"


def test_a_silent_sound_is_told(server: Server, tmp_path: Path) -> None:
    data = write_samples(tmp_path / "q.wav", np.zeros(22_050)).read_bytes()
    sound = server.post("studio/sounds?file=q.wav", content=data).json()
    assert sound["silent"] and not any(sound["heard"]["loudness"])


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "sound_empty"), (b"noise" * 99, "sound_broken")]
)
def test_what_is_no_sound_is_told_with_its_name(
    server: Server, content: bytes, code: str
) -> None:
    answer = server.post("studio/sounds?file=my.mp3", content=content).json()
    assert answer["error"]["code"] == code
    assert answer["error"]["params"]["file"] == "my.mp3"


def test_a_film_that_is_stopped_leaves_no_file(
    server: Server, recipe: dict[str, Any]
) -> None:
    plan = plan_of(recipe, 1, 2)
    for work in plan["works"]:
        work["seconds"] = 300
    film = order(server, plan)["film"]
    while not server.get(f"studio/films/{film}").json()["done"]:
        time.sleep(0.02)
    server.request("DELETE", f"studio/films/{film}")
    assert wait_for_film(server, film)["phase"] == "stopped"
    assert server.get(f"studio/films/{film}/file").status_code == 404


def test_a_film_that_nobody_asks_for_any_more_ends(
    server: Server, recipe: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(films, "FORGOTTEN", 0.0)
    film = order(server, plan_of(recipe, 1, 2))["film"]
    assert wait_for_film(server, film)["phase"] == "stopped"


def test_only_a_few_films_lie_here(
    server: Server, recipe: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(films, "KEPT", 2)
    made = []
    for _ in range(4):
        made.append(order(server, plan_of(recipe, 1))["film"])
        wait_for_film(server, made[-1])
    assert server.get(f"studio/films/{made[0]}").status_code == 404
    assert server.get(f"studio/films/{made[-1]}/file").status_code == 200


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"plan": {"works": []}}, "film_empty"),
        ({"plan": {"works": [{}] * 501}}, "film_long"),
        ({"fps": 0}, "film_fps"),
        ({"size": [8, 8]}, "film_size"),
        ({"format": "avi"}, "output_not_film"),
        ({"sound": "nowhere"}, "sound_gone"),
        ({"drives": [{"hears": "x", "word": "a", "amount": 1}]}, "film_choice"),
        ({"more": 1}, "recipe_unknown_field"),
    ],
)
def test_orders_are_checked_at_the_door(
    server: Server, recipe: dict[str, Any], change: dict[str, Any], code: str
) -> None:
    asked = {"plan": plan_of(recipe, 1, 2), "fps": 8, "size": [48, 48], **change}
    answer = server.post("studio/films", json=asked).json()
    assert answer["error"]["code"] == code


def test_films_of_two_models_and_of_unknown_words_are_told(
    server: Server, recipe: dict[str, Any]
) -> None:
    plan = plan_of(recipe, 1, 2)
    plan["works"][1]["recipe"]["model"] = "elsewhere"
    state = wait_for_film(server, order(server, plan)["film"])
    assert state["phase"] == "failed" and state["error"]["code"] == "film_models"
    strange = {**plan_of(recipe, 1), "way": "along", "amounts": {"no": 1}}
    answer = server.post("studio/walk", json={"plan": strange}).json()
    assert answer["error"]["code"] == "recipe_direction"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"text": ""}, "dream_empty"),
        ({"text": 7}, "dream_empty"),
        ({"text": "Sea. " * 501}, "dream_long"),
        ({"text": "Sea.", "count": 99}, "recipe_integer"),
        ({"text": "Sea.", "last": {"format": 9}}, "recipe_newer"),
    ],
)
def test_dreams_are_checked_at_the_door(
    server: Server, recipe: dict[str, Any], body: dict[str, Any], code: str
) -> None:
    answer = server.post("studio/dream", json={"recipe": recipe, **body}).json()
    assert answer["error"]["code"] == code


def test_in_a_shared_studio_films_are_short_and_sounds_stay_at_home(
    server: Server, recipe: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_MODE", "demo")
    assert order(server, plan_of(recipe, 1), size=[600, 600])["error"]["code"] == (
        "film_shared"
    )
    long = plan_of(recipe, 1, 2, seconds=90)
    state = wait_for_film(server, order(server, long)["film"])
    assert state["error"]["code"] == "film_shared"
    refused = server.post("studio/sounds?file=a.wav", content=b"x")
    assert refused.status_code == 403
