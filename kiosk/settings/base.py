"""The base of every settings section: unknown keys are errors, values are fixed once read."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict

LANGUAGE_CODE: Final = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"

SECRET: Final[dict[str, Any]] = {"secret": True}
"""Marks a field that may hold a secret without being one, as `json_schema_extra`."""


class Section(BaseModel):
    """One table of kiosk.toml."""

    model_config = ConfigDict(extra="forbid", validate_default=False, hide_input_in_errors=True)
