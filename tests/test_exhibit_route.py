"""The page of an exhibition, as the browser asks for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from servers import Server

from studio.server.exhibiting import LIMIT


def work(recipe: dict[str, Any] | None, **changes: Any) -> dict[str, Any]:
    titles = {"en": "Dusk <b>", "zh": ""}
    texts = {"en": ["One.", "Two."], "zh": ["一。"]}
    piece = {"kind": "picture", "suffix": ".png", "titles": titles, "texts": texts}
    return {**piece, "size": [64, 64], "recipe": recipe, **changes}


def film(**changes: Any) -> dict[str, Any]:
    return {"kind": "film", "suffix": ".mp4", "titles": {"en": "Walk"}, **changes}


def test_a_page_is_set_from_pieces_and_words(
    server: Server, recipe: dict[str, Any]
) -> None:
    pieces = [work(recipe), film(), work(None, kind="moving", suffix=".webp")]
    asked = {"title": "展 & <i>", "artist": "Ana", "language": "zh", "pieces": pieces}
    answer = server.post("studio/exhibit", json=asked).json()
    assert answer["works"] == [
        "works/01-tiny.png",
        "works/02-film.mp4",
        "works/03-moving.webp",
    ]
    assert answer["stills"] == [None, None, "works/03-moving-still.webp"]
    page = answer["files"]["index.html"]
    assert "展 &amp; &lt;i&gt;" in page and "Dusk &lt;b&gt;" in page
    assert '<p lang="en">Two.</p>' in page and "模型“Tiny" in page
    data = json.loads(answer["files"]["exhibit.json"])
    assert data["works"][0]["recipe"] == recipe and data["language"] == "zh"


def test_a_work_of_a_model_that_is_gone_is_known_by_its_name(
    server: Server, recipe: dict[str, Any]
) -> None:
    asked = {"pieces": [work({**recipe, "model": "gone"})]}
    page = server.post("studio/exhibit", json=asked).json()["files"]["index.html"]
    assert "“gone”" in page


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"pieces": []}, "exhibit_empty"),
        ({"pieces": {}}, "exhibit_empty"),
        ({"pieces": [film()] * 501}, "exhibit_many"),
        ({"pieces": [film(kind="sound")]}, "form_kind"),
        ({"pieces": [film(suffix=".png")]}, "form_kind"),
        ({"pieces": [film(suffix="/../x.mp4")]}, "form_kind"),
        ({"pieces": [film(kind=[])]}, "form_kind"),
        ({"pieces": [film(size=[0, 9])]}, "recipe_integer"),
        ({"pieces": [film(titles={"fr": "x"})]}, "recipe_unknown_field"),
        ({"pieces": [film(texts={"en": ["x" * 3001]})]}, "recipe_text"),
        ({"pieces": [film(recipe={"seed": 1})]}, "recipe_no_format"),
        ({"pieces": [film()], "title": "x" * 201}, "recipe_text"),
        ({"pieces": [film()], "language": "fr"}, "exhibit_language"),
        ({"pieces": [film()], "language": []}, "exhibit_language"),
        ({}, "recipe_missing_field"),
        ([], "recipe_object"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_hung_is_told(server: Server, asked: Any, code: str) -> None:
    error = server.post("studio/exhibit", json=asked).json()["error"]
    assert error["code"] == code


def test_five_hundred_pieces_are_set(server: Server, recipe: dict[str, Any]) -> None:
    answer = server.post("studio/exhibit", json={"pieces": [work(recipe)] * 500})
    assert answer.json()["works"][-1] == "works/500-tiny.png"


def test_a_request_that_is_too_large_is_refused(server: Server) -> None:
    answer = server.post("studio/exhibit", content="x" * (LIMIT + 1))
    assert answer.json()["error"]["code"] == "body_too_large"
