"""What `make check-wheel` accepts, and what it finds."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from deploy import wheel

FILES = ("kiosk/app.py", "kiosk/static/app.css", "templates/kiosk.html", "plugins/hello.py")
INSIDE = (
    "kiosk/app.py",
    "kiosk/static/app.css",
    "kiosk/_bundled/templates/kiosk.html",
    "kiosk/_bundled/plugins/hello.py",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in (*FILES, "kiosk/__pycache__/app.cpython-311.pyc"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def pack(folder: Path, names: tuple[str, ...], command: str = "kiosk = kiosk.cli:main") -> Path:
    path = folder / "avatar_kiosk-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "")
        archive.writestr("avatar_kiosk-1.dist-info/entry_points.txt", command)
    return path


def test_a_complete_wheel_passes(checkout: Path) -> None:
    assert wheel.problems(checkout, pack(checkout, INSIDE)) == []


@pytest.mark.parametrize("name", INSIDE)
def test_a_missing_file_is_named(checkout: Path, name: str) -> None:
    names = tuple(other for other in INSIDE if other != name)
    assert wheel.problems(checkout, pack(checkout, names)) == [f"missing: {name}"]


def test_strangers_and_a_missing_command_are_named(checkout: Path) -> None:
    found = wheel.problems(checkout, pack(checkout, (*INSIDE, "tests/test_app.py"), ""))
    assert found == ["does not belong: tests/test_app.py", "the command `kiosk` is missing"]
