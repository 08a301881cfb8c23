"""What a house or a screen has otherwise than the site: a field that names a setting.

To let them override another setting, add one line to `Otherwise`:

    talk: TalkMode | None = of("site.talk")

It is checked by the section it belongs to, and `Settings.for_kiosk` gives the merged values.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field

_KEY: Final = "overrides"


def of(setting: str) -> Any:
    """Return the field of a house or screen that overrides `setting`, such as `site.talk`."""
    return Field(
        None,
        description=f"`{setting}` of this one; empty: as its house has it, or the site.",
        json_schema_extra={_KEY: setting},
    )


def overridden(place: BaseModel) -> dict[str, dict[str, Any]]:
    """Return what a house or a screen has otherwise, by section and setting."""
    found: dict[str, dict[str, Any]] = {}
    for name, field in type(place).model_fields.items():
        extra = field.json_schema_extra
        setting = extra.get(_KEY) if isinstance(extra, dict) else None
        value = getattr(place, name)
        if setting is None or value is None:
            continue
        section, _, key = str(setting).partition(".")
        found.setdefault(section, {})[key] = value
    return found
