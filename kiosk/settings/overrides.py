"""What one screen has otherwise than the site: a field of `[[kiosks]]` that names a setting.

To let screens override another setting, add one line to KioskSettings:

    talk: TalkMode | None = of("site.talk")

It is checked by the section it belongs to, and `Settings.for_kiosk` gives the merged values.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field

_KEY: Final = "overrides"


def of(setting: str) -> Any:
    """Return the field of a screen that overrides `setting`, such as `site.talk`."""
    return Field(
        None,
        description=f"`{setting}` of this screen; empty: the site's.",
        json_schema_extra={_KEY: setting},
    )


def overridden(screen: BaseModel) -> dict[str, dict[str, Any]]:
    """Return what a screen has otherwise, by section and setting."""
    found: dict[str, dict[str, Any]] = {}
    for name, field in type(screen).model_fields.items():
        extra = field.json_schema_extra
        setting = extra.get(_KEY) if isinstance(extra, dict) else None
        value = getattr(screen, name)
        if setting is None or value is None:
            continue
        section, _, key = str(setting).partition(".")
        found.setdefault(section, {})[key] = value
    return found
