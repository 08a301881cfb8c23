"""One upstream line in the life of a visit: configured, with its response gate and avatar."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from typing import Any

from kiosk.errors import MediaError, UpstreamError
from kiosk.session.gate import Ask, PersonsWords, ResponseGate
from kiosk.session.turns import FinishedTurn
from kiosk.settings.upstream import UpstreamSettings
from kiosk.voicelive import codec
from kiosk.voicelive.connection import Connection, Event
from kiosk.voicelive.credentials import Credential


class Line:
    """Speaks Voice Live for a visit. Made by `open`, which returns when the session is set up."""

    def __init__(self, connection: Connection, settings: UpstreamSettings) -> None:
        self._connection = connection
        self._settings = settings
        self.gate = ResponseGate()
        self.ice: tuple[codec.IceServerEntry, ...] = ()
        self.avatar_connected = False
        self.switches_seen = 0
        self.muted = False
        """A person has the conversation: the model is asked for nothing."""
        self._avatar: asyncio.Future[str] | None = None
        self._avatar_event = ""
        self._update_event = ""
        self._truncate_event = ""
        self._voice: Any = None
        self._voice_before: Any = None
        self._voice_event = ""
        self._due: dict[str, Any] | None = None

    @classmethod
    async def open(
        cls, settings: UpstreamSettings, credential: Credential, session: dict[str, Any]
    ) -> Line:
        """Connect and configure, or raise UpstreamError."""
        connection = await Connection.open(settings, credential)
        line = cls(connection, settings)
        try:
            await line._configure(session)
        except BaseException:
            await connection.aclose()
            raise
        return line

    async def _configure(self, session: dict[str, Any]) -> None:
        update = await self.update(session)
        try:
            async with asyncio.timeout(self._settings.update_timeout_s):
                while True:
                    event = await self._connection.receive()
                    kind = event.get("type")
                    if kind == "session.updated":
                        self.ice = codec.ice_servers(event.get("session") or {})
                        return
                    if kind == "error":
                        info = codec.error_info(event)
                        if info.event_id in {"", update}:
                            raise _settings_refused(info)
        except TimeoutError:
            raise UpstreamError(
                "timeout",
                "Voice Live did not confirm the session's settings in time.",
                retryable=True,
            ) from None

    async def receive(self) -> Event:
        """Return the next event; raises UpstreamError when the line is gone."""
        return await self._connection.receive()

    async def update(self, session: dict[str, Any]) -> str:
        """Send the whole session configuration.

        Whether a running session takes another voice is contradictory in what is published, and
        most likely not while it speaks. So everything else goes at once, and the voice after the
        response; `voice_refused` says when the service did not want it.
        """
        voice = session.get("voice")
        self._due = None
        changes = self._voice is not None and voice != self._voice
        if changes and self.gate.busy:
            self._due = session
            session = {**session, "voice": self._voice}
        self._update_event = await self._connection.send(
            {"type": "session.update", "session": session}
        )
        if self._due is None:
            self._voice_event = self._update_event if changes else ""
            self._voice_before, self._voice = self._voice, voice
        return self._update_event

    def update_refused(self, info: codec.ErrorInfo) -> bool:
        """Whether this error answers the last session.update."""
        refused = info.event_id != "" and info.event_id == self._update_event
        if refused and self._update_event == self._voice_event:
            self._voice = self._voice_before
        return refused

    def voice_refused(self, info: codec.ErrorInfo) -> bool:
        """Whether this error says that the session keeps the voice it had."""
        about_voice = not info.param or "voice" in info.param
        return self._voice_event != "" and info.event_id == self._voice_event and about_voice

    # ── the avatar ───────────────────────────────────────────────────────────────────────

    async def connect_avatar(self, sdp: str) -> str:
        """Send the browser's offer; return the avatar's answer.

        Raises MediaError: `avatar_timeout`, or the code of the service's error.
        """
        self._avatar = asyncio.get_running_loop().create_future()
        self._avatar_event = await self._connection.send(
            {"type": "session.avatar.connect", "client_sdp": codec.encode_offer(sdp)}
        )
        try:
            async with asyncio.timeout(self._settings.avatar_timeout_s):
                answer = await self._avatar
        except TimeoutError:
            raise MediaError(
                "avatar_timeout", "The avatar did not answer the offer in time."
            ) from None
        finally:
            self._avatar = None
        self.avatar_connected = True
        return answer

    def avatar_answered(self, event: Event) -> None:
        """Hand session.avatar.connecting to whoever waits; a second one is ignored."""
        if self._avatar is None or self._avatar.done():
            return
        try:
            self._avatar.set_result(codec.decode_answer(event.get("server_sdp")))
        except UpstreamError as error:
            self._avatar.set_exception(MediaError("avatar_answer", str(error)))

    def avatar_refused(self, info: codec.ErrorInfo) -> bool:
        """Whether this error answers our session.avatar.connect; then whoever waits is told."""
        waiting = self._avatar
        if waiting is None or waiting.done():
            return False
        named = info.event_id == self._avatar_event
        # Some errors of the avatar service carry no event id; their code tells.
        if not named and not (info.event_id == "" and info.code.startswith("avatar_")):
            return False
        after = f" Retry after {info.retry_after_s:g} s." if info.retry_after_s else ""
        waiting.set_exception(
            MediaError(info.code, f"The avatar service refused: {info.code}.{after}")
        )
        return True

    # ── speaking and hearing ─────────────────────────────────────────────────────────────

    async def append(self, pcm: bytes) -> None:
        """Send microphone audio: PCM16 mono 24 kHz."""
        await self._connection.send(
            {
                "type": "input_audio_buffer.append",
                "audio": base64.b64encode(pcm).decode("ascii"),
            }
        )

    async def commit(self) -> None:
        """End the visitor's turn by hand."""
        await self._connection.send({"type": "input_audio_buffer.commit"})

    async def clear_input(self) -> None:
        """Forget audio that was not committed."""
        await self._connection.send({"type": "input_audio_buffer.clear"})

    async def add_text(self, text: str, role: str = "user") -> None:
        """Add a message to the conversation."""
        kind = "text" if role == "assistant" else "input_text"
        await self._item(
            {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}
        )

    async def add_tool_output(self, call_id: str, output: str) -> None:
        """Answer a function call."""
        await self._item({"type": "function_call_output", "call_id": call_id, "output": output})

    async def _item(self, item: dict[str, Any]) -> None:
        await self._connection.send({"type": "conversation.item.create", "item": item})

    async def prime(self, turns: Sequence[FinishedTurn]) -> None:
        """Tell a new line what was said on the old one."""
        for turn in turns:
            if turn.speaker == "operator":
                await self.add_text(f"A member of staff told the visitor: {turn.text}", "system")
            else:
                await self.add_text(turn.text, "user" if turn.speaker == "visitor" else "assistant")

    async def respond(self, ask: Ask | None = None) -> None:
        """Have the model answer now, or as soon as the active response is done."""
        if not self.muted:
            await self._request(ask if ask is not None else {})

    async def _request(self, ask: Ask) -> None:
        if self.gate.ask(ask):
            await self._ask(ask)

    async def _ask(self, ask: Ask) -> None:
        event: dict[str, Any] = {"type": "response.create"}
        if ask:
            event["response"] = ask
        self.gate.sent(await self._connection.send(event), ask)

    async def say(self, text: str, *, person: bool = False) -> None:
        """Have `text` spoken word for word; with `person` the words are an operator's.

        Azure voices speak a pre-generated message; with OpenAI voices that stays text only
        (reported by users), so there the model is told to say it.
        """
        ask: Ask
        if codec.is_openai_voice(self._voice):
            ask = {
                "instructions": f"Say exactly this and nothing else: {text}",
                "tool_choice": "none",
            }
        else:
            ask = {
                "pre_generated_assistant_message": {
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "text", "text": text}],
                }
            }
        await self._request(PersonsWords(ask) if person else ask)

    async def response_done(self, response_id: str) -> None:
        """Note response.done and ask for what waited."""
        ask = self.gate.done(response_id)
        if self._due is not None and not self.gate.busy:
            await self.update(self._due)
        if ask is not None:
            await self._ask(ask)

    # ── interrupting ─────────────────────────────────────────────────────────────────────

    async def cancel(self) -> None:
        """Stop the active response's generation."""
        await self._connection.send({"type": "response.cancel"})

    async def interrupt(self, item_id: str | None, heard_ms: int) -> None:
        """Stop generation, empty the avatar's buffer, cut the item to what was heard.

        `response.cancel` alone leaves the avatar talking; the buffer needs its own clear.
        Source: Voice Live API reference, output_audio_buffer.clear.
        """
        if self.gate.active is not None:
            await self.cancel()
        if self.avatar_connected:
            await self._connection.send({"type": "output_audio_buffer.clear"})
        if item_id is not None:
            self._truncate_event = await self._connection.send(
                {
                    "type": "conversation.item.truncate",
                    "item_id": item_id,
                    "content_index": 0,
                    "audio_end_ms": heard_ms,
                }
            )

    def harmless(self, info: codec.ErrorInfo) -> bool:
        """Whether an error only says that an interruption came too late to matter.

        We measure what was heard from outside, so the service may know that the item was over
        by then and refuse to cut it; there is nothing left to cut.
        """
        return info.benign or (info.event_id != "" and info.event_id == self._truncate_event)

    async def aclose(self) -> None:
        """Close the line; whoever waits for the avatar is told."""
        if self._avatar is not None and not self._avatar.done():
            self._avatar.set_exception(MediaError("line_closed", "The line was closed."))
        await self._connection.aclose()


def _settings_refused(info: codec.ErrorInfo) -> UpstreamError:
    where = f" at {info.param}" if info.param else ""
    return UpstreamError(
        "refused",
        f"Voice Live refused the session's settings{where} ({info.code}); correct [upstream] in "
        "kiosk.toml.",
        retryable=info.code == "rate_limit_exceeded",
        retry_after=info.retry_after_s,
    )
