"""The sections: every setting explained, every default inside its own limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from kiosk.settings import Settings, sections, upstream
from kiosk.settings.base import Section
from kiosk.settings.places import KioskSettings
from kiosk.settings.sections import HookSettings, ServerSettings, SiteSettings

SECTIONS = [
    thing
    for module in (sections, upstream)
    for thing in vars(module).values()
    if isinstance(thing, type) and issubclass(thing, Section)
    if thing is not Section and not thing.__name__.startswith("_")
]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_every_setting_says_what_it_is(section: type[BaseModel]) -> None:
    assert section.__doc__
    for name, field in section.model_fields.items():
        text = field.description or ""
        assert text.endswith("."), f"{section.__name__}.{name}: the docs table prints this sentence"


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_defaults_are_inside_their_own_limits(section: type[BaseModel]) -> None:
    required = {name for name, field in section.model_fields.items() if field.is_required()}
    if not required:
        made = section()
        section.model_validate(made.model_dump(exclude_unset=True))
        again = {
            name: value for name, value in made.model_dump().items() if value not in (None, [])
        }
        section.model_validate(again)


def test_every_section_is_in_the_settings() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, f"{name}: the docs print this sentence"


@pytest.mark.parametrize("languages", [["en", "de"], ["pt-BR"], ["zh-Hans-CN", "yue"]])
def test_languages_are_codes(languages: list[str]) -> None:
    assert SiteSettings(languages=languages).languages == languages


@pytest.mark.parametrize(
    ("languages", "sentence"),
    [
        ([], "at least 1 item"),
        (["english"], "'english' is no language code; write `en` or `pt-BR`"),
        (["EN"], "no language code"),
        (["en_GB"], "no language code"),
        (["../de"], "no language code"),
        (["en", "en"], "a language is listed twice"),
    ],
)
def test_what_is_no_language_is_refused(languages: list[str], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        SiteSettings(languages=languages)


@pytest.mark.parametrize("kiosk_id", ["", "Lobby", "a/b", "../x", "a" * 49, "-a", "a b"])
def test_a_kiosks_id_fits_into_an_address(kiosk_id: str) -> None:
    with pytest.raises(ValidationError):
        KioskSettings(id=kiosk_id, name="Lobby")


@pytest.mark.parametrize(
    ("section", "values"),
    [
        (ServerSettings, {"port": -1}),
        (ServerSettings, {"port": 65_536}),
        (ServerSettings, {"max_socket_bytes": 64_000}),
        (HookSettings, {"queue": 0}),
        (HookSettings, {"slow_ms": 0}),
    ],
)
def test_limits_hold(section: type[BaseModel], values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        section(**values)


def test_a_socket_message_may_hold_the_largest_offer() -> None:
    from kiosk.signaling.messages import MAX_MICROPHONE_BYTES, MAX_SDP_CHARS

    assert ServerSettings().max_socket_bytes > max(MAX_SDP_CHARS, MAX_MICROPHONE_BYTES)


def test_the_folder_of_plugins_is_a_path() -> None:
    assert HookSettings.model_validate({"dir": "plugins"}).dir == Path("plugins")
