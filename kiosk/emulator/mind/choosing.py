"""Which mind an emulator has, by its scenario; a chat endpoint's key is fetched here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kiosk.emulator.mind.endpoint import ChatMind
from kiosk.emulator.mind.interface import BuiltInMind, Mind
from kiosk.emulator.scenario.replies import MindSettings
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.errors import StartupError


def make_mind(scenario: Scenario, environment: Mapping[str, str]) -> Mind:
    """Return the built-in mind, or the chat endpoint the scenario names. Blocking: reads a file.

    `environment` is where `key_env` is looked up. Raises StartupError when the key is missing.
    """
    if scenario.mind is None:
        return BuiltInMind(scenario)
    return ChatMind(scenario, scenario.mind, _key(scenario.mind, environment))


def _key(settings: MindSettings, environment: Mapping[str, str]) -> str:
    if settings.key_env:
        key = environment.get(settings.key_env, "").strip()
        if not key:
            raise StartupError(
                f"the scenario's [mind] key_env names {settings.key_env}, which is not set; "
                "set that environment variable to the endpoint's key"
            )
        return key
    if not settings.key_file:
        return ""
    path = Path(settings.key_file)
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise StartupError(
            f"the scenario's [mind] key_file {path} cannot be read; put the endpoint's key there"
        ) from None
    if not key:
        raise StartupError(f"the scenario's [mind] key_file {path} is empty")
    return key
