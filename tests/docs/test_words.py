"""Commands, targets, links and snippets that the pages name exist."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import click
import pytest

from docs.settings_reference import sections
from kiosk.cli import main
from kiosk.hooks.site import SessionHandle, Site
from kiosk.security.access import RIGHTS
from kiosk.testing import Visit

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "deploy/**/*.md", "plugins/**/*.md", "benchmarks/*.md")
    for path in ROOT.glob(pattern)
)
NAMES = [str(path.relative_to(ROOT)) for path in PAGES]
CODE = re.compile(r"```[a-z]*\n.*?```|`[^`\n]+`", re.DOTALL)
COMMAND = re.compile(
    r"(?:^|(?<!from)[`\s/])kiosk ((?:[a-z]+)(?: [a-z]+)?)(?=[\s`\\]|$)", re.MULTILINE
)
TARGET = re.compile(r"\bmake ([a-z][a-z-]*)")
FILE = re.compile(r"`((?:kiosk|plugins|tests|docs|deploy|templates)/[\w./-]+)`")
DOTTED = re.compile(r"`([a-z_]+(?:\.[a-z_0-9]+)+)`")
OWN = re.compile(r"^        self\.(\w+)", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def code(path: Path) -> str:
    return "\n".join(CODE.findall(path.read_text(encoding="utf-8")))


def exists(words: list[str]) -> bool:
    command: click.Command = main
    for word in words:
        if not isinstance(command, click.Group):
            return True  # an argument of the command
        found = command.get_command(click.Context(command), word)
        if found is None:
            return False
        command = found
    return True


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_commands_exist(path: Path) -> None:
    unknown = [found for found in COMMAND.findall(code(path)) if not exists(found.split())]
    assert unknown == []


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_make_targets_exist(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    rules = re.findall(r"^([a-z][a-z -]*):", makefile, re.MULTILINE)
    targets = {name for rule in rules for name in rule.split()}
    assert set(TARGET.findall(code(path))) <= targets | {"check-"}


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_links_lead_somewhere(path: Path) -> None:
    targets = LINK.findall(path.read_text(encoding="utf-8"))
    local = [t for t in targets if not re.match(r"[a-z]+:", t)]
    assert [t for t in local if not (path.parent / t).exists()] == []


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_files_exist(path: Path) -> None:
    named = set(FILE.findall(path.read_text(encoding="utf-8")))
    # Files that a page has its reader write, and names that stand for any.
    named -= {"plugins/audio_guide.py", "plugins/hello.py", "tests/test_hello.py"}
    named -= {"kiosk/a/b.py", "tests/unit/a/test_b.py"}
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_settings_exist(path: Path) -> None:
    tables = {section.path.split(".")[0] for section in sections() if section.path}
    known = {setting.path for section in sections() for setting in section.settings}
    known |= {section.path for section in sections()}
    # `site`, `session` and `visit` are names of handles, too, in plugins and their tests.
    known |= {
        f"{name}.{attribute}"
        for name, handle in (("site", Site), ("session", SessionHandle), ("visit", Visit))
        for attribute in [*dir(handle), *OWN.findall(inspect.getsource(handle))]
    }
    known |= {right.value for right in RIGHTS}
    named = {n for n in DOTTED.findall(code(path)) if n.split(".")[0] in tables}
    assert sorted(named - known) == []


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_python_snippets_are_python(path: Path) -> None:
    for snippet in re.findall(r"```python\n(.*?)```", path.read_text("utf-8"), re.DOTALL):
        ast.parse(snippet)


def test_every_error_code_of_the_browsers_wire_is_documented() -> None:
    page = (ROOT / "docs/signaling.md").read_text(encoding="utf-8")
    found: dict[str, Path] = {}
    for path in (ROOT / "kiosk").rglob("*.py"):
        if "emulator" in path.parts:
            continue  # its codes are Voice Live's
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and (given := error_code(node)):
                found[given] = path
    assert found
    assert sorted(code for code in found if f"`{code}`" not in page) == []


def error_code(call: ast.Call) -> str | None:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    first: ast.expr | None = None
    if name in {"SignalingError", "MediaError"} and call.args:
        first = call.args[0]
    elif name == "Failure":
        first = next((k.value for k in call.keywords if k.arg == "code"), None)
    return str(first.value) if isinstance(first, ast.Constant) else None


def test_the_readme_is_there() -> None:
    assert "make run" in (ROOT / "README.md").read_text(encoding="utf-8")
