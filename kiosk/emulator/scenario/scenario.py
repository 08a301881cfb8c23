"""A scenario: what one emulator demands, says, calls and breaks, read from a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kiosk.emulator.scenario.faults import MAXIMUM_FAULTS, Fault
from kiosk.emulator.scenario.replay import Replay
from kiosk.emulator.scenario.replies import MindSettings, Reply, Text
from kiosk.emulator.scenario.service import Service
from kiosk.errors import SettingsError

_MAXIMUM_REPLIES = 1_000
_MAXIMUM_BYTES = 1024 * 1024


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class IceServer(_Part):
    """One entry of `session.avatar.ice_servers`."""

    urls: tuple[str, ...] = Field(
        min_length=1, description='Addresses, such as "turn:relay.example:3478?transport=udp".'
    )
    username: str | None = Field(default=None, description="For a TURN server.")
    credential: str | None = Field(default=None, description="For a TURN server.")


class Scenario(_Part):
    """One emulator's behaviour. The empty scenario is the default mind and no faults."""

    name: str = Field(default="default", description="Shown at the start and in the log.")
    language: str = "en-US"
    phrases: tuple[str, ...] = Field(
        default=(), description="What visitors are expected to say; helps hearing with a grammar."
    )
    greeting: Text = Field(default="", description="Said when the session asks for a greeting.")
    otherwise: Text = Field(
        default="", description="Said when no reply fits; empty: the default mind answers."
    )
    reply_delay_ms: int = Field(default=0, ge=0, le=60_000, description="Wait before each answer.")
    generation_speed: float = Field(
        default=4.0,
        gt=0,
        le=1_000,
        description="How much faster than speech replies are generated.",
    )
    transcription_delay_ms: int = Field(
        default=0,
        ge=0,
        le=60_000,
        description="How much later than the mind the client learns what was said. The service "
        "transcribes beside the answer, so its words may come after the answer began.",
    )
    interruption_clears_avatar: bool = Field(
        default=True,
        description="Whether automatic barge-in also silences the avatar. The service's behaviour "
        "is not documented; false catches clients that never send output_audio_buffer.clear.",
    )
    second_avatar_connect: Literal["replace", "refuse"] = Field(
        default="replace",
        description="What a second session.avatar.connect does; one project saw it not work.",
    )
    ice_servers: tuple[IceServer, ...] | None = Field(
        default=None, description="Told to clients; by default the emulator's own STUN server."
    )
    mind: MindSettings | None = Field(
        default=None, description="A chat endpoint that answers where no reply fits."
    )
    service: Service = Field(
        default_factory=Service, description="What the resource demands and allows."
    )
    replay: Replay | None = Field(
        default=None, description="Answers from a recording instead of thinking."
    )
    replies: Annotated[tuple[Reply, ...], Field(max_length=_MAXIMUM_REPLIES)] = Field(
        default=(), description="What is answered to which words; the first that fits."
    )
    faults: Annotated[tuple[Fault, ...], Field(max_length=MAXIMUM_FAULTS)] = Field(
        default=(), description="What goes wrong, and when."
    )


def load_scenario(path: Path) -> Scenario:
    """Read a scenario, or raise SettingsError: one sentence naming the file, the place and why."""
    try:
        if path.stat().st_size > _MAXIMUM_BYTES:
            raise SettingsError(f"scenario {path} is larger than 1 MB; split it")
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"scenario {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"scenario {path} is not UTF-8 text; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"scenario {path} is not valid TOML: {error}") from None
    scenario = parse_scenario(data, str(path))
    if scenario.replay is None:
        return scenario
    file = path.parent / scenario.replay.file
    return scenario.model_copy(update={"replay": scenario.replay.model_copy(update={"file": file})})


def parse_scenario(data: dict[str, Any], source: str) -> Scenario:
    """Return a scenario from its parsed TOML, or raise SettingsError naming place and reason."""
    try:
        return Scenario.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = _place(first["loc"], data, missing=first["type"] == "missing") or "the top level"
        reason = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            reason = "there is no such key"
        raise SettingsError(f"scenario {source}: {place}: {reason}") from None


def _place(location: tuple[int | str, ...], data: Any, *, missing: bool) -> str:
    """Return where a mistake is, as it is in the file: pydantic also names its own types."""
    parts: list[str] = []
    for index, part in enumerate(location):
        if isinstance(data, dict):
            if part not in data and not (missing and index + 1 == len(location)):
                continue
            data = data.get(part)
        elif isinstance(data, (list, tuple)) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            continue
        parts.append(str(part))
    return ".".join(parts)
