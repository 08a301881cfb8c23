"""Rules every module keeps: imports alone, says its purpose, has its twin, stays readable."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "kiosk"
MODULES = sorted(PACKAGE.rglob("*.py"))
CODE = sorted(
    path
    for folder in ("kiosk", "plugins", "tests", "docs", "deploy", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
)
MIGRATIONS = PACKAGE / "storage/migrations"
LONGEST = 450
LONGEST_TEST = 600  # tables of cases are long and still read at one go
# Registries and workplaces have no place in a repository; written so that this file passes too.
FOREIGN = re.compile(r"\.\./" + r"shared|/work" + r"/main|pypi\." + r"org|file" + r":///opt")
IMPORTS = """
import importlib, os, sys, warnings
# The libraries once for all, because they are most of the time and not the subject. numpy without
# its threads, which a fork would lose.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
import aiohttp.web, aiortc, alembic.command, av, azure.ai.voicelive.aio, babel.dates, jinja2, numpy
import azure.identity.aio, pydantic_settings, sqlalchemy.ext.asyncio, stamina, structlog
warnings.simplefilter("error")
for name in sys.argv[1:]:
    # A fork of an interpreter that has imported nothing of ours is as good as a fresh one.
    child = os.fork()
    if child == 0:
        try:
            importlib.import_module(name)
        except BaseException as error:
            print(f"{name}: {type(error).__name__}: {error}", flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.mark.timeout(240)
def test_every_module_imports_alone() -> None:
    """So that no module works only because another one was imported before it.

    `__main__` runs the command when imported, and a migration is run by Alembic only.
    """
    wanted = [
        dotted(path)
        for path in MODULES
        if path.name != "__main__.py" and MIGRATIONS not in path.parents
    ]
    with ThreadPoolExecutor(2) as pool:
        halves = list(pool.map(import_each, (wanted[::2], wanted[1::2])))
    assert "".join(half.stdout for half in halves) == ""
    assert [half.returncode for half in halves] == [0, 0]


def import_each(modules: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORTS, *modules],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=220,
        check=False,
    )


@pytest.mark.parametrize("path", CODE, ids=names(CODE))
def test_it_says_its_purpose_and_stays_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    purpose = ast.get_docstring(tree)
    if tree.body:
        assert purpose, "the first line must say in one sentence what the module is for"
        assert purpose.splitlines()[0].rstrip().endswith((".", ":", "?")), (
            "the first line of the docstring is one whole sentence"
        )
    lines = text.count("\n")
    longest = LONGEST_TEST if ROOT / "tests" in path.parents else LONGEST
    assert lines <= longest, f"{lines} lines; split it by purpose (at most {longest})"
    assert not FOREIGN.search(text), "names a machine, a registry or a workplace"


def test_every_module_has_its_twin() -> None:
    """kiosk/a/b.py is tested by tests/unit/a/test_b.py."""
    exempt = {"__init__.py", "__main__.py"}
    missing = []
    for path in MODULES:
        inside = path.relative_to(PACKAGE)
        # A package that defines things in __init__ is tested under its own name.
        body = ast.parse(path.read_text(encoding="utf-8")).body
        defines = any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in body)
        code = path.name == "__init__.py" and defines
        twin = ROOT / "tests/unit" / inside.with_name(f"test_{inside.name}")
        if code and inside.parent != Path():
            twin = ROOT / "tests/unit" / inside.parent / f"test_{inside.parent.name}.py"
            twin = twin if twin.exists() else twin.parent.with_name(f"test_{inside.parent.name}.py")
        elif path.name in exempt or MIGRATIONS in path.parents:
            continue
        if not twin.exists():
            missing.append(f"{path.relative_to(ROOT)} -> {twin.relative_to(ROOT)}")
    assert missing == []


def test_every_unit_test_has_its_module() -> None:
    """A twin left behind by a module that moved tests nothing anybody looks for."""
    orphans = []
    for path in sorted((ROOT / "tests/unit").rglob("test_*.py")):
        inside = path.relative_to(ROOT / "tests/unit")
        stem = inside.stem.removeprefix("test_")
        module = PACKAGE / inside.parent / f"{stem}.py"
        package = PACKAGE / inside.parent / stem / "__init__.py"
        of_itself = inside.parent.name == stem
        if not (module.exists() or package.exists() or of_itself):
            orphans.append(str(path.relative_to(ROOT)))
    assert orphans == []


def test_every_suppression_says_why() -> None:
    """`noqa` and `type: ignore` stand beside their reason."""
    bare = re.compile(r"#\s*(noqa|type:\s*ignore)(?P<rest>[^\n]*)")
    reason = re.compile(r"[A-Z]+[0-9]+\s+(-|#)\s*\w|\[[a-z-]+(,\s*[a-z-]+)*\]\s+#\s*\w")
    without = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in CODE
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (found := bare.search(line)) and not reason.search(found["rest"])
    ]
    assert without == []
