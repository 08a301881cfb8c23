"""A scenario: what one emulator demands, says, calls and breaks, read from a TOML file."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from kiosk.emulator.scenario.faults import Fault
from kiosk.errors import SettingsError

_MAXIMUM_REPLIES = 1_000
_MAXIMUM_BYTES = 1024 * 1024


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Call(_Part):
    """A function call that a reply makes."""

    name: str = Field(description="Name of a function the session declares.")
    arguments: dict[str, Any] = Field(default_factory=dict)


class Reply(_Part):
    """What is answered when the visitor's words fit.

    `match` is a regular expression searched in what was said, without regard to case. `keywords`
    fit when every one of them was said, in any form ("toilet" fits "toilets"). Give either.
    """

    match: str = ""
    keywords: tuple[str, ...] = ()
    say: str = Field(default="", description="Said at once; with a call, said before it.")
    call: Call | None = Field(
        default=None, description="Function to call; skipped if not declared."
    )
    after: str = Field(
        default="", description="Said with the function's output; {output} stands for the output."
    )
    delay_ms: int = Field(default=0, ge=0, le=60_000, description="Wait before answering.")
    once: bool = Field(default=False, description="Fits the first time only in each session.")

    @field_validator("match")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return value

    @model_validator(mode="after")
    def _whole(self) -> Reply:
        if bool(self.match) == bool(self.keywords):
            raise ValueError("give either match or keywords")
        if not self.say and self.call is None:
            raise ValueError("give say, call or both")
        return self


class IceServer(_Part):
    """One entry of `session.avatar.ice_servers`."""

    urls: tuple[str, ...] = Field(min_length=1)
    username: str | None = None
    credential: str | None = None


class Scenario(_Part):
    """One emulator's behaviour. The empty scenario is the default mind and no faults."""

    name: str = "default"
    language: str = "en-US"
    api_key: str | None = Field(
        default=None, description="The only key accepted; bearer tokens are then refused with 403."
    )
    phrases: tuple[str, ...] = Field(
        default=(), description="What visitors are expected to say; helps hearing with a grammar."
    )
    greeting: str = Field(default="", description="Said when the session asks for a greeting.")
    otherwise: str = Field(
        default="", description="Said when no reply fits; empty: the default mind answers."
    )
    reply_delay_ms: int = Field(default=0, ge=0, le=60_000, description="Wait before each answer.")
    generation_speed: float = Field(
        default=4.0,
        gt=0,
        le=1_000,
        description="How much faster than speech replies are generated.",
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
    replies: Annotated[tuple[Reply, ...], Field(max_length=_MAXIMUM_REPLIES)] = ()
    faults: Annotated[tuple[Fault, ...], Field(max_length=100)] = ()


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
    return parse_scenario(data, str(path))


def parse_scenario(data: dict[str, Any], source: str) -> Scenario:
    """Return a scenario from its parsed TOML, or raise SettingsError naming place and reason."""
    try:
        return Scenario.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the top level"
        reason = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            reason = "there is no such key"
        raise SettingsError(f"scenario {source}: {place}: {reason}") from None
