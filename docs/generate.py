"""Writes the generated parts of docs/ and deploy/env.example from the code that defines them.

`python docs/generate.py` writes, `--check` only says what is stale (exit 1). A page is prose
around regions marked `<!-- generated: NAME -->` to `<!-- end -->`; only the regions are written.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
import typing
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from docs.alert_reference import render_alert_rules, render_alert_settings
from docs.card_reference import render_cards
from docs.emulator_reference import (
    render_client_events,
    render_further_events,
    render_server_events,
)
from docs.hook_reference import render_hook_modes, render_hook_order, render_hooks
from docs.people_reference import render_rights
from docs.scenario_reference import (
    render_emulator_limits,
    render_fault_actions,
    render_scenario,
)
from docs.settings_reference import (
    COMMAND,
    default_of,
    limits,
    models_in,
    render_env_example,
    render_settings,
    table,
    toml,
    type_name,
)
from docs.theme_reference import render_contrasts, render_theme
from docs.tool_reference import render_tool_limits, render_tool_options, render_tool_types
from kiosk import events
from kiosk.model import EndReason
from kiosk.signaling import device, messages

ROOT: Final = Path(__file__).resolve().parent.parent
REGION: Final = re.compile(
    r"(?P<open><!-- generated: (?P<name>[a-z-]+) -->\n).*?(?P<close><!-- end -->)", re.DOTALL
)


# ── messages, events, hooks ──────────────────────────────────────────────────────────────────


def _models_in(union: Any) -> tuple[type[BaseModel], ...]:
    return models_in(union)


def _fields_table(model: type[BaseModel], skip: Iterable[str] = ("type",)) -> str:
    rows = []
    for name, field in model.model_fields.items():
        if name in skip:
            continue
        default = default_of(field)
        given = "required" if default is PydanticUndefined else f"`{_json(default)}`"
        rows.append((f"`{name}`", _wire_type(field), given))
    return table(("field", "type", "default"), rows) if rows else "No fields."


def _wire_type(field: FieldInfo) -> str:
    annotation = field.annotation
    if typing.get_origin(annotation) is tuple:
        text = f"list of {type_name(typing.get_args(annotation)[0])}"
    else:
        text = type_name(annotation)
    bounds = limits(field)
    return text + (f"; {bounds}" if bounds else "")


def _json(value: Any) -> str:
    if value is None:
        return "null"
    return toml(value)


def _tag(model: type[BaseModel]) -> str:
    return str(typing.get_args(model.model_fields["type"].annotation)[0])


def _render_messages(union: Any) -> str:
    parts = []
    nested: dict[str, type[BaseModel]] = {}
    for model in _models_in(union):
        parts.append(f"### `{_tag(model)}`\n\n{inspect.getdoc(model)}\n\n{_fields_table(model)}")
        for field in model.model_fields.values():
            nested |= {inner.__name__: inner for inner in models_in(field.annotation)}
    parts += [
        f"### {name} (inside the above)\n\n{inspect.getdoc(model)}\n\n{_fields_table(model)}"
        for name, model in nested.items()
    ]
    return "\n\n".join(parts)


def render_client_messages() -> str:
    """Messages from the browser."""
    return _render_messages(messages.ClientMessage)


def render_server_messages() -> str:
    """Messages to the browser."""
    return _render_messages(messages.ServerMessage)


def render_commands() -> str:
    """What operators may have a screen do."""
    return "\n\n".join(
        f"### `{name}`\n\n{inspect.getdoc(model)}\n\n{_fields_table(model)}"
        for name, model in device.ARGS.items()
    )


def render_wire_limits() -> str:
    """Version and limits of the browser wire."""
    rows = [
        ("protocol", f"`{messages.PROTOCOL}`"),
        ("longest SDP", f"{messages.MAX_SDP_CHARS} characters"),
        ("largest microphone frame", f"{messages.MAX_MICROPHONE_BYTES} bytes"),
        ("`state` of the screen", type_name(messages.VisitState)),
        ("`media` path", type_name(messages.MediaRung)),
        ("`ended.reason`", ", ".join(f"`{reason.value}`" for reason in EndReason)),
    ]
    return table(("what", "value"), rows)


def render_events() -> str:
    """The body of docs/events.md."""
    parts = []
    for model in models_in(events.DomainEvent):
        common = ("type", "kiosk_id", "at", "visit_id")
        in_visit = "visit_id" in model.model_fields
        where = "" if in_visit else " Not part of a visit: it has no `visit_id`."
        parts += [
            f"## `{_tag(model)}`",
            f"`kiosk.events.{model.__name__}`. {inspect.getdoc(model)}{where}",
            _fields_table(model, skip=common),
        ]
    return "\n\n".join(parts)


REGIONS: Final[dict[str, Callable[[], str]]] = {
    "settings": render_settings,
    "wire-limits": render_wire_limits,
    "client-messages": render_client_messages,
    "server-messages": render_server_messages,
    "commands": render_commands,
    "events": render_events,
    "alert-rules": render_alert_rules,
    "alert-settings": render_alert_settings,
    "hook-modes": render_hook_modes,
    "hook-order": render_hook_order,
    "hooks": render_hooks,
    "cards": render_cards,
    "tool-types": render_tool_types,
    "tool-options": render_tool_options,
    "tool-limits": render_tool_limits,
    "rights": render_rights,
    "theme-contrasts": render_contrasts,
    "theme-keys": render_theme,
    "scenario": render_scenario,
    "fault-actions": render_fault_actions,
    "emulator-limits": render_emulator_limits,
    "emulator-client-events": render_client_events,
    "emulator-server-events": render_server_events,
    "emulator-further-events": render_further_events,
}
WHOLE_FILES: Final[dict[str, Callable[[], str]]] = {"deploy/env.example": render_env_example}


@cache
def region(name: str) -> str:
    """Return what stands in a region, made once in a process; KeyError for one nobody writes."""
    return REGIONS[name]()


def filled(page: str) -> str:
    """Return a page with its regions filled; raises KeyError for a region nobody writes."""
    return REGION.sub(
        lambda m: f"{m['open']}\n{region(m['name'])}\n\n{m['close']}",
        page,
    )


def outputs(root: Path = ROOT) -> dict[Path, str]:
    """What each generated file should hold now."""
    wanted = {root / name: render() for name, render in WHOLE_FILES.items()}
    used: set[str] = set()
    for path in sorted((root / "docs").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        names = [m["name"] for m in REGION.finditer(text)]
        used.update(names)
        if names:
            wanted[path] = filled(text)
    missing = sorted(set(REGIONS) - used)
    if missing:
        raise SystemExit(f"No page in docs/ has the region {missing[0]!r}; put its markers back.")
    return wanted


def main() -> int:
    """Write what is stale, or say so; the exit code is 1 when `--check` finds something."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 when stale")
    check = parser.parse_args().check
    stale = [
        path
        for path, text in outputs().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if check:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale; run {COMMAND}", file=sys.stderr)
        if not stale:
            print("Generated docs are fresh.")
        return 1 if stale else 0
    wanted = outputs()
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
