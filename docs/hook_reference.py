"""Writes the reference of hooks: what each is, how it is called, and what runs when."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from docs.settings_reference import table
from kiosk.hooks import specs
from kiosk.hooks.markers import Mode, Policy

ROOT: Final = Path(__file__).resolve().parent.parent
MOMENTS: Final = (
    (
        "The server is built",
        "register_settings register_tools register_transcript_sinks register_card_types "
        "register_routes register_health_checks prepare_jinja2_environment",
    ),
    ("The server begins and ends", "lifespan"),
    ("A page is drawn", "extra_template_vars"),
    ("Somebody touches the screen", "admit_session"),
    ("A visit begins", "configure_session instructions greeting session_started"),
    ("The model calls a tool", "before_tool_call after_tool_call"),
    ("The visitor touches “Talk to a person”", "person_wanted"),
    ("A turn or a call is over", "redact cards session_event"),
    ("A card is taken along", "take_along"),
    ("A visit breaks", "session_error"),
    ("A visit is over", "session_ended"),
    ("Its time is up, or somebody asks for it", "visits_erased"),
    ("An operator looks", "operator_from_request dashboard_panels"),
    ("The command line is built", "register_commands"),
)
"""When hooks run, in this order; every hook is in here once."""


def hook_functions() -> list[Callable[..., Any]]:
    """Every hook spec, in the order of the file."""
    return [f for f in vars(specs).values() if isinstance(getattr(f, "policy", None), Policy)]


def hook_signature(function: Callable[..., Any]) -> str:
    """A spec's signature as written, annotations included, wrapped as the formatter does."""
    signature = inspect.signature(function)
    # Annotations are read as text, so a Literal keeps whichever quotes its file has.
    parameters = ", ".join(f"{p.name}: {p.annotation}" for p in signature.parameters.values())
    result = f") -> {signature.return_annotation}: ..."
    line = f"def {function.__name__}({parameters}{result}".replace("'", '"')
    if len(line) <= 100:
        return line
    return f"def {function.__name__}(\n    {parameters}\n{result}".replace("'", '"')


def _first_sentence(text: str) -> str:
    return " ".join(text.split())


def render_hooks() -> str:
    """The headings of docs/hooks.md."""
    parts = []
    for function in hook_functions():
        policy: Policy = function.policy  # type: ignore[attr-defined]  # put there by @calls
        deadline = f"{policy.timeout_s:g} s" if policy.timeout_s is not None else "none"
        rows = [(policy.mode.value, deadline, policy.on_failure)]
        parts.append(
            f"## `{function.__name__}`\n\n```python\n{hook_signature(function)}\n```\n\n"
            f"{inspect.getdoc(function)}\n\n"
            + table(("mode", "deadline", "on failure or timeout"), rows)
        )
    return "\n\n".join(parts)


def render_hook_modes() -> str:
    """The table of the ways a hook is called."""
    source = inspect.getsource(Mode)
    found = re.findall(
        r'^    [A-Z]+ = "([a-z]+)"\n    """(.*?)"""', source, re.MULTILINE | re.DOTALL
    )
    return table(
        ("mode", "how it is called"), [(f"`{name}`", _first_sentence(doc)) for name, doc in found]
    )


def render_hook_order() -> str:
    """The table of what runs when, each hook with a plugin of ours that uses it."""
    known = {function.__name__: function for function in hook_functions()}
    rows = []
    for moment, names in MOMENTS:
        for name in names.split():
            policy: Policy = known.pop(name).policy  # type: ignore[attr-defined]  # as above
            deadline = f"{policy.timeout_s:g} s" if policy.timeout_s is not None else "none"
            link = f"[`{name}`](hooks.md#{name})"
            rows.append((moment, link, f"`{policy.mode.value}`", deadline, _used_by(name)))
            moment = ""
    if known:
        raise KeyError(f"MOMENTS of {__name__} says not when these run: {', '.join(known)}")
    return table(("when", "hook", "mode", "deadline", "see it in"), rows)


def _used_by(hook: str) -> str:
    """Return the shortest of our plugins that implements a hook, as a link."""
    found = []
    for folder in ("plugins", "kiosk/builtin"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            if any(isinstance(node, FUNCTION) and node.name == hook for node in tree.body):
                found.append(path)
    best = min(found, key=lambda path: (path.stat().st_size, path))
    name = best.parent.name if best.name == "__init__.py" else best.stem
    return f"[{name}](../{best.relative_to(ROOT).as_posix()})"


FUNCTION: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
