"""Each dependency is explained and pinned."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def named() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        lines += extra
    names = {re.split(r"[\[<>=;~! ]", line, maxsplit=1)[0] for line in lines}
    return names - {project["name"]}


def test_each_has_its_line_and_no_line_is_left_over() -> None:
    text = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| ([a-z0-9-]+) \|", text, re.MULTILINE)) - {"package", "---"}
    assert explained == named()


def test_each_is_pinned_and_no_host_is_named() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    odd = [line for line in lines if not re.match(r"^[a-z0-9.-]+==\S+( ; .+)?$", line)]
    assert odd == []
    assert named() <= {line.split("==")[0] for line in lines}
