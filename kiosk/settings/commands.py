"""Limits of what operators may have many screens do at once."""

from __future__ import annotations

from pydantic import Field

from kiosk.settings.base import Section


class CommandSettings(Section):
    """Commands to many screens at once."""

    most: int = Field(500, ge=1, le=2000, description="Screens one order may name.")
    at_once: int = Field(
        20, ge=1, le=40, description="Screens of an order that are told at the same time."
    )
    running: int = Field(
        4, ge=1, le=20, description="Orders under way at once; one more is refused."
    )
    kept: int = Field(50, ge=1, le=500, description="Orders whose results can be looked at.")
