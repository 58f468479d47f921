"""The live socket of a real server, with friendly, slow and hostile people."""

from __future__ import annotations

import io
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from servers import Server, receive, send, serving
from websockets.exceptions import ConnectionClosed, InvalidStatus

from studio.server.wishes import MESSAGE_LIMIT


@pytest.fixture
def card(server: Server, tiny_checkpoint: Path) -> dict[str, Any]:
    return server.get(f"studio/models/{tiny_checkpoint.name}").json()


def picture(jpeg: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(jpeg))
    image.load()
    return image


def test_a_recipe_becomes_a_picture(
    server: Server, card: dict[str, Any], recipe: dict[str, Any]
) -> None:
    with server.socket() as client:
        send(client, 2**32 - 1, recipe)
        answer = receive(client)
    assert (answer.identity, answer.kind) == (2**32 - 1, 0)
    height, width = card["resolution"]
    assert picture(answer.jpeg).format == "JPEG"
    assert picture(answer.jpeg).size == (width, height)


def test_another_seed_is_another_picture(
    server: Server, recipe: dict[str, Any]
) -> None:
    jpegs = []
    with server.socket() as client:
        for seed in (7, 8, 7):
            send(client, 1, {**recipe, "source": {"seed": seed}})
            jpegs.append(receive(client).jpeg)
    assert jpegs[0] == jpegs[2] != jpegs[1]


def test_a_hand_that_rests_gets_the_size_of_its_canvas(
    server: Server, recipe: dict[str, Any]
) -> None:
    with server.socket() as client:
        send(client, 3, recipe, kind="settled", size=[90, 120])
        answer = receive(client)
        assert (answer.identity, answer.kind) == (3, 1)
        assert picture(answer.jpeg).size == (120, 90)
        send(client, 4, {**recipe, "size": [64, 64]}, kind="settled")
        assert receive(client).identity == 4


