"""The route that breeds: what it answers, what it refuses, and what it remembers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from servers import Server

PLACE = [0.5] * 16


def breed(server: Server, **body: Any) -> dict[str, Any]:
    answer = server.post("studio/children", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(server: Server, **body: Any) -> str:
    answer = server.post("studio/children", json=body)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert not error["sentence"].startswith("error.")
    return str(error["code"])


def votes_of(answer: dict[str, Any], choice: int) -> list[dict[str, Any]]:
    places = [tile["place"] for tile in answer["children"]]
    best = places.pop(choice)
    return [{"kind": "chosen", "place": best, "over": [answer["place"], *places]}]


def test_a_work_has_eight_children_that_can_be_saved(
    server: Server, recipe: dict[str, Any]
) -> None:
    answer = breed(server, parents=[recipe], seed=1)
    roles = [tile["role"] for tile in answer["children"]]
    assert roles == ["variation"] * 5 + ["exploring"] * 2 + ["wild"]
    for tile in answer["children"][::4]:
        saved = server.post("studio/save", json={"recipe": tile["recipe"]})
        assert saved.status_code == 200
    assert answer["taste"] == {"votes": 0, "sure": 0, "learnt": []}


def test_votes_turn_variations_into_beliefs(
    server: Server, recipe: dict[str, Any]
) -> None:
    first = breed(server, parents=[recipe], seed=1)
    votes = votes_of(first, 2)
    chosen = first["children"][2]["recipe"]
    second = breed(server, parents=[chosen], seed=2, votes=votes)
    roles = [tile["role"] for tile in second["children"]]
    assert roles == ["believed"] * 5 + ["exploring"] * 2 + ["wild"]
    assert second["taste"]["votes"] == 1


def test_the_server_remembers_nothing(server: Server, recipe: dict[str, Any]) -> None:
    before = breed(server, parents=[recipe], seed=5)
    breed(server, parents=[recipe], seed=6, votes=votes_of(before, 0) * 3)
    assert breed(server, parents=[recipe], seed=5) == before


def test_sixty_four_children_in_one_go(server: Server, recipe: dict[str, Any]) -> None:
    assert len(breed(server, parents=[recipe], count=64)["children"]) == 64


def test_sixteen_works_can_be_parents_and_no_more(
    server: Server, recipe: dict[str, Any]
) -> None:
    many = [{**recipe, "source": {"seed": seed}} for seed in range(17)]
    assert len(breed(server, parents=many[:16], count=15)["children"]) == 15
    assert refused(server, parents=many) == "recipe_list"


def test_children_keep_the_patches_of_their_parent(
    server: Server, recipe: dict[str, Any]
) -> None:
    mask = {"h": 1, "w": 2, "data": "/wA="}
    patches = [{"mask": mask, "recipe": {**recipe, "source": {"seed": 3}}}]
    answer = breed(server, parents=[{**recipe, "patches": patches}])
    assert all(child["recipe"]["patches"] == patches for child in answer["children"])


def test_a_work_bred_with_itself_is_offered_a_mate(
    server: Server, recipe: dict[str, Any]
) -> None:
    answer = breed(server, parents=[recipe, recipe])
    assert answer["kinship"] == 1
    assert server.post("studio/save", json={"recipe": answer["mate"]}).is_success
    other = {**recipe, "source": {"seed": 99}}
    assert breed(server, parents=[recipe, other])["mate"] is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"parents": []}, "recipe_list"),
        ({"parents": "x"}, "recipe_list"),
        ({"strength": 2}, "recipe_number"),
        ({"strength": "much"}, "recipe_number"),
        ({"count": 65}, "recipe_integer"),
        ({"count": True}, "recipe_integer"),
        ({"seed": -1}, "recipe_integer"),
        ({"locks": {"colour": True}}, "recipe_unknown_field"),
        ({"locks": {"detail": "yes"}}, "children_lock"),
        ({"locks": {"composition": True, "detail": True}}, "children_locked"),
        ({"locks": {"directions": ["no-such"]}}, "recipe_direction"),
        ({"locks": {"properties": ["charm"]}}, "children_property"),
        ({"votes": [{"kind": "seven stars", "place": PLACE}]}, "children_vote"),
        ({"votes": [{"kind": "liked", "place": [1e9] * 16}]}, "recipe_number"),
        ({"votes": [{"kind": "liked", "place": [0, 0]}]}, "children_foreign"),
        (
            {"votes": [{"kind": "chosen", "place": PLACE, "over": [[1]]}]},
            "children_vote",
        ),
        ({"votes": [{"kind": "liked", "place": [None] * 16}]}, "recipe_number"),
        ({"descent": {"form": [1]}}, "recipe_integer"),
        ({"descent": {"colour": [0]}}, "recipe_unknown_field"),
        ({"wishes": 3}, "recipe_unknown_field"),
    ],
)
def test_what_cannot_be_bred_is_told(
    server: Server, recipe: dict[str, Any], change: dict[str, Any], code: str
) -> None:
    assert refused(server, **{"parents": [recipe], **change}) == code


def test_works_of_different_models_cannot_be_bred(
    server: Server, recipe: dict[str, Any]
) -> None:
    other = {**recipe, "fingerprint": "0" * 16}
    assert refused(server, parents=[recipe, other]) == "children_models"
    assert refused(server, parents=[other]) == "recipe_model_changed"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b'{"parents": NaN}'])
def test_what_is_no_request_is_refused(server: Server, body: bytes) -> None:
    assert server.post("studio/children", content=body).status_code == 400


def test_contradictions_and_dislikes_alone_still_give_a_grid(
    server: Server, recipe: dict[str, Any]
) -> None:
    both = [{"kind": kind, "place": PLACE} for kind in ("liked", "disliked")] * 30
    assert breed(server, parents=[recipe], votes=both)["children"]
    hated = [{"kind": "disliked", "place": PLACE}] * 200
    assert breed(server, parents=[recipe], votes=hated)["children"]


def test_a_branch_that_goes_round_in_circles_is_offered_a_mate(
    server: Server, recipe: dict[str, Any]
) -> None:
    same = [{"kind": "chosen", "place": PLACE, "over": []}] * 6
    assert breed(server, parents=[recipe], votes=same)["mate"] is not None
    assert breed(server, parents=[recipe], votes=same[:5])["mate"] is None


def test_a_request_that_is_too_large_is_refused(server: Server) -> None:
    body = json.dumps({"parents": "x" * 600_000})
    answer = server.post("studio/children", content=body)
    assert answer.json()["error"]["code"] == "body_too_large"
