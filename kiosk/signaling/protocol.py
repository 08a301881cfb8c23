"""Sans-I/O state machine of one kiosk socket: is this message allowed now?"""

from __future__ import annotations

from enum import Enum

from kiosk.errors import SignalingError
from kiosk.signaling import messages as m

_ALWAYS = (m.Touch, m.Rest, m.Report, m.CommandDone, m.PageEvent)
"""What a page says whether somebody visits or not."""


class Phase(Enum):
    """Where a socket is in its life."""

    NEW = "new"
    READY = "ready"
    VISITING = "visiting"
    CLOSED = "closed"


class KioskProtocol:
    """Decides what one socket may send; feeds nothing and waits for nothing.

    `receive_text` returns a message that is allowed now or raises SignalingError. The owner
    reports `visit_began()`, `visit_ended()` and `closed()`.
    """

    def __init__(self) -> None:
        self.phase = Phase.NEW
        self.refused = 0

    def receive_text(self, text: str) -> m.ClientMessage:
        """Parse one text frame; raises SignalingError when it is malformed or not allowed now."""
        try:
            message = m.parse(text)
            self._check(message)
        except SignalingError:
            self.refused += 1
            raise
        if isinstance(message, m.Hello):
            self.phase = Phase.READY
        return message

    def receive_microphone(self, data: bytes) -> bytes:
        """Check one binary frame; raises SignalingError when it is no audio or not allowed now."""
        if self.phase is not Phase.VISITING:
            # Not counted: the last frames of every visit come after its end.
            raise SignalingError("not_now", "Audio is accepted during a visit only.")
        problem: SignalingError | None = None
        if len(data) > m.MAX_MICROPHONE_BYTES:
            problem = SignalingError(
                "too_large", f"An audio frame may have {m.MAX_MICROPHONE_BYTES} bytes at most."
            )
        elif not data or len(data) % 2:
            problem = SignalingError(
                "bad_audio", "An audio frame holds whole PCM16 samples: an even number of bytes."
            )
        if problem is not None:
            self.refused += 1
            raise problem
        return data

    def _check(self, message: m.ClientMessage) -> None:
        if self.phase is Phase.CLOSED:
            raise SignalingError("closed", "This socket is closed.", fatal=True)
        if isinstance(message, m.Hello):
            if self.phase is not Phase.NEW:
                raise SignalingError("not_now", "`hello` is sent once, as the first message.")
            if message.protocol != m.PROTOCOL:
                raise SignalingError(
                    "wrong_protocol",
                    f"This server speaks protocol {m.PROTOCOL}; reload the page.",
                    fatal=True,
                )
            return
        if self.phase is Phase.NEW:
            raise SignalingError("hello_first", "Send `hello` first.")
        if isinstance(message, m.Start):
            if self.phase is Phase.VISITING:
                raise SignalingError("not_now", "A visit is going on; `end` it first.")
            return
        if self.phase is Phase.READY and not isinstance(message, _ALWAYS):
            raise SignalingError("not_now", f"`{message.type}` needs a visit; send `start` first.")

    def visit_began(self) -> None:
        """A visit is attached to this socket."""
        self.phase = Phase.VISITING

    def visit_ended(self) -> None:
        """The visit is over; the next one may start."""
        if self.phase is Phase.VISITING:
            self.phase = Phase.READY

    def closed(self) -> None:
        """The socket is gone."""
        self.phase = Phase.CLOSED
