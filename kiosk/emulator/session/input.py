"""The visitor's side of one session: turns taken from the microphone, heard, and answered."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, Protocol

import structlog
from azure.ai.voicelive import models as sdk

from kiosk.clock import Clock
from kiosk.emulator.config.config import SessionConfig
from kiosk.emulator.conversation.items import Conversation, Item, Part
from kiosk.emulator.hearing.audio import InputDecoder, is_silent
from kiosk.emulator.hearing.buffer import Hearing, InputSettings, VoiceActivity
from kiosk.emulator.hearing.turns import TurnSettings
from kiosk.emulator.mind.phrases import expected_phrases
from kiosk.emulator.mind.tools import parse_tools
from kiosk.emulator.responses.desk import ResponseDesk
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.parts import SAMPLE_RATE, Ears
from kiosk.emulator.speech.worker import EngineWorker
from kiosk.emulator.wire.codec import JSON, WireError, decode_base64
from kiosk.emulator.wire.handlers import Handlers
from kiosk.errors import KioskError
from kiosk.tasks import TaskSet

log = structlog.get_logger(__name__)

_FILLER = re.compile(r"\b(?:u+h+m*|u+m+|e+r+m*|h+m+)\b[,.]?\s*", re.IGNORECASE)


def without_fillers(words: str) -> str:
    """Return a transcript without "um", "uh" and the like."""
    return _FILLER.sub("", words).strip()


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
        self.hearing = Hearing(
            self,
            new_vad=new_vad,
            worker=vad_worker,
            limits=host.limits,
            settings=self._settings(),
        )

    def handlers(self) -> Handlers:
        """Return what takes the events of the input audio buffer."""
        return {
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.commit": self._commit,
            "input_audio_buffer.clear": self._clear,
        }

    async def _append(self, message: JSON, event_id: str | None) -> None:
        data = decode_base64(message["audio"], "audio", limit=self._host.limits.append_bytes)
        await self.hearing.append(data, event_id)

    async def _commit(self, message: JSON, event_id: str | None) -> None:
        await self.hearing.commit(event_id)

    async def _clear(self, message: JSON, event_id: str | None) -> None:
        await self.hearing.clear()

    async def configure(self) -> None:
        """Take over the session's new format and turn detection, behind the audio already sent."""
        await self.hearing.configure(self._settings())

    def _settings(self) -> InputSettings:
        values, detection = self._config.values, self._config.turn_detection
        return InputSettings(
            sound=values["input_audio_format"],
            rate=values["input_audio_sampling_rate"],
            turns=TurnSettings.from_config(detection) if detection else None,
        )

    def _detection(self, name: str) -> bool:
        return bool((self._config.turn_detection or {}).get(name))

    def speech_started(self, start_ms: int, item_id: str) -> None:
        """Announce speech, and interrupt the assistant if the session wants it."""
        self._utterances += 1
        self._host.emit(
            sdk.ServerEventInputAudioBufferSpeechStarted, audio_start_ms=start_ms, item_id=item_id
        )
        if self._detection("interrupt_response"):
            self._desk.interrupt(auto_truncate=self._detection("auto_truncate"))

    def speech_stopped(self, end_ms: int, item_id: str) -> None:
        """Announce the end of speech."""
        self._host.emit(
            sdk.ServerEventInputAudioBufferSpeechStopped, audio_end_ms=end_ms, item_id=item_id
        )

    def audio_committed(self, item_id: str, pcm: bytes, *, by_client: bool) -> None:
        """Make the user's item, begin to transcribe it, and answer if turns are automatic."""
        conversation = self._host.conversation
        previous = conversation.last_id
        self._host.emit(
            sdk.ServerEventInputAudioBufferCommitted, previous_item_id=previous, item_id=item_id
        )
        part = Part(kind="input_audio")
        item = Item(id=item_id, kind="message", role="user", parts=[part])
        conversation.add(item)
        self._host.emit(
            sdk.ServerEventConversationItemCreated, previous_item_id=previous, item=item.as_model()
        )
        heard = self._listen(item, part, pcm, tell=True)
        if not by_client and self._detection("create_response"):
            self._tasks.spawn(self._answer_turn(heard), name="turn")

    def buffer_cleared(self) -> None:
        """Confirm a clear."""
        self._host.emit(sdk.ServerEventInputAudioBufferCleared)

    def refused(self, error: WireError, client_event_id: str | None) -> None:
        """Pass on a refusal."""
        self._host.refused(error, client_event_id)

    def listen_to_item(self, item: Item, part: Part, audio: bytes) -> None:
        """Hear the audio of an item that the client made itself; only the mind learns the words."""
        values = self._config.values
        decoder = InputDecoder(values["input_audio_format"], values["input_audio_sampling_rate"])
        _ = self._listen(item, part, decoder.feed(audio), tell=False)

    def _listen(self, item: Item, part: Part, pcm: bytes, *, tell: bool) -> asyncio.Future[str]:
        heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        part.heard = heard
        part.audio_ms = len(pcm) // 2 * 1000 // SAMPLE_RATE
        self._tasks.spawn(self._transcribe(item, part, heard, pcm, tell), name="transcription")
        return heard

    async def _transcribe(
        self, item: Item, part: Part, heard: asyncio.Future[str], pcm: bytes, tell: bool
    ) -> None:
        """Turn an item's audio into words for the mind, and for the client if it asked."""
        wanted = tell and self._config.values["input_audio_transcription"] is not None
        words, failure = "", ""
        phrases = self._phrases()
        try:
            async with asyncio.timeout(self._host.limits.transcription_seconds):
                if not is_silent(pcm):
                    words = await self._ears.transcribe(pcm, phrases=phrases)
        except TimeoutError:
            failure = "timeout"
        except KioskError as error:
            failure = error.code
        finally:
            if self._detection("remove_filler_words"):
                words = without_fillers(words)
            heard.set_result(words)
        if failure:
            log.warning("transcription failed", code=failure, item_id=item.id)
        if wanted:
            self._tell(item, part, words, failure)

    def _phrases(self) -> tuple[str, ...]:
        """Return what the visitor may be expected to say: told, or guessed from the functions."""
        told = (*self._host.scenario.phrases, *self._config.phrases())
        return told or expected_phrases(parse_tools(self._config.tools, self._config.instructions))

    def _tell(self, item: Item, part: Part, words: str, failure: str) -> None:
        where: JSON = {"item_id": item.id, "content_index": item.parts.index(part)}
        if failure:
            details = sdk.VoiceLiveErrorDetails(
                code=failure, message="The audio could not be transcribed.", type="server_error"
            )
            failed = sdk.ServerEventConversationItemInputAudioTranscriptionFailed
            self._host.emit(failed, error=details, **where)
            return
        part.text = words
        completed = sdk.ServerEventConversationItemInputAudioTranscriptionCompleted
        self._host.emit(completed, transcript=words, **where)

    async def _answer_turn(self, heard: asyncio.Future[str]) -> None:
        """Answer an utterance of our own accord, unless the visitor went on speaking meanwhile."""
        utterance = self._utterances
        await asyncio.wait([heard])
        # Once more around the loop: the words are announced before they are answered.
        await self._host.clock.sleep(0)
        await self._desk.wait_idle()
        if utterance == self._utterances:
            self._desk.answer()
