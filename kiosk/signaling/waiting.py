"""Messages of the waiting screen: when it rests, and what wakes it."""

from __future__ import annotations

from typing import Literal

from kiosk.signaling.base import Message


class Rest(Message):
    """The waiting screen is dark on purpose (true), or shows itself again."""

    type: Literal["rest"] = "rest"
    dark: bool


class Attract(Message):
    """What the waiting screen does now; sent after `welcome` and whenever it changes.

    `closed`: it rests until `opens` (ISO 8601, at the site; none when that is unknown). `dim` is
    how much darker the night makes it, 0 to 0.9.
    """

    type: Literal["attract"] = "attract"
    closed: bool = False
    opens: str | None = None
    dim: float = 0


class Wake(Message):
    """A sensor of the site noticed somebody: the waiting screen invites them."""

    type: Literal["wake"] = "wake"
