"""The avatar's media between browser and upstream: only SDP passes through here."""

from __future__ import annotations

import asyncio

import structlog

from kiosk import events
from kiosk.errors import MediaError, UpstreamError
from kiosk.media.sdp import checked_offer
from kiosk.session.context import VisitContext
from kiosk.session.line import Line
from kiosk.signaling import messages as m

log = structlog.get_logger(__name__)


class Negotiation:
    """One offer for each line. When the picture cannot come, the visit goes on in text.

    `settled` is set as soon as it is known whether there is a picture; the greeting waits for it.
    """

    def __init__(self, ctx: VisitContext) -> None:
        self._ctx = ctx
        self.settled = asyncio.Event()
        self._line: Line | None = None
        self._offered: Line | None = None

    def begin(self, line: Line) -> None:
        """A new line is configured: have the browser make a new peer connection."""
        self.settled = asyncio.Event()
        self._line = line
        if not self._ctx.services.settings.upstream.avatar.enabled:
            self.fall_to_text("The avatar is off in the settings.", quietly=True)
            return
        servers = tuple(
            m.IceServer(urls=entry.urls, username=entry.username, credential=entry.credential)
            for entry in line.ice
        )
        self._ctx.send(m.Ice(servers=servers))
        self._ctx.tasks.spawn(self._deadline(self.settled), name="media-deadline")

    async def _deadline(self, settled: asyncio.Event) -> None:
        # Counted from consent on: before it, an avatar connection would be spent on nobody.
        await self._ctx.consented.wait()
        await self._ctx.clock.sleep(self._ctx.settings.media_s)
        if not settled.is_set() and settled is self.settled:
            self.fall_to_text("No picture came in time; the network may block media (UDP, TURN).")

    def offered(self, offer: m.Offer) -> None:
        """The browser sent its offer."""
        line = self._line
        if line is None or line.avatar_connected or line is self._offered:
            self._ctx.send(m.Failure(code="not_now", message="Wait for `ice`; one offer for each."))
            return
        try:
            sdp = checked_offer(offer.sdp)
        except MediaError as error:
            self._ctx.send(m.Failure(code=error.code, message=str(error)))
            self.fall_to_text(str(error))
            return
        self._offered = line
        self._ctx.tasks.spawn(self._connect(line, sdp), name="negotiate")

    async def _connect(self, line: Line, sdp: str) -> None:
        await self._ctx.consented.wait()
        try:
            # Counted when it is asked for: the quota counts a start that fails, too.
            self._ctx.tally.add("avatar", "starts")
            answer = await line.connect_avatar(sdp)
        except MediaError as error:
            log.warning("the avatar did not connect", code=error.code, visit=self._ctx.id)
            if line is self._ctx.line:
                self.fall_to_text(str(error))
            return
        except UpstreamError:
            return  # the line is gone; its successor negotiates anew
        self._ctx.send(m.Answer(sdp=answer))

    def reported(self, media: m.Media) -> None:
        """The browser says what its media element does."""
        if media.state == "failed":
            self.fall_to_text(
                f"The kiosk's browser lost the picture: {media.detail or 'no detail'}."
            )
            return
        if self._line is None or not self._line.avatar_connected:
            return
        self._sound(on=media.state != "sound_blocked")
        self._ctx.drop_notice("text_only")
        self._ctx.take_rung("direct")
        self.settled.set()

    def _sound(self, *, on: bool) -> None:
        ctx = self._ctx
        if on == ctx.sound_on:
            return
        ctx.sound_on = on
        detail = "Sound is on." if on else "The browser holds sound back until somebody taps."
        ctx.emit(events.MediaChanged(**ctx.stamp(), rung="direct", detail=detail))

    def fall_to_text(self, diagnosis: str, *, quietly: bool = False) -> None:
        """Go on with captions and typing; the operator reads why."""
        if self._ctx.rung != "text":
            self._ctx.take_rung("text", diagnosis)
            if not quietly:
                self._ctx.notice(
                    m.Notice(code="text_only", text=self._ctx.text("notice.text_only"))
                )
        self.settled.set()
