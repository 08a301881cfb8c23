"""The visitor's side of one session: turns taken from the microphone, heard, and answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import structlog
from azure.ai.voicelive import models as sdk

from kiosk.clock import Clock
from kiosk.emulator.config.audio import check_late_changes, input_channels, input_warnings
from kiosk.emulator.config.config import SessionConfig
from kiosk.emulator.conversation.items import Conversation, Item, Part
from kiosk.emulator.hearing.audio import InputStream, is_silent
from kiosk.emulator.hearing.buffer import Hearing, InputSettings, VoiceActivity
from kiosk.emulator.hearing.turns import TurnSettings
from kiosk.emulator.hearing.words import without_hesitations
from kiosk.emulator.mind.phrases import expected_phrases
from kiosk.emulator.mind.tools import parse_tools
from kiosk.emulator.responses.desk import ResponseDesk
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.session.transcripts import DETAILS, failure_event, transcription_events
from kiosk.emulator.session.turn_events import TurnDesk
from kiosk.emulator.speech.parts import SAMPLE_RATE, Ears, Heard
from kiosk.emulator.speech.worker import EngineWorker
from kiosk.emulator.wire.codec import INVALID_VALUE, JSON, WireError, decode_base64
from kiosk.emulator.wire.handlers import Handlers
from kiosk.errors import KioskError
from kiosk.tasks import TaskSet

log = structlog.get_logger(__name__)

_UNDERSTAND_SECONDS = 10.0
"""Longest wait for the words of speech that is going on; then it counts as it sounds."""


class InputHost(Protocol):
    """What the visitor's side needs of its session."""

    conversation: Conversation
    limits: Limits
    clock: Clock
    scenario: Scenario

    def emit(self, model: type[sdk.ServerEvent], **fields: Any) -> JSON:
        """Queue a server event."""
        ...

    def refused(self, error: WireError, client_event_id: str | None) -> None:
        """Queue the error of a refused event."""
        ...

    def warn(self, code: str, text: str, param: str) -> None:
        """Queue a warning, once a session for each parameter."""
        ...


