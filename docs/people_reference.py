"""The table of docs/people.md: what every role may do, from kiosk/security/access.py itself."""

from __future__ import annotations

import ast
import inspect

from docs.settings_reference import table
from kiosk.security import access
from kiosk.security.access import RIGHTS, ROLES, Access


def _meanings() -> dict[str, str]:
    """Return the sentence that stands below each right in the source."""
    tree = ast.parse(inspect.getsource(access.Access)).body[0]
    assert isinstance(tree, ast.ClassDef)
    found, name = {}, ""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and name:
            found[name] = str(node.value.value)
    return found


def render_rights() -> str:
    """One row for each right, one column for each role."""
    meanings = _meanings()
    rows = [
        (
            f"`{right.value}`",
            meanings[right.name],
            *("yes" if right in held else "" for held in ROLES.values()),
        )
        for right in Access
        if right in RIGHTS
    ]
    return table(("right", "meaning", *(role.replace("_", " ") for role in ROLES)), rows)
