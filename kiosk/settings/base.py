"""The base of every settings section: unknown keys are errors, values are fixed once read."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One table of kiosk.toml."""

    model_config = ConfigDict(extra="forbid", validate_default=False, hide_input_in_errors=True)