HOSTILE: dict[str, tuple[str | bytes, str]] = {
    "binary": (b"\x00\x01", "message_binary"),
    "empty": ("", "recipe_not_json_at"),
    "half": ('{"id": 1', "recipe_not_json_at"),
    "deep": ("[" * 20_000, "recipe_not_json"),
    "digits": ('{"id": ' + "1" * 20_000 + "}", "recipe_not_json"),
    "null": ("null", "message_malformed"),
    "list": ("[1, 2]", "message_malformed"),
    "no number": ("{}", "message_malformed"),
    "NaN": ('{"id": 1, "recipe": NaN}', "recipe_not_finite"),
    "one byte too long": (" " * (MESSAGE_LIMIT + 1), "message_too_large"),
    "a megabyte": ("x" * 2**20, "message_too_large"),
    "wide letters": ("画" * (MESSAGE_LIMIT // 2), "message_too_large"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_message_gets_one_sentence_and_the_socket_stays(
    server: Server, recipe: dict[str, Any], name: str
) -> None:
    message, code = HOSTILE[name]
    with server.socket() as client:
        client.send(message)
        answer = receive(client)
        assert answer.error["code"] == code
        assert 0 < len(answer.error["sentence"]) < 400
        assert not answer.error["sentence"].startswith("error.")
        send(client, 2, recipe)
        assert receive(client).jpeg


@pytest.mark.parametrize("number", [-1, 2**32, 1.5, True, "1", None, [1]])
def test_a_number_that_does_not_fit_four_bytes_is_refused(
    server: Server, recipe: dict[str, Any], number: object
) -> None:
    with server.socket() as client:
        client.send(json.dumps({"id": number, "recipe": recipe}))
        assert receive(client).error["code"] == "message_malformed"


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no recipe": ({"recipe": None}, "recipe_object"),
    "kind": ({"kind": "x" * 1000}, "message_kind"),
    "kind of another type": ({"kind": ["live"]}, "message_kind"),
    "size of one": ({"size": [64]}, "message_size"),
    "size of nothing": ({"size": [0, 64]}, "message_size"),
    "size of everything": ({"size": [10**9, 10**9]}, "message_size"),
    "size in halves": ({"size": [64.5, 64]}, "message_size"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_wish_is_answered_by_its_number(
    server: Server, recipe: dict[str, Any], name: str
) -> None:
    change, code = WRONG[name]
    with server.socket() as client:
        client.send(json.dumps({"id": 9, "recipe": recipe, **change}))
        answer = receive(client)
    assert (answer.identity, answer.error["code"]) == (9, code)


WRONG_RECIPES: dict[str, tuple[dict[str, Any], str]] = {
    "newer": ({"format": 2}, "recipe_newer"),
    "model": ({"model": "no-such"}, "model_missing"),
    "path": ({"model": "../tiny"}, ""),
    "changed": ({"fingerprint": "0" * 16}, "recipe_model_changed"),
    "direction": ({"directions": {"no-such": 1}}, "recipe_direction"),
    "infinite": ({"variety": 1e308}, "recipe_number"),
    "w": ({"source": {"w": [[0.0]]}}, "recipe_style"),
    "seed": ({"source": {"seed": 2**32}}, "seed_range"),
}


@pytest.mark.parametrize("name", WRONG_RECIPES)
@pytest.mark.parametrize("kind", ["live", "settled"])
def test_a_wrong_recipe_is_answered_by_its_number(
    server: Server, recipe: dict[str, Any], name: str, kind: str
) -> None:
    change, code = WRONG_RECIPES[name]
    with server.socket() as client:
        send(client, 9, {**recipe, **change}, kind=kind)
        answer = receive(client)
        assert answer.identity == 9
        assert answer.error["code"] == (code or answer.error["code"])
        send(client, 10, recipe)
        assert receive(client).jpeg


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_page_from_elsewhere_gets_no_socket(server: Server, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        server.socket(origin=origin)
    response = refusal.value.response
    assert response.status_code == 403
    assert "may not use this studio" in json.loads(response.body)["error"]["sentence"]


def test_the_studios_own_page_gets_a_socket(
    server: Server, recipe: dict[str, Any]
) -> None:
    with server.socket(origin=server.address.rstrip("/")) as client:
        send(client, 1, recipe)
        assert receive(client).jpeg


def test_a_flood_is_slowed_and_nobody_else_notices(
    server: Server, recipe: dict[str, Any]
) -> None:
    with server.socket() as flood, server.socket() as other:
        stop = threading.Event()

        def pour() -> None:
            for number in range(3000):
                send(flood, number, recipe)
            stop.set()

        pouring = threading.Thread(target=pour)
        pouring.start()
        served = 0
        while not stop.is_set() or served == 0:
            send(other, served, recipe)
            assert receive(other).identity == served
            served += 1
        pouring.join()
        answers = drain(flood)
        codes = [answer.error["code"] for answer in answers if answer.error]
        assert set(codes) == {"too_fast"}
        assert any(answer.jpeg for answer in answers)
        # The flood's own socket still works once it has calmed down.
        time.sleep(0.2)
        send(flood, 5000, recipe)
        while receive(flood).identity != 5000:  # what was late on a busy machine
            pass


def drain(client: Any) -> list[Any]:
    """Everything that is on its way, until nothing comes for a moment."""
    found = []
    try:
        while True:
            found.append(receive(client, timeout=1))
    except TimeoutError:
        return found


def test_eight_people_are_served_alike(server: Server, recipe: dict[str, Any]) -> None:
    served = [0] * 8
    together = threading.Barrier(len(served))
    done = threading.Event()

    def drag(index: int) -> None:
        with server.socket() as client:
            together.wait(120)
            while not done.is_set():
                send(client, served[index], recipe)
                assert receive(client).identity == served[index]
                served[index] += 1
                if served[index] == 60:
                    done.set()

    people = [threading.Thread(target=drag, args=(i,)) for i in range(len(served))]
    for person in people:
        person.start()
    for person in people:
        person.join(300)
    assert max(served) <= 3 * min(served), served


def test_who_leaves_amid_a_picture_troubles_nobody(
    server: Server, recipe: dict[str, Any]
) -> None:
    for _ in range(5):
        with server.socket() as client:
            send(client, 1, recipe, kind="settled", size=[1024, 1024])
    with server.socket() as client:
        send(client, 1, recipe)
        assert receive(client).jpeg


def test_signing_out_ends_the_socket(tiny_checkpoint: Path) -> None:
    with serving(("ada", "secret")) as server:
        with pytest.raises(InvalidStatus):
            server.socket()
        server.sign_in("ada", "wrong")
        with pytest.raises(InvalidStatus):
            server.socket()
        server.sign_in("ada", "secret")
        card = server.get(f"studio/models/{tiny_checkpoint.name}").json()
        known = {"model": card["name"], "fingerprint": card["fingerprint"]}
        recipe = {"format": 1, **known, "source": {"seed": 7}}
        with server.socket() as client:
            send(client, 1, recipe)
            assert receive(client).jpeg
            server.get("logout")
            send(client, 2, recipe)
            with pytest.raises(ConnectionClosed):
                receive(client)
