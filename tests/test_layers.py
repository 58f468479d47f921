"""The house rules that a machine can read: layers, sizes, names, paths."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STUDIO = ROOT / "studio"

# Bottom first: a room may import itself and the rooms of the rows above it here.
ROWS = (
    ("__init__",),
    ("language",),
    ("errors",),
    ("paths",),
    ("recipe_fields", "config"),
    ("recipe_parts",),
    ("recipe", "seeds", "direction"),
    ("residual",),
    ("networks",),
    ("checkpoint", "model_card"),
    ("model",),
    ("evaluation",),
    ("latent", "export"),
    ("filming",),
    ("filmed",),
    ("training",),
    ("server",),
    ("ui",),
    ("cli",),
    ("__main__",),
)
GRADIO_ROOMS = {"server", "ui"}
FILE_LINES = 400
FUNCTION_LINES = 60


def tracked(*patterns: str) -> list[Path]:
    """Files that git tracks and that are still there."""
    command = ["git", "ls-files", "-z", "--", *patterns]
    try:
        listing = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    names = listing.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def module_name(path: Path) -> str:
    """`studio/cli/works.py` is `studio.cli.works`; `__init__` is its package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(STUDIO.rglob("*.py"))}


def room(module: str) -> str:
    """The first name under `studio`; the package's own file is `__init__`."""
    return module.split(".")[1] if "." in module else "__init__"


def absolute(node: ast.ImportFrom, path: Path) -> str:
    """The full name that `from x import y` reads from, relative or not."""
    if not node.level:
        return node.module or ""
    package = list(path.relative_to(ROOT).parts[: -node.level])
    return ".".join([*package, *(node.module or "").split(".")]).rstrip(".")


def named(node: ast.AST, path: Path) -> Iterator[str]:
    """Every module that one import statement reads."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = absolute(node, path)
        for alias in node.names:
            inner = f"{base}.{alias.name}"
            yield inner if inner in MODULES else base


def typing_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def statements(tree: ast.AST, *, lazy: bool) -> Iterator[ast.AST]:
    """Statements that run; with `lazy`, also those inside functions."""
    for node in ast.iter_child_nodes(tree):
        if typing_only(node):
            continue
        inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if lazy or not inside:
            yield node
            yield from statements(node, lazy=lazy)


def imports(path: Path, *, lazy: bool = True) -> set[str]:
    found = statements(parse(path), lazy=lazy)
    return {name for node in found for name in named(node, path)}


def packages(module: str) -> Iterator[str]:
    """A module and the packages around it, all of which its import runs."""
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        yield ".".join(parts[:length])


def started_by(module: str) -> set[str]:
    """Everything that importing `module` brings in before a function is called."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        for name in packages(waiting.pop()):
            if name not in seen:
                seen.add(name)
                if name in MODULES:
                    waiting += imports(MODULES[name], lazy=False)
    return seen


def row(module: str) -> int:
    for index, rooms in enumerate(ROWS):
        if room(module) in rooms:
            return index
    raise AssertionError(f"{module}: give this room its row in tests/test_layers.py")


def edges() -> Iterator[tuple[str, str]]:
    """Every import, lazy ones too, between two of the studio's own modules."""
    for module, path in MODULES.items():
        for target in imports(path):
            if target in MODULES and target != module:
                yield module, target


def tops(modules: set[str]) -> set[str]:
    return {name.split(".")[0] for name in modules}


def test_there_is_something_to_check() -> None:
    assert {"studio.recipe", "studio.errors"} <= MODULES.keys()
    assert any(True for _ in edges())


def test_arrows_point_one_way() -> None:
    wrong = [
        f"{source} imports {target}"
        for source, target in edges()
        if row(target) > row(source)
        or (row(target) == row(source) and room(target) != room(source))
    ]
    assert not wrong, "\n".join(wrong)


def test_no_two_modules_import_each_other() -> None:
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for source, target in edges():
        graph[source].add(target)
    while leaves := {module for module, below in graph.items() if not below}:
        graph = {m: below - leaves for m, below in graph.items() if m not in leaves}
    assert not graph, f"a circle of imports among {sorted(graph)}"


def test_only_the_page_and_the_server_know_gradio() -> None:
    wrong = [
        module
        for module, path in MODULES.items()
        if "gradio" in tops(imports(path)) and room(module) not in GRADIO_ROOMS
    ]
    assert not wrong, f"gradio imported by {wrong}"


def test_the_page_never_imports_torch() -> None:
    wrong = [
        module
        for module, path in MODULES.items()
        if room(module) == "ui" and "torch" in tops(imports(path))
    ]
    assert not wrong, f"torch imported by {wrong}"


def test_networks_know_nothing_but_torch() -> None:
    for module, path in MODULES.items():
        if room(module) == "networks":
            own = {name for name in imports(path) if name in MODULES}
            assert {room(name) for name in own} <= {"networks"}, module


@pytest.mark.parametrize(
    "entry", ["studio.__main__", "studio.cli", "studio.recipe", "studio.checkpoint"]
)
def test_plain_reads_start_without_torch_or_gradio(entry: str) -> None:
    heavy = tops(started_by(entry)) & {"torch", "gradio"}
    assert not heavy, f"importing {entry} brings in {heavy}"


def source_files() -> list[Path]:
    return tracked("*.py", "studio/*.js", "studio/*.css")


def test_no_file_is_over_four_hundred_lines() -> None:
    lengths = {
        path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines())
        for path in source_files()
    }
    long = {str(path): lines for path, lines in lengths.items() if lines > FILE_LINES}
    assert not long, long


def test_no_function_is_over_sixty_lines() -> None:
    wrong = []
    for path in tracked("*.py"):
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    wrong.append(f"{path.relative_to(ROOT)}:{node.name}: {lines} lines")
    assert not wrong, "\n".join(wrong)


def public_functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Functions, and methods of classes, whose names are public."""
    for node in tree.body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        for function in inside:
            if isinstance(function, ast.FunctionDef) and function.name[0] != "_":
                yield function


def untyped(function: ast.FunctionDef) -> list[str]:
    """Names of the arguments, or `return`, that carry no type."""
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    bare = [a.arg for a in arguments if not a.annotation]
    returns = [] if function.returns else ["return"]
    return [name for name in bare if name not in ("self", "cls")] + returns


def test_public_functions_are_typed() -> None:
    wrong = [
        f"{module}.{function.name}: {untyped(function)}"
        for module, path in MODULES.items()
        for function in public_functions(parse(path))
        if untyped(function)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_room_is_called_utils() -> None:
    vague = {"utils.py", "util.py", "helpers.py", "misc.py", "common.py"}
    assert not [path for path in tracked("*.py") if path.name in vague]


MACHINE_PATH = re.compile(r"(?<![\w.~])/(?:work|farm|root|home|tmp)(?:/|\b)")


def test_no_tracked_file_names_a_machine_path() -> None:
    wrong = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" in content:
            continue
        for number, line in enumerate(content.decode("utf-8").splitlines(), 1):
            if MACHINE_PATH.search(line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert not wrong, "\n".join(wrong)


def test_no_weights_are_pickles_and_no_file_is_over_ten_megabytes() -> None:
    pickled = {".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".npy"}
    for path in tracked():
        assert path.suffix not in pickled, path
        assert path.stat().st_size <= 10 * 2**20, path
