"""The shape of the house, read from the source: who may import whom, what is light, how long things grow."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import repair

PACKAGE = Path(repair.__file__).parent
ORDER = (
    "errors records edits text config lm scoring detectors parallel rewrite pipeline archive api review cli"
).split()
"""Every room, in the one order of the house: a room imports from itself and from rooms before it."""

OPEN_TO_ALL = {"__init__"}
"""`from repair import __version__` is no way around the order: the package's front holds names of all rooms."""

HEAVY = ("torch", "transformers", "datasets", "pyarrow")

MODULE_LINES = 400
FUNCTION_LINES = 60
LONG_FUNCTIONS: dict[str, str] = {}
"""`module:function` -> why it may be longer. An entry that is no longer needed fails."""

MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "_models" not in path.parts)


def name_of(path: Path) -> str:
    return ".".join(("repair", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(tree: ast.AST, module: str) -> Iterator[str]:
    """Full names of the modules that a tree imports, wherever in it, relative imports resolved."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative imports hide the room they reach"
            if node.module == "repair":
                yield from (f"repair.{a.name}" if a.name in ORDER else "repair" for a in node.names)
            else:
                yield node.module or ""


def out_of_order(module: str, names: Iterator[str]) -> list[str]:
    """The rooms among `names` that `module` may not import from."""
    own = room_of(module)
    if own not in ORDER:
        return []
    reached = {room_of(name) for name in names if name == "repair" or name.startswith("repair.")} - OPEN_TO_ALL
    return sorted(room for room in reached if ORDER.index(room) > ORDER.index(own))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_to_rooms_before(path: Path) -> None:
    module = name_of(path)
    assert out_of_order(module, imported(parse(path), module)) == []


def test_the_order_would_catch_a_step_back() -> None:
    tree = ast.parse("def late():\n    from repair.cli import main\n    from repair import archive, __version__\n")
    assert out_of_order("repair.text.codec", imported(tree, "repair.text.codec")) == ["archive", "cli"]


def test_every_room_has_its_place() -> None:
    rooms = {room_of(name_of(path)) for path in MODULES} - {"__init__", "__main__"}
    assert rooms <= set(ORDER), "a room that ORDER does not know"
    assert set(ORDER) <= rooms, "ORDER names a room that is not there"


def test_the_map_in_the_package_docstring_is_true() -> None:
    assert re.findall(r"^    (\w+)  +\S", repair.__doc__ or "", flags=re.MULTILINE) == ORDER


@pytest.mark.parametrize("room", ["errors", "records", "edits"])
def test_the_ground_floor_needs_the_standard_library_alone(room: str) -> None:
    module, tree = f"repair.{room}", parse(PACKAGE / f"{room}.py")
    at_import = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {name.split(".")[0] for node in at_import for name in imported(node, module)}
    assert names <= sys.stdlib_module_names | {"repair"}
    # Whoever holds token scores has numpy; what only a type checker reads is no import.
    later = {name.split(".")[0] for name in imported(tree, module)} - names
    assert later <= sys.stdlib_module_names | ({"numpy"} if room == "records" else set())


@pytest.mark.parametrize("code", ["import repair", "import repair.cli"])
def test_nothing_heavy_is_loaded_at_import(code: str) -> None:
    program = f"import sys; {code}; print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, [], "")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MODULE_LINES


def long_functions() -> dict[str, int]:
    """`module:function` -> its lines, for each that is longer than FUNCTION_LINES, docstring not counted."""
    found = {}
    for path in MODULES:
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if isinstance(node.body[0], ast.Expr) and ast.get_docstring(node) is not None:
                    lines -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
                if lines > FUNCTION_LINES:
                    found[f"{name_of(path)}:{node.name}"] = lines
    return found


def test_functions_stay_short() -> None:
    assert sorted(long_functions()) == sorted(LONG_FUNCTIONS)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_each_module_says_what_it_is(path: Path) -> None:
    assert len((ast.get_docstring(parse(path)) or "").split()) >= 3
