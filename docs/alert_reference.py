"""Tables of docs/alerts.md: every rule with its limits, and what each channel takes."""

from __future__ import annotations

import inspect

from pydantic_core import PydanticUndefined

from docs.settings_reference import default_of, limits, table, toml, type_name
from kiosk.alerts.rules import RULES
from kiosk.settings.alerts import (
    AlertmanagerSettings,
    ChannelSettings,
    EmailSettings,
    RuleChange,
    TeamsSettings,
    WebhookSettings,
)
from kiosk.settings.base import Section

CHANNELS: tuple[type[ChannelSettings], ...] = (
    EmailSettings,
    WebhookSettings,
    TeamsSettings,
    AlertmanagerSettings,
)


def render_alert_rules() -> str:
    """Every rule: what it watches, how bad it is, its limit, how long it waits, what to do."""
    rows = [
        (
            f"`{rule.name}`",
            rule.title,
            rule.severity,
            f"{rule.limit:g} {rule.unit}" if rule.unit else "none",
            f"{rule.after_s:g} s",
            rule.fix,
        )
        for rule in RULES.values()
    ]
    return table(("rule", "what it finds", "severity", "limit", "after", "what to do"), rows)


def render_alert_settings() -> str:
    """What `[alerts.rules.NAME]` and each kind of `[alerts.channels.NAME]` take."""
    parts = [f"### A rule\n\n{inspect.getdoc(RuleChange)}\n\n{_fields(RuleChange)}"]
    for kind in CHANNELS:
        name = type_name(kind.model_fields["type"].annotation)
        parts.append(f"### type = {name}\n\n{inspect.getdoc(kind)}\n\n{_fields(kind)}")
    return "\n\n".join(parts)


def _fields(model: type[Section]) -> str:
    rows = []
    for name, field in model.model_fields.items():
        if name == "type":
            continue
        default = default_of(field)
        if default is PydanticUndefined:
            given = "required"
        else:
            given = f"`{toml(default)}`" if default is not None else "empty"
        bounds = limits(field)
        kind = type_name(field.annotation) + (f"; {bounds}" if bounds else "")
        rows.append((f"`{name}`", kind, given, field.description or ""))
    return table(("key", "type", "default", "what it does"), rows)
