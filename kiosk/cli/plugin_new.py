"""`kiosk plugins new`: writes a plugin that works, and its test that passes."""

from __future__ import annotations

import difflib
import importlib.util
import keyword
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kiosk.app import builtins
from kiosk.errors import KioskError

SCAFFOLD: Final = Path(__file__).with_name("scaffold")
LONGEST: Final = 40
"""Characters of a name."""


class NewPluginError(KioskError):
    """A plugin cannot be made as asked; nothing was written."""


def check_name(name: str) -> None:
    """Raise NewPluginError for a name that a plugin cannot have."""
    if not name.isidentifier() or not name.isascii() or name != name.lower():
        close = "".join(c if c.isalnum() and c.isascii() else "_" for c in name.lower())
        hint = f", such as {close.strip('_')}" if close.strip("_").isidentifier() else ""
        raise NewPluginError(
            f"{name!r} is no name of a plugin: use small letters, digits and _{hint}."
        )
    if keyword.iskeyword(name) or name.startswith("_") or len(name) > LONGEST:
        raise NewPluginError(
            f"{name!r} is no name of a plugin: no word of Python's own, no _ in front, "
            f"{LONGEST} characters at most."
        )
    if name in builtins():
        raise NewPluginError(f"{name} is a built-in plugin; choose another name.")
    if importlib.util.find_spec(name) is not None:
        raise NewPluginError(
            f"{name} is a Python module here already; choose another name, such as site_{name}."
        )


def new_file(name: str, folder: Path) -> list[Path]:
    """Write `folder/name.py` and `tests/test_name.py` beside the folder; return both."""
    check_name(name)
    twins = folder / name
    if twins.exists():
        raise NewPluginError(f"{twins} is there already, and is loaded as {name}; choose another.")
    values = {"name": name, "title": _title(name), "package": False, "folder": folder.name}
    return _write(
        {
            folder / f"{name}.py": ("plugin.py.j2", values),
            folder.parent / "tests" / f"test_{name}.py": ("test_plugin.py.j2", values),
        }
    )


def new_package(name: str, folder: Path) -> list[Path]:
    """Write a distribution `folder/kiosk-name` with an entry point; return its files."""
    check_name(name)
    dashed = name.replace("_", "-")
    values = {"name": name, "title": _title(name), "package": True, "dashed": dashed}
    base = folder / f"kiosk-{dashed}"
    return _write(
        {
            base / "pyproject.toml": ("pyproject.toml.j2", values),
            base / "README.md": ("README.md.j2", values),
            base / f"kiosk_{name}" / "__init__.py": ("plugin.py.j2", values),
            base / "tests" / f"test_{name}.py": ("test_plugin.py.j2", values),
        }
    )


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _write(files: dict[Path, tuple[str, dict[str, object]]]) -> list[Path]:
    there = [path for path in files if path.exists()]
    if there:
        raise NewPluginError(f"{there[0]} is there already; move it away or choose another name.")
    environment = Environment(
        loader=FileSystemLoader(SCAFFOLD),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  # nosec B701  # Python and TOML, from a checked name
    )
    made = {
        path: environment.get_template(template).render(values)
        for path, (template, values) in files.items()
    }
    try:
        for path, text in made.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise NewPluginError(f"{error.filename} cannot be written: {error.strerror}.") from None
    return list(made)


def nearest(name: str, folder: Path) -> str:
    """Return ` Did you mean …?` for a plugin's path that is not there."""
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    close = difflib.get_close_matches(name, names, 1)
    return f" Did you mean {folder / close[0]}?" if close else ""
