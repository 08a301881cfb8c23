"""The session's configuration: defaults, what an update may change, and what is echoed back."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from azure.ai.voicelive import models as sdk

from kiosk.emulator.config.agent import check_agent_owns
from kiosk.emulator.config.audio import check_input, check_turn_detection, filled_turn_detection
from kiosk.emulator.config.avatar import avatar_not_emulated, check_avatar, filled_avatar
from kiosk.emulator.config.family import family_of, first_values, told
from kiosk.emulator.config.interim import check_interim, filled_interim
from kiosk.emulator.config.tools import check_tools, without_credentials
from kiosk.emulator.config.values import (
    check_metadata,
    check_temperature,
    check_tokens,
    refuse,
)
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.speech.voices import not_emulated as voice_not_emulated
from kiosk.emulator.wire.codec import JSON

# Accepted because clients of the real service send them, without effect on what the emulator does.
_NOT_EMULATED = (("input_audio_noise_reduction", "noise reduction"),)


class SessionConfig:
    """What the session is set to. `values` is the JSON a `session.updated` carries."""

    def __init__(
        self, *, session_id: str, model: str | None, agent: JSON | None, expires_at: int
    ) -> None:
        self.agent_mode = agent is not None
        self.family = family_of(model, agent=self.agent_mode)
        self.values: JSON = first_values(self.family, model)
        self.values["id"] = session_id
        self.values["model"] = model
        self.values["expires_at"] = expires_at
        first = self.family.first_detection
        self.values["turn_detection"] = filled_turn_detection(first)
        self._given = frozenset(first)
        if agent is not None:
            self.values["agent"] = agent
            # The agent owns its instructions; the client never sees them.
            del self.values["instructions"]

    def apply(self, changes: JSON, *, ice_servers: list[JSON], limits: Limits) -> None:
        """Take over the fields present in a `session.update`, all of them or none.

        A field that is present replaces the old one whole; one that is absent stays (SDK model;
        whether the service merges nested objects is unsure). Raises WireError naming the field.
        """
        _check(changes, self.values, limits)
        if self.agent_mode:
            check_agent_owns(changes, "session")
        updated = deepcopy(changes)
        if updated.get("turn_detection") is not None:
            detection = updated["turn_detection"]
            self._given = frozenset(n for n, setting in detection.items() if setting is not None)
            updated["turn_detection"] = filled_turn_detection(updated["turn_detection"])
        if updated.get("avatar") is not None:
            updated["avatar"] = filled_avatar(updated["avatar"], ice_servers, self.avatar)
        if updated.get("interim_response") is not None:
            updated["interim_response"] = filled_interim(updated["interim_response"])
        if "input_audio_format" in updated and "input_audio_sampling_rate" not in updated:
            is_pcm = updated["input_audio_format"] == "pcm16"
            updated["input_audio_sampling_rate"] = 24_000 if is_pcm else 8_000
        for name, value in updated.items():
            if value is None and name not in _NULLABLE:
                value = first_values(self.family, self.values["model"]).get(name)
            self.values[name] = value
        if self.avatar is not None and "avatar" not in self.values["modalities"]:
            # Seen live: the service adds the modality itself.
            self.values["modalities"] = [*self.values["modalities"], "avatar"]

    def as_model(self) -> sdk.ResponseSession:
        """Return what `session.created` and `session.updated` carry."""
        tools = without_credentials(self.tools)
        shown = told(self.family, self.values, self._given)
        return sdk.ResponseSession({**shown, "tools": tools})

    @property
    def avatar(self) -> JSON | None:
        """The avatar's configuration with the service's defaults filled in, if there is one."""
        value: JSON | None = self.values["avatar"]
        return value

    @property
    def turn_detection(self) -> JSON | None:
        """Turn detection with its defaults filled in; None when turns are taken by hand."""
        value: JSON | None = self.values["turn_detection"]
        return value

    @property
    def instructions(self) -> str:
        """The session's instructions, "" in agent mode."""
        return str(self.values.get("instructions") or "")

    @property
    def tools(self) -> list[JSON]:
        """The declared functions and MCP servers, with their credentials."""
        tools: list[JSON] = self.values["tools"]
        return tools

    def phrases(self) -> tuple[str, ...]:
        """Return the phrase hints of the transcription, if any."""
        transcription = self.values["input_audio_transcription"] or {}
        return tuple(transcription.get("phrase_list") or ())

    def not_emulated(self) -> list[tuple[str, str]]:
        """Return (parameter, what it is) of settings that are accepted without effect here."""
        found = []
        for name, what in _NOT_EMULATED:
            if self.values.get(name) is not None:
                found.append((f"session.{name}", what))
        found += voice_not_emulated(self.values["voice"])
        found += avatar_not_emulated(self.avatar)
        return found


_NULLABLE = {
    "turn_detection",
    "avatar",
    "input_audio_noise_reduction",
    "input_audio_echo_cancellation",
    "input_audio_transcription",
}


def _check(new: JSON, current: Mapping[str, Any], limits: Limits) -> None:
    """Check what the models cannot say: ranges, combinations, and what is not emulated yet."""
    if new.get("model") not in (None, current["model"]):
        raise refuse("session.model", "the model of a session cannot be changed; connect again")
    if len(new.get("instructions") or "") > limits.text_characters:
        raise refuse(
            "session.instructions", f"at most {limits.text_characters} characters are kept"
        )
    if new.get("interim_response") is not None:
        model = None if "agent" in current else current["model"]
        check_interim(new["interim_response"], "session.interim_response", model, limits)
    modalities = new.get("modalities")
    if modalities is not None and "text" not in modalities:
        raise refuse("session.modalities", "'text' must be among them")
    check_temperature(new.get("temperature"), "session.temperature")
    check_tokens(new.get("max_response_output_tokens"), "session.max_response_output_tokens")
    check_metadata(new.get("metadata"), "session.metadata")
    check_tools(new.get("tools"), "session.tools", limits)
    check_input(new, current)
    if new.get("turn_detection") is not None:
        check_turn_detection(new["turn_detection"])
    if new.get("avatar") is not None:
        check_avatar(new["avatar"])
