"""Where the templates, the demo's plugins and the static files are, in a checkout or a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_BUNDLED = _PACKAGE / "_bundled"

STATIC = _PACKAGE / "static"
LOCALE = _PACKAGE / "locale"


def _folder(name: str) -> Path:
    # A wheel carries both folders inside the package; a checkout has them at its top.
    bundled = _BUNDLED / name
    return bundled if bundled.is_dir() else _PACKAGE.parent / name


def templates() -> Path:
    """Return the folder of our own Jinja2 templates."""
    return _folder("templates")


def demo_plugins() -> Path:
    """Return the folder of the demo site's plugins."""
    return _folder("plugins")
