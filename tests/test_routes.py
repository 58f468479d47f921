"""Our plain routes on a real server: assets, cards, saving and reading."""

from __future__ import annotations

import base64
import io
import json
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from servers import Server, receive, recipe_of, send, serving
from starlette.routing import WebSocketRoute
from websockets.exceptions import InvalidStatus

from studio.language import LANGUAGES, table
from studio.server import assets, fallback, routes, shelf
from studio.server.press import AT_ONCE
from studio.server.routes import PREFERRED, READS, build_routes, default_model


def every_route() -> list[tuple[str, str]]:
    """Method and path of each of our plain routes, one of each filled in."""
    found = []
    for route in build_routes():
        if not isinstance(route, WebSocketRoute):
            path = route.path.replace("{path:path}", "languages/en.json")
            for method in sorted(route.methods - {"HEAD"}):
                filled = path.replace("{name}", "tiny").replace("{file}", "1.webp")
                found.append((method, filled.lstrip("/")))
    return found


# -- who may ---------------------------------------------------------------------


def test_every_route_of_ours_asks_for_the_login(
    tiny_checkpoint: Path,
) -> None:
    with serving(("ada", "secret")) as server:
        assert len(every_route()) >= 6
        for method, path in every_route():
            answer = server.request(method, path)
            assert answer.status_code == 401, path
            assert answer.json()["error"]["code"] == "not_signed_in"
        with pytest.raises(InvalidStatus):
            server.socket()
        server.sign_in("ada", "secret")
        for method, path in every_route():
            assert server.request(method, path).status_code != 401, path


def test_every_route_of_ours_refuses_pages_from_elsewhere(server: Server) -> None:
    for method, path in every_route():
        for origin in ("https://evil.example", "null"):
            answer = server.request(method, path, headers={"origin": origin})
            assert answer.status_code == 403, path


def test_no_page_may_guess_types_or_frame_the_studio(server: Server) -> None:
    for path in ("", "studio/models", "studio/no-such", "no-such"):
        headers = server.get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin"
        assert headers["content-security-policy"] == "frame-ancestors 'self'"


# -- assets ----------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentences_of_each_language_are_served(
    server: Server, language: str
) -> None:
    answer = server.get(f"studio/assets/languages/{language}.json")
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json() == table(language)


def test_a_file_that_the_browser_has_is_not_sent_again(server: Server) -> None:
    path = "studio/assets/languages/en.json"
    first = server.get(path)
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        again = server.get(path, headers={"if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
    other = server.get(path, headers={"if-none-match": '"other"'})
    assert other.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "no-such.js",
        "languages",
        "languages/",
        "languages/../errors.py",
        "languages/%2e%2e/errors.py",
        "..%2fpage.py",
        "%2e%2e/page.py",
        "../page.py",
        "%2fetc/passwd",
        "/etc/passwd",
        "languages/en.json%00.js",
        ".hidden.js",
        "a" * 5000 + ".js",
    ],
)
def test_nothing_beside_the_assets_is_served(server: Server, path: str) -> None:
    assert server.get(f"studio/assets/{path}").status_code == 404


def test_only_known_kinds_of_files_within_the_folder_are_assets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "assets"
    (root / "parts").mkdir(parents=True)
    for name in ("a.js", "a.py", "parts/b.css"):
        (root / name).write_text("x", "utf-8")
    (tmp_path / "secret.js").write_text("x", "utf-8")
    (root / "link.js").symlink_to(tmp_path / "secret.js")
    monkeypatch.setattr(assets, "UI_FOLDER", root)
    assert assets.find_asset("a.js") == root / "a.js"
    assert assets.find_asset("parts/b.css") == root / "parts" / "b.css"
    for path in ("a.py", "parts", "../secret.js", "link.js", "parts/../a.js", ""):
        with pytest.raises(assets.InputError):
            assets.find_asset(path)


# -- models ----------------------------------------------------------------------


def test_models_and_the_default_one_are_listed(
    server: Server, tiny_checkpoint: Path
) -> None:
    found = server.get("studio/models").json()
    entry = next(m for m in found["models"] if m["name"] == tiny_checkpoint.name)
    assert entry["ready"] is True and entry["problem"] is None
    assert {"title", "family", "resolution"} <= entry.keys()
    assert found["default"] in [m["name"] for m in found["models"]]


def test_the_default_model_is_one_that_works() -> None:
    def listed(**ready: bool) -> list[dict[str, Any]]:
        return [{"name": name, "ready": state} for name, state in ready.items()]

    assert default_model([]) is None
    assert default_model(listed(a=False, b=True, c=True)) == "b"
    assert default_model(listed(a=True, **{PREFERRED: True})) == PREFERRED
    assert default_model(listed(a=True, **{PREFERRED: False})) == "a"


def test_a_card_says_what_the_page_must_know(
    server: Server, tiny_checkpoint: Path
) -> None:
    card = server.get(f"studio/models/{tiny_checkpoint.name}").json()
    assert len(card["fingerprint"]) == 16
    assert {"title", "layers", "default_variety", "data", "training"} <= card.keys()
    for direction in card["directions"]:
        assert {"name", "sigma", "change", "effects"} <= direction.keys()


def test_a_preview_is_a_picture(server: Server, tiny_checkpoint: Path) -> None:
    answer = server.get(f"studio/models/{tiny_checkpoint.name}/preview.webp")
    assert answer.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(answer.content)).format == "WEBP"


@pytest.mark.parametrize("name", ["no-such", "%2e%2e", "%00", "a" * 3000])
@pytest.mark.parametrize("rest", ["", "/preview.webp"])
def test_an_unknown_model_is_not_found(server: Server, name: str, rest: str) -> None:
    answer = server.get(f"studio/models/{name}{rest}")
    assert answer.status_code == 404


