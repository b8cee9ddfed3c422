"""How the parts may lean on each other, and how large they may grow."""

import ast
import re
import socket
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("archive", "crawler", "migrations", "pipelines")
CODE = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_the_contracts_between_the_packages_are_kept() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    command = [str(program), "--no-cache", "--config", "pyproject.toml"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    assert re.search(r"[1-9]\d* kept, 0 broken", found.stdout)


def test_no_file_holds_two_ideas() -> None:
    lines = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in CODE + TESTS}
    assert {name: count for name, count in lines.items() if count > 300 and "migrations/versions" not in name} == {}


def test_no_module_needs_another_that_needs_it() -> None:
    """Imports at the top of modules form no circle; graphlib raises CycleError with the circle where they do."""
    modules = {name_of(path): path for path in CODE}
    needs = {name: _imports(path) & modules.keys() - {name} for name, path in modules.items()}
    assert len(list(TopologicalSorter(needs).static_order())) == len(modules)
    assert sum(map(len, needs.values())) > 50


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_every_module_of_the_pure_core_is_under_the_contract_that_keeps_it_pure() -> None:
    """A new module below pipelines is pure unless it is named here as one that reads archive or database."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    contract = re.search(r'name = "cleaning is pure".*?source_modules = \[(.*?)\]', text, re.S)
    assert contract is not None
    pure = set(re.findall(r'"([\w.]+)"', contract[1]))
    names = ("bodies", "deposit", "files", "gaps", "importing", "intake", "novelty", "rebuild", "reclean", "settle")
    more = ("sampling", "stale", "verify", "workers")
    at_the_edges = {"pipelines", *(f"pipelines.{name}" for name in (*names, *more))}
    modules = {name_of(path) for path in CODE if path.parent.name == "pipelines"}
    assert modules - pure - at_the_edges == set()
    paths = {name: ROOT / name.replace(".", "/") for name in pure}
    assert {name for name, path in paths.items() if not (path.is_dir() or path.with_suffix(".py").exists())} == set()


@pytest.mark.parametrize("word", ["datetime.now", "datetime.today", "time.time", "date.today", "random."])
def test_no_pure_module_asks_for_the_time_or_for_chance(word: str) -> None:
    pure = [path for path in CODE if path.parent.name == "pipelines" and path.stem not in ("workers",)]
    pure += [ROOT / "archive" / name for name in ("corrections.py", "editions.py", "records.py", "folding.py")]
    pure += (ROOT / "archive" / "warc").glob("*.py")
    assert [name_of(path) for path in pure if word in path.read_text(encoding="utf-8")] == []


def test_every_module_says_where_it_stands() -> None:
    trees = {name_of(path): ast.parse(path.read_text("utf-8")) for path in CODE if path.stat().st_size}
    assert [name for name, tree in trees.items() if not ast.get_docstring(tree)] == []


def test_no_test_reaches_the_network() -> None:
    with socket.socket() as connection, pytest.raises((RuntimeError, UserWarning), match=r"192\.0\.2\.1"):
        connection.connect(("192.0.2.1", 80))
