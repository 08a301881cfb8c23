"""Our scripts and styles as they are sent: without the comments and indentation in the files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import rcssmin
import rjsmin

_LEAN: Final[Mapping[str, Callable[[str], str]]] = {
    ".css": rcssmin.cssmin,
    ".js": rjsmin.jsmin,
}


def lean(folder: Path) -> dict[str, str]:
    """Return every script and style below `folder`, by its name there, made lean.

    A third of what a screen would load is for people. There is no build: this is done when the
    server starts, to our own files only, and names and line ends that matter stay as written.
    """
    return {
        path.relative_to(folder).as_posix(): _LEAN[path.suffix](path.read_text("utf-8"))
        for path in sorted(folder.rglob("*"))
        if path.suffix in _LEAN and path.is_file()
    }