@pytest.fixture
def own_models(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A checkpoints folder of its own with `tiny` and `other`, looked at always."""
    monkeypatch.setattr(shelf, "LOOK_AGAIN", 0.0)
    monkeypatch.setenv("STUDIO_CHECKPOINTS", str(tmp_path))
    for name in ("tiny", "other"):
        shutil.copytree(tiny_checkpoint, tmp_path / name)
    return tmp_path


def test_a_broken_model_says_so_and_leaves_the_others(
    server: Server, own_models: Path
) -> None:
    recipe = recipe_of(server, "other")
    (own_models / "other" / "generator.safetensors").write_bytes(b"\x80\x04pickled")
    found = {m["name"]: m for m in server.get("studio/models").json()["models"]}
    assert [found[name]["ready"] for name in ("other", "tiny")] == [False, True]
    assert len(found["other"]["problem"]) > 10
    answer = server.post("studio/save", json={"recipe": recipe})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "model_file_damaged"
    with server.socket() as client:
        send(client, 1, recipe)
        assert receive(client).error["code"] == "model_file_damaged"
        send(client, 2, recipe_of(server, "tiny"))
        assert receive(client).jpeg


# -- saving and reading ------------------------------------------------------------


def test_a_saved_work_brings_its_recipe_back(
    server: Server, recipe: dict[str, Any]
) -> None:
    wanted = {**recipe, "variety": 0.5, "size": [48, 64]}
    first = server.post("studio/save", json={"recipe": wanted})
    assert first.headers["content-type"] == "image/png"
    assert "attachment" in first.headers["content-disposition"]
    assert Image.open(io.BytesIO(first.content)).size == (64, 48)
    assert server.post("studio/save", json={"recipe": wanted}).content == first.content
    back = server.post("studio/read", content=first.content).json()
    assert back == {"recipe": wanted, "installed": True, "changed": False}


def test_more_saves_at_once_than_are_made_at_once_all_come(
    server: Server, recipe: dict[str, Any]
) -> None:
    def save(seed: int) -> bytes:
        wanted = {**recipe, "source": {"seed": seed}}
        return server.post("studio/save", json={"recipe": wanted}).content

    with ThreadPoolExecutor(3 * AT_ONCE) as people:
        files = list(people.map(save, range(3 * AT_ONCE)))
    assert len(set(files)) == len(files)
    assert all(file.startswith(b"\x89PNG") for file in files)


def test_uploads_that_dawdle_keep_nobody_else_waiting(
    server: Server, recipe: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    png = server.post("studio/save", json={"recipe": recipe}).content
    monkeypatch.setattr(routes, "READ_PATIENCE", 1.0)
    served = threading.Event()

    def dawdle(_: int) -> dict[str, Any]:
        def crumbs() -> Iterator[bytes]:
            yield png[:8]
            served.wait(60)
            time.sleep(1.0)  # the last of them began no later than the first ended
            yield png[8:]

        return server.post("studio/read", content=crumbs()).json()

    with ThreadPoolExecutor(READS) as people:
        slow = people.map(dawdle, range(READS))
        back = server.post("studio/read", content=png).json()
        served.set()
        assert back["recipe"] == recipe
        assert {answer["error"]["code"] for answer in slow} == {"too_slow"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "recipe_not_json_at"),
        (b"\x80abc", 400, "recipe_not_json"),
        (b"[]", 400, "recipe_object"),
        (b"{}", 400, "recipe_object"),
        (b'{"recipe": NaN}', 400, "recipe_not_finite"),
        (b'{"recipe": "' + b"x" * 2**20 + b'"}', 413, "body_too_large"),
    ],
)
def test_what_is_not_a_recipe_is_not_saved(
    server: Server, body: bytes, status: int, code: str
) -> None:
    answer = server.post("studio/save", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_recipe_of_another_model_is_not_saved(
    server: Server, recipe: dict[str, Any]
) -> None:
    for change, code in (
        ({"model": "no-such"}, "model_missing"),
        ({"fingerprint": "0" * 16}, "recipe_model_changed"),
        ({"directions": {"no-such": 1}}, "recipe_direction"),
    ):
        answer = server.post("studio/save", json={"recipe": {**recipe, **change}})
        assert answer.json()["error"]["code"] == code


def test_a_picture_of_a_model_that_is_gone_or_changed_still_reads(
    server: Server, own_models: Path
) -> None:
    recipe = recipe_of(server, "other")
    png = server.post("studio/save", json={"recipe": recipe}).content
    weights = own_models / "other" / "generator.safetensors"
    # The last bytes are the last weight: another model of the same shape.
    weights.write_bytes(weights.read_bytes()[:-2] + b"\x55\x15")
    changed = server.post("studio/read", content=png).json()
    assert changed == {"recipe": recipe, "installed": True, "changed": True}
    shutil.rmtree(own_models / "other")
    gone = server.post("studio/read", content=png).json()
    assert gone == {"recipe": recipe, "installed": False, "changed": False}


# -- without a socket --------------------------------------------------------------


def test_a_page_without_a_socket_gets_its_picture_in_a_call(
    recipe: dict[str, Any],
) -> None:
    kind, _, data = fallback.frame(json.dumps(recipe)).partition(",")
    assert kind == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).format == "JPEG"


@pytest.mark.parametrize(
    "sent", ["", "{", "[]", "x" * 2**20, None, 5, ["x"], '{"format": 2}']
)
def test_a_call_that_goes_wrong_says_why(sent: object) -> None:
    error = json.loads(fallback.frame(sent))["error"]
    assert not error["sentence"].startswith("error.")
    assert len(error["sentence"]) < 400
