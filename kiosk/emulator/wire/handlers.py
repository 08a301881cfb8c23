"""How the parts of a session take client events: each part brings a table of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kiosk.emulator.wire.codec import JSON

Handler = Callable[[JSON, str | None], Awaitable[None]]
"""Takes one checked client event and its `event_id`; raises WireError to refuse it."""

Handlers = dict[str, Handler]
"""Wire type of a client event to what takes it."""


def merged(*tables: Handlers) -> Handlers:
    """Return one table of several; raise ValueError when two parts take the same event."""
    found: Handlers = {}
    for table in tables:
        twice = sorted(found.keys() & table.keys())
        if twice:
            raise ValueError(f"two parts of the session take {twice[0]!r}")
        found |= table
    return found
