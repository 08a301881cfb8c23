"""Text that the client streams into the message being spoken, as `input_text.delta`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from kiosk.emulator.wire.codec import INVALID_VALUE, WireError


class StreamedText:
    """One incomplete pre-generated message: pieces in, pieces out until `done()`.

    At most `maximum` characters are taken, spoken or not; beyond that a piece is refused.
    """

    def __init__(self, text: str, *, maximum: int) -> None:
        self._pieces: asyncio.Queue[str | None] = asyncio.Queue()
        self._left = maximum
        self.complete = False
        if text:
            self.append(text)

    def append(self, text: str) -> None:
        """Take a piece, or raise WireError."""
        if len(text) > self._left:
            raise WireError(INVALID_VALUE, "The message's text is too long.", "delta")
        self._left -= len(text)
        self._pieces.put_nowait(text)

    def done(self) -> None:
        """End the text."""
        self.complete = True
        self._pieces.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[str]:
        """Yield the pieces as they come."""
        while (piece := await self._pieces.get()) is not None:
            yield piece
