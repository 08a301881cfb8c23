"""Templates, static files and demo plugins are found in a checkout and in an installed wheel."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from kiosk import paths

PACKAGE = Path(paths.__file__).parent


def test_a_checkout_has_them_at_its_top() -> None:
    assert paths.templates() == PACKAGE.parent / "templates"
    assert paths.demo_plugins() == PACKAGE.parent / "plugins"
    for folder in (paths.templates(), paths.demo_plugins(), paths.STATIC, paths.LOCALE):
        assert folder.is_dir()


def test_an_installed_wheel_has_them_inside(tmp_path: Path) -> None:
    package = tmp_path / "kiosk"
    for name in ("templates", "plugins"):
        (package / "_bundled" / name).mkdir(parents=True)
    (package / "__init__.py").touch()
    code = (PACKAGE / "paths.py").read_text(encoding="utf-8")
    (package / "paths.py").write_text(code, encoding="utf-8")
    program = "from kiosk import paths; print(paths.templates()); print(paths.demo_plugins())"
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    bundled = package / "_bundled"
    assert found.stdout.split() == [str(bundled / "templates"), str(bundled / "plugins")]
