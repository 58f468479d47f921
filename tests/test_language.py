"""Every sentence exists in every language, with the same holes to fill."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio import errors
from studio.language import FOLDER, LANGUAGES, person_language, say, table

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [ROOT / "app.py", *sorted((ROOT / "studio").rglob("*.py"))]
SCRIPTS = sorted((ROOT / "studio" / "ui").rglob("*.js"))
CLASSES = {name for name, kind in vars(errors).items() if isinstance(kind, type)}


def holes(sentence: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", sentence))


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in the source that is given a text first, with its place."""
    for path in SOURCES:
        if not path.is_file():
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and is_text(node.args[0]):
                yield f"{path.name}:{node.lineno}", node


def name_of(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def code_uses() -> Iterator[tuple[str, str, ast.Call]]:
    """(place, key, call) of every error that the source can raise."""
    for place, call in calls():
        if name_of(call) in CLASSES:
            code = call.args[0].value  # type: ignore[attr-defined]
            yield place, f"error.{code.removeprefix('error.')}", call


def test_all_languages_have_the_same_sentences() -> None:
    english = table("en")
    for language in LANGUAGES:
        assert table(language).keys() == english.keys()
        for key, sentence in table(language).items():
            assert sentence.strip(), key
            assert holes(sentence) == holes(english[key]), key


def test_the_files_are_sorted_and_spell_no_key_twice() -> None:
    for language in LANGUAGES:
        text = (FOLDER / f"{language}.json").read_text(encoding="utf-8")
        keys = re.findall(r'^\s*"([^"]+)":', text, re.MULTILINE)
        assert keys == sorted(set(keys))


def test_every_error_in_the_source_has_its_sentence() -> None:
    uses = list(code_uses())
    assert len(uses) > 30
    missing = [f"{place}: {key}" for place, key, _ in uses if key not in table("en")]
    assert not missing, "\n".join(missing)


def test_every_error_fills_its_sentence() -> None:
    wrong = []
    for place, key, call in code_uses():
        given = {keyword.arg for keyword in call.keywords}
        if None not in given and holes(table("en").get(key, "")) - given:
            wrong.append(f"{place}: {key} is given only {sorted(map(str, given))}")
    assert not wrong, "\n".join(wrong)


def test_every_other_sentence_in_the_source_exists() -> None:
    wrong = []
    for place, call in calls():
        if getattr(call.func, "id", "") in ("say", "text"):
            key = call.args[0].value  # type: ignore[attr-defined]
            if key not in table("en"):
                wrong.append(f"{place}: {key}")
    assert not wrong, "\n".join(wrong)


def test_every_sentence_that_the_page_names_exists() -> None:
    wrong = []
    for path in SCRIPTS:
        text = path.read_text(encoding="utf-8")
        for key in re.findall(r"""["'`]((?:ui|error)\.[a-z0-9_.]+)["'`]""", text):
            if key not in table("en"):
                wrong.append(f"{path.name}: {key}")
    assert not wrong, "\n".join(wrong)


def test_chinese_is_chinese() -> None:
    same = [key for key, words in table("zh").items() if words == table("en")[key]]
    # A bare placeholder, a symbol or a name reads the same in both.
    assert all(
        not re.search(r"[a-z]{4}", re.sub(r"\{\w+\}|Reverie", "", table("en")[k]))
        for k in same
    ), same


def test_a_sentence_is_said_in_the_language_asked_for() -> None:
    assert "seed" in say("error.seed_range", value="x", high=1)
    assert "种子" in say("error.seed_range", "zh", value="x", high=1)
    assert say("error.seed_range", "xx", value="x", high=1) == say(
        "error.seed_range", value="x", high=1
    )


def test_braces_in_a_value_are_left_alone() -> None:
    assert "“{high}”" in say("error.seed_range", value="{high}", high=1)


def test_a_missing_key_or_parameter_is_no_second_problem() -> None:
    assert say("error.nowhere") == "error.nowhere"
    assert "{value}" in say("error.seed_range", high=1)


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "STUDIO_LANGUAGE": "en"}, "en"),
        ({"LANG": "en_GB.UTF-8", "STUDIO_LANGUAGE": "zh"}, "zh"),
    ],
)
def test_the_language_of_the_person(
    variables: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("STUDIO_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert person_language() == language
