"""What `make sbom` lists, and what the check of it finds."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy import sbom


@pytest.fixture(scope="module")
def made() -> str:
    return sbom.make(sbom.ROOT)


def test_it_holds_what_is_installed_and_nothing_of_development(made: str) -> None:
    assert sbom.problems(made, sbom.ROOT) == []
    listed = json.loads(made)
    names = {part["name"] for part in listed["components"]}
    # Direct, needed by another, needed by an extra of another; carried as files.
    assert {"aiohttp", "yarl", "greenlet"} <= names
    assert "kiosk/static/kiosk/fonts/noto-sans-arabic.woff2" in names
    assert not {"pytest", "playwright", "espeakng-loader", "pip"} & names
    unlicensed = [part["name"] for part in listed["components"] if not part.get("licenses")]
    assert unlicensed == []
    (product,) = (one for one in listed["dependencies"] if one["ref"] == "avatar-kiosk")
    project = tomllib.loads((sbom.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    direct = {one.name for one in sbom.needed(project["dependencies"])}
    assert set(product["dependsOn"]) == direct


def drop(name: str) -> Callable[[dict[str, Any]], None]:
    def change(listed: dict[str, Any]) -> None:
        listed["components"] = [one for one in listed["components"] if one["name"] != name]

    return change


def age(listed: dict[str, Any]) -> None:
    (part,) = (one for one in listed["components"] if one["name"] == "jinja2")
    part["version"] = "2.4.1"


def misname(listed: dict[str, Any]) -> None:
    listed["components"][0]["licences"] = []


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        pytest.param(drop("aiortc"), "missing: aiortc, which pyproject.toml needs", id="direct"),
        pytest.param(drop("yarl"), "missing: yarl, which aiohttp needs", id="needed by another"),
        pytest.param(
            drop("kiosk/static/kiosk/keyboard/pinyin.txt"), "which the wheel carries", id="carried"
        ),
        pytest.param(age, "jinja2 is listed as 2.4.1, pinned as ", id="another version"),
        pytest.param(misname, "not valid CycloneDX 1.6", id="not the standard"),
    ],
)
def test_a_mistake_is_found(
    made: str, change: Callable[[dict[str, Any]], None], finding: str
) -> None:
    listed = json.loads(made)
    change(listed)
    assert finding in "\n".join(sbom.problems(json.dumps(listed), sbom.ROOT))


PROJECT = """
[project]
name = "avatar-kiosk"
version = "1"
description = "A small one."
license = "MIT"
dependencies = ["{needs}"]
"""


@pytest.mark.parametrize(
    ("needs", "pins", "finding"),
    [
        pytest.param("pluggy", "pluggy==0.1", "0.1 is pinned; run `make dev`", id="other version"),
        pytest.param("pluggy", "", "pluggy is needed and not pinned", id="not pinned"),
        pytest.param("no-such-part", "", "not installed; run `make dev`", id="not installed"),
    ],
)
def test_an_environment_that_is_another_is_not_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], needs: str, pins: str, finding: str
) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT.format(needs=needs), encoding="utf-8")
    (tmp_path / "constraints.txt").write_text(pins, encoding="utf-8")
    output = tmp_path / "dist/list.json"
    assert sbom.main(["--root", str(tmp_path), "--output", str(output)]) == 1
    assert finding in capsys.readouterr().err
    assert not output.exists()
