"""Rules every module keeps: no circular imports, a purpose, a twin among the tests, readable."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "kiosk"
MODULES = sorted(PACKAGE.rglob("*.py"))
CODE = sorted(
    path
    for folder in ("kiosk", "plugins", "tests", "docs", "deploy", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
    if "node_modules" not in path.parts
)
MIGRATIONS = PACKAGE / "storage/migrations"
LONGEST = 450
LONGEST_TEST = 600  # tables of cases are long and still read at one go
# Registries and workplaces have no place in a repository; written so that this file passes too.
FOREIGN = re.compile(r"\.\./" + r"shared|/work" + r"/main|pypi\." + r"org|file" + r":///opt")


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def statements(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports that happen when a module is imported."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If):
            if "TYPE_CHECKING" not in ast.unparse(node.test):
                yield from statements(node.body)
            yield from statements(node.orelse)
        elif isinstance(node, ast.Try):
            handlers = [handler.body for handler in node.handlers]
            for part in (node.body, node.orelse, node.finalbody, *handlers):
                yield from statements(part)
        elif isinstance(node, ast.With | ast.ClassDef):
            yield from statements(node.body)


def needs(me: str, path: Path, known: frozenset[str]) -> set[str]:
    """Return the modules of ours that are imported before `me` is there."""
    found = set()
    for node in statements(ast.parse(path.read_text(encoding="utf-8")).body):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        else:
            base = node.module or ""
            inner = [f"{base}.{alias.name}" for alias in node.names]
            targets = [name if name in known else base for name in inner]
        for target in targets:
            found.add(target)
            # The packages around it are imported first; those around us are being imported.
            above = target.rpartition(".")[0]
            while above:
                if not f"{me}.".startswith(f"{above}."):
                    found.add(above)
                above = above.rpartition(".")[0]
    return (found & known) - {me}


def test_no_imports_go_in_circles() -> None:
    """So that every module can be imported alone, whatever was imported before it."""
    known = frozenset(map(dotted, MODULES))
    graph = {dotted(path): needs(dotted(path), path, known) for path in MODULES}
    assert sum(map(len, graph.values())) > len(graph)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"these import each other: {' <- '.join(error.args[1])}")


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
