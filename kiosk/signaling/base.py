"""The base of every message on the browser's wire: unknown fields are refused, values are fixed."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """One JSON object with a `type`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
