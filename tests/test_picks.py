"""A ZIP and a contact sheet of what somebody picked."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from PIL import Image
from servers import Server

from studio.export.work import read_work
from studio.server import picks as packing
from studio.server.picks import LIMIT, WORKS


def works(recipe: dict[str, Any], *seeds: int) -> list[dict[str, Any]]:
    return [
        {"number": number, "recipe": {**recipe, "source": {"seed": seed}}}
        for number, seed in enumerate(seeds, 1)
    ]


def test_a_zip_holds_every_work_with_its_recipe_inside(
    server: Server, recipe: dict[str, Any]
) -> None:
    asked = works(recipe, 7, 7, 9)
    answer = server.post("studio/picks/zip", json={"works": asked})
    assert answer.headers["content-type"] == "application/zip"
    assert "tiny-picks.zip" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        files = [archive.read(name) for name in names]
    assert names == ["01-tiny-7.png", "02-tiny-7.png", "03-tiny-9.png"]
    recipes = [read_work(file).recipe.to_dict() for file in files]
    assert recipes == [work["recipe"] for work in asked]
    single = server.post("studio/save", json={"recipe": asked[2]["recipe"]})
    assert files[2] == single.content


def test_a_zip_takes_the_format_and_the_name_that_files_carry(
    server: Server, recipe: dict[str, Any]
) -> None:
    how = {"form": {"kind": "WEBP"}, "credit": {"creator": "Ana", "rights": "CC0"}}
    asked = {"works": works(recipe, 7), **how}
    answer = server.post("studio/picks/zip", json=asked)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["01-tiny-7.webp"]
        work = read_work(archive.read("01-tiny-7.webp"))
    assert work.recipe.to_dict() == {**recipe, "source": {"seed": 7}}
    assert work.marks["dc:creator"] == "Ana" and work.marks["dc:rights"] == "CC0"
    sheet = server.post("studio/picks/sheet", json=asked)
    with Image.open(io.BytesIO(sheet.content)) as picture:
        assert picture.text["Author"] == "Ana"  # type: ignore[attr-defined]
    large = {**asked, "form": {"kind": "PNG", "scale": 4}}
    answer = server.post("studio/picks/zip", json=large)
    assert answer.json()["error"]["code"] == "picks_print"


def test_names_in_a_zip_never_leave_its_folder(
    server: Server, recipe: dict[str, Any]
) -> None:
    with_w = server.post("studio/children", json={"parents": [recipe], "count": 1})
    child = with_w.json()["children"][0]["recipe"]
    asked = [{"number": 64, "recipe": child}]
    answer = server.post("studio/picks/zip", json={"works": asked})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["64-tiny.png"]


def test_a_contact_sheet_shows_all_works_and_says_how_they_were_made(
    server: Server, recipe: dict[str, Any]
) -> None:
    asked = works(recipe, *range(9))
    answer = server.post("studio/picks/sheet", json={"works": asked})
    assert answer.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(answer.content)) as sheet:
        texts = sheet.text  # type: ignore[attr-defined]
        assert texts["Comment"] == "made with AI"
        assert "trainedAlgorithmicMedia" in texts["XML:com.adobe.xmp"]
        assert len(set(sheet.resize((64, 64)).convert("L").tobytes())) > 30
    again = server.post("studio/picks/sheet", json={"works": asked})
    assert again.content == answer.content


def test_works_of_two_models_have_no_sheet_together(
    server: Server, recipe: dict[str, Any]
) -> None:
    asked = works(recipe, 1, 2)
    asked[1]["recipe"]["fingerprint"] = "0" * 16
    answer = server.post("studio/picks/sheet", json={"works": asked})
    assert answer.json()["error"]["code"] == "picks_models"


@pytest.mark.parametrize("path", ["studio/picks/zip", "studio/picks/sheet"])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"works": []}, "recipe_list"),
        ({"works": [{"number": 1}] * (WORKS + 1)}, "recipe_list"),
        ({"works": [{"number": 1}]}, "recipe_missing_field"),
        ({"works": [{"number": 0, "recipe": {}}]}, "recipe_integer"),
        ({"pictures": []}, "recipe_unknown_field"),
    ],
)
def test_what_is_no_list_of_works_is_told(
    server: Server, path: str, change: dict[str, Any], code: str
) -> None:
    assert server.post(path, json=change).json()["error"]["code"] == code


def test_a_number_counts_once_and_an_unknown_model_is_told_before_anything_is_sent(
    server: Server, recipe: dict[str, Any]
) -> None:
    twice = works(recipe, 1, 2)
    twice[1]["number"] = 1
    answer = server.post("studio/picks/zip", json={"works": twice})
    assert answer.json()["error"]["code"] == "recipe_twice"
    strange = works({**recipe, "model": "nowhere"}, 1)
    answer = server.post("studio/picks/zip", json={"works": strange})
    assert answer.json()["error"]["code"] == "model_missing"


def test_a_zip_that_breaks_off_is_no_whole_one(
    server: Server, recipe: dict[str, Any]
) -> None:
    import httpx

    asked = works(recipe, 1, 2)
    asked[1]["recipe"]["fingerprint"] = "0" * 16
    with pytest.raises(httpx.HTTPError):
        server.post("studio/picks/zip", json={"works": asked})


def test_too_many_zips_at_once_are_refused_and_places_come_back(
    server: Server, recipe: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"works": works(recipe, 1)}
    monkeypatch.setattr(packing, "ZIPS", 0)
    answer = server.post("studio/picks/zip", json=asked)
    assert answer.json()["error"]["code"] == "busy"
    monkeypatch.setattr(packing, "ZIPS", 1)
    for _ in range(3):
        assert server.post("studio/picks/zip", json=asked).is_success


def test_a_list_that_is_too_large_is_refused(server: Server) -> None:
    body = json.dumps({"works": "x" * (LIMIT + 1)})
    answer = server.post("studio/picks/zip", content=body)
    assert answer.json()["error"]["code"] == "body_too_large"
