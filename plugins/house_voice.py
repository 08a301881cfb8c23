"""Another voice, background or patience by language and place; changes nothing until it has rules.

A rule whose language and places fit is laid over the site's own settings; the last one wins. What
does not fit the service is left out, and the plugin page says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from kiosk import hookimpl
from kiosk.hooks.site import SessionHandle, Site
from kiosk.hooks.specs import RegisterSettings
from kiosk.hooks.values import SessionConfig


class Rule(BaseModel):
    """Where it counts, and what it changes; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    languages: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    voice: str | None = None
    background_color: str | None = Field(None, pattern=r"^#[0-9A-Fa-f]{8}$")
    temperature: float | None = Field(None, ge=0, le=2)
    silence_ms: int | None = Field(None, ge=100, le=5000)
    phrases: tuple[str, ...] = Field((), max_length=100)

    def counts(self, language: str, place: str) -> bool:
        """Whether it counts for a visit in `language` at `place`."""
        base = language.partition("-")[0]
        in_language = not self.languages or language in self.languages or base in self.languages
        return in_language and (not self.places or place in self.places)


class VoiceSettings(BaseModel):
    """`[plugins.house_voice]`: rules as `[[plugins.house_voice.rules]]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[Rule, ...] = Field((), max_length=50)


@hookimpl
def register_settings(register: RegisterSettings) -> None:
    """The rules."""
    register(VoiceSettings)


@hookimpl
def configure_session(
    site: Site, session: SessionHandle, config: SessionConfig
) -> SessionConfig | None:
    """Lay every rule that counts over what the site has."""
    changed = config
    for rule in site.settings(VoiceSettings).rules:
        if not rule.counts(session.language, session.kiosk.place):
            continue
        values: dict[str, Any] = rule.model_dump(
            include={"voice", "background_color", "temperature", "silence_ms"}, exclude_none=True
        )
        changed = replace(changed, **values, phrases=(*changed.phrases, *rule.phrases))
    return None if changed == config else changed