class SessionInput:
    """Listens to one session's microphone; `hearing.run()` is a task of the session."""

    def __init__(
        self,
        host: InputHost,
        config: SessionConfig,
        desk: ResponseDesk,
        *,
        new_vad: Callable[[], VoiceActivity],
        vad_worker: EngineWorker,
        ears: Ears,
        tasks: TaskSet,
    ) -> None:
        self._host = host
        self._config = config
        self._desk = desk
        self._ears = ears
        self._tasks = tasks
        self._utterances = 0
        self._has_audio = False
        self.hearing = Hearing(
            self,
            new_vad=new_vad,
            worker=vad_worker,
            limits=host.limits,
            settings=self._settings(),
        )
        self._turns = TurnDesk(self.hearing, host.limits, on_start=self._interrupt)

    def handlers(self) -> Handlers:
        """Return what takes the events of the input audio buffer and of turns by hand."""
        return {
            **self._turns.handlers(),
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.commit": self._commit,
            "input_audio_buffer.clear": self._clear,
        }

    async def _append(self, message: JSON, event_id: str | None) -> None:
        data = decode_base64(message["audio"], "audio", limit=self._host.limits.append_bytes)
        if input_channels(self._config.values) == 2 and len(data) % 4:
            # API reference, input_audio_buffer.append; the code of its error is not documented.
            raise WireError(
                INVALID_VALUE,
                "Stereo audio has a microphone and a reference sample each time; send a multiple "
                "of 4 bytes.",
                "audio",
            )
        self._has_audio = True
        await self.hearing.append(data, event_id)

    async def _commit(self, message: JSON, event_id: str | None) -> None:
        await self.hearing.commit(event_id)

    async def _clear(self, message: JSON, event_id: str | None) -> None:
        await self.hearing.clear()

    def check(self, changes: JSON) -> None:
        """Raise WireError for a change that comes too late, once audio has been sent."""
        if self._has_audio:
            check_late_changes(changes, self._config.values)

    def warn_of_limits(self) -> None:
        """Warn of settings that do not fit together, or that these ears cannot follow."""
        for code, text, param in input_warnings(self._config.values, self._ears.languages):
            self._host.warn(code, text, param)

    async def configure(self) -> None:
        """Take over the session's new format and turn detection, behind the audio already sent."""
        await self.hearing.configure(self._settings())

    def _settings(self) -> InputSettings:
        values, detection = self._config.values, self._config.turn_detection
        return InputSettings(
            sound=values["input_audio_format"],
            rate=values["input_audio_sampling_rate"],
            turns=TurnSettings.from_config(detection) if detection else None,
            channels=input_channels(values),
        )

    def _detection(self, name: str) -> bool:
        return bool((self._config.turn_detection or {}).get(name))

    def speech_started(self, start_ms: int, item_id: str) -> None:
        """Announce speech, and interrupt the assistant if the session wants it."""
        self._host.emit(
            sdk.ServerEventInputAudioBufferSpeechStarted, audio_start_ms=start_ms, item_id=item_id
        )
        self._interrupt()

    def _interrupt(self) -> None:
        self._utterances += 1
        if self._detection("interrupt_response"):
            appended = (self._config.turn_detection or {}).get("appended_text_after_truncation")
            self._desk.interrupt(
                auto_truncate=self._detection("auto_truncate"), appended_text=appended or ""
            )

    def ignores_fillers(self) -> bool:
        """Return whether filler words do not count as speech now, as something is being said."""
        return self._detection("remove_filler_words") and self._desk.sounding

    async def understand(self, pcm: bytes) -> Heard | None:
        """Return what audio says; None when that cannot be found out soon."""
        heard, failure = await self._hear(pcm, _UNDERSTAND_SECONDS)
        if failure:
            log.warning("speech that goes on was not understood", code=failure)
            return None
        return heard

    def speech_stopped(self, end_ms: int, item_id: str) -> None:
        """Announce the end of speech."""
        self._host.emit(
            sdk.ServerEventInputAudioBufferSpeechStopped, audio_end_ms=end_ms, item_id=item_id
        )

    def audio_committed(
        self, item_id: str, pcm: bytes, *, by_client: bool, heard: Heard | None = None
    ) -> None:
        """Make the user's item, begin to transcribe it, and answer if turns are automatic."""
        conversation = self._host.conversation
        previous = conversation.last_id
        self._host.emit(
            sdk.ServerEventInputAudioBufferCommitted, previous_item_id=previous, item_id=item_id
        )
        part = Part(kind="input_audio")
        item = Item(id=item_id, kind="message", role="user", parts=[part])
        conversation.add(item)

        def announce() -> None:
            self._host.emit(
                sdk.ServerEventConversationItemCreated,
                previous_item_id=previous,
                item=item.as_model(),
            )

        # Recorded: with a cascaded model an item is told once its words are known, with them.
        later = self._config.family.words_first and self._transcribes()
        if not later:
            announce()
        words = self._listen(
            item, part, pcm, tell=True, known=heard, announce=announce if later else None
        )
        if not by_client and self._detection("create_response"):
            self._tasks.spawn(self._answer_turn(words), name="turn")

    def buffer_cleared(self) -> None:
        """Confirm a clear."""
        self._host.emit(sdk.ServerEventInputAudioBufferCleared)

    def refused(self, error: WireError, client_event_id: str | None) -> None:
        """Pass on a refusal."""
        self._host.refused(error, client_event_id)

    def listen_to_item(self, item: Item, part: Part, audio: bytes) -> None:
        """Hear the audio of an item that the client made itself; only the mind learns the words."""
        values = self._config.values
        # Mono even when the microphone is not: an item has no echo.
        stream = InputStream(values["input_audio_format"], values["input_audio_sampling_rate"], 1)
        _ = self._listen(item, part, stream.feed(audio), tell=False)

    def _transcribes(self) -> bool:
        return self._config.values["input_audio_transcription"] is not None

    def _listen(
        self,
        item: Item,
        part: Part,
        pcm: bytes,
        *,
        tell: bool,
        known: Heard | None = None,
        announce: Callable[[], None] | None = None,
    ) -> asyncio.Future[str]:
        words: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        part.heard = words
        part.audio_ms = len(pcm) // 2 * 1000 // SAMPLE_RATE
        work = self._transcribe(item, part, words, pcm, tell=tell, known=known, announce=announce)
        self._tasks.spawn(work, name="transcription")
        return words

    async def _transcribe(
        self,
        item: Item,
        part: Part,
        words: asyncio.Future[str],
        pcm: bytes,
        *,
        tell: bool,
        known: Heard | None,
        announce: Callable[[], None] | None,
    ) -> None:
        """Turn an item's audio into words for the mind, and for the client if it asked."""
        transcription = self._config.values["input_audio_transcription"] if tell else None
        heard, failure = known or Heard(), ""
        try:
            if known is None:
                heard, failure = await self._hear(pcm, self._host.limits.transcription_seconds)
            if self._detection("remove_filler_words"):
                heard = without_hesitations(heard)
        finally:
            words.set_result(heard.text)
        if failure:
            log.warning("transcription failed", code=failure, item_id=item.id)
        if transcription is None:
            if announce is not None:
                announce()
            return
        delay_ms = self._host.scenario.transcription_delay_ms
        if delay_ms:
            await self._host.clock.sleep(delay_ms / 1000)
        self._tell(item, part, heard, failure, transcription)
        if announce is not None:
            announce()

    async def _hear(self, pcm: bytes, seconds: float) -> tuple[Heard, str]:
        """Return what was heard and, when it could not be heard, the code of why."""
        if is_silent(pcm):
            return Heard(), ""
        detailed = bool(DETAILS & self._include())
        try:
            async with asyncio.timeout(seconds):
                return await self._ears.hear(pcm, phrases=self._phrases(), detailed=detailed), ""
        except TimeoutError:
            return Heard(), "timeout"
        except KioskError as error:
            return Heard(), error.code

    def _include(self) -> frozenset[str]:
        return frozenset(self._config.values.get("include") or ())

    def _phrases(self) -> tuple[str, ...]:
        """Return what the visitor may be expected to say: told, or guessed from the functions."""
        told = (*self._host.scenario.phrases, *self._config.phrases())
        return told or expected_phrases(parse_tools(self._config.tools, self._config.instructions))

    def _tell(
        self, item: Item, part: Part, heard: Heard, failure: str, transcription: JSON
    ) -> None:
        index = item.parts.index(part)
        if failure:
            model, fields = failure_event(failure, item_id=item.id, content_index=index)
            self._host.emit(model, **fields)
            return
        part.text = heard.text
        for model, fields in transcription_events(
            heard,
            item_id=item.id,
            content_index=index,
            include=self._include(),
            transcription=transcription,
        ):
            self._host.emit(model, **fields)

    async def _answer_turn(self, words: asyncio.Future[str]) -> None:
        """Answer an utterance of our own accord, unless the visitor went on speaking meanwhile."""
        utterance = self._utterances
        await asyncio.wait([words])
        # Once more around the loop: the words are announced before they are answered.
        await self._host.clock.sleep(0)
        await self._desk.wait_idle()
        if utterance == self._utterances:
            self._desk.answer()
