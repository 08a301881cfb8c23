"""Tests of how a visit opens: who the avatar is told to be, and how the greeting is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kiosk import events
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.site import SessionHandle
from kiosk.hooks.values import SessionConfig
from kiosk.model import Comfort, Greeting
from kiosk.session.context import VisitContext
from kiosk.session.opening import change_language, greet, language_name, session_settings
from kiosk.signaling import messages as m
from tests.unit.session.stage import staged


class Facts:
    """A plugin that adds to the instructions and brings a tool."""

    @hookimpl
    def instructions(self, session: SessionHandle) -> str:
        return f"  The visitor stands at the {session.kiosk.place}.  "

    @hookimpl
    def register_tools(self, register: object) -> None:
        assert callable(register)
        register(opening_hours)


async def opening_hours() -> str:
    """Say when the house is open."""
    return "ten to six"


async def test_instructions_join_site_plugins_and_the_screen() -> None:
    async with staged(Facts(), site={"name": "Quay", "instructions": "Be calm."}) as stage:
        stage.ctx.language = "de"
        session = await session_settings(stage.ctx)
    parts = session["instructions"].split("\n\n")
    assert parts[:2] == ["Be calm.", "The visitor stands at the entrance."]
    assert "Lobby" in parts[2]
    assert "Quay" in parts[2]
    assert "German" in parts[2]
    assert "computer" in parts[2]


async def test_the_session_has_the_plugins_tools_and_names_kiosk_and_visit() -> None:
    async with staged(Facts()) as stage:
        session = await session_settings(stage.ctx)
        assert [tool["name"] for tool in session["tools"]] == ["opening_hours"]
        assert session["metadata"] == {"kiosk": "lobby", "visit": stage.ctx.id}
        assert session["input_audio_transcription"]["language"] == "en"


for _code in ("ar-EG", "pt-BR"):
    language_name(_code)  # as at start, where every language of the site is read from the disk
VOICES = {"ar": "ar-SA-ZariyahNeural", "pt-BR": {"name": "pt-BR-FranciscaNeural", "rate": "0.9"}}


@pytest.mark.parametrize(
    ("language", "voice"),
    [
        ("en", "en-US-AndrewMultilingualNeural"),
        ("ar", "ar-SA-ZariyahNeural"),
        ("ar-EG", "ar-SA-ZariyahNeural"),
        ("pt", "en-US-AndrewMultilingualNeural"),
        ("pt-BR", "pt-BR-FranciscaNeural"),
    ],
)
async def test_a_language_has_its_own_voice_where_the_site_gave_it_one(
    language: str, voice: str
) -> None:
    async with staged(Facts(), upstream={"voices": VOICES}) as stage:
        stage.ctx.language = language
        session = await session_settings(stage.ctx)
    assert session["voice"]["name"] == voice
    assert session["voice"].get("rate") == ("0.9" if language == "pt-BR" else None)


async def test_another_language_tells_line_and_plugins_and_words_what_is_shown_anew() -> None:
    async with staged(Facts(), upstream={"voices": VOICES}) as stage:
        _, far = await stage.open_line()
        stage.ctx.notice(m.Notice(code="reconnecting", text=stage.ctx.text("notice.reconnecting")))
        stage.ctx.notice(m.Notice(code="idle", text="Still there?", seconds=9))
        stage.screen.messages.clear()
        await change_language(stage.ctx, "ar")
        await change_language(stage.ctx, "ar")
        session = (await far.next("session.update"))["session"]
        assert "Speak Arabic" in session["instructions"]
        assert session["voice"]["name"] == "ar-SA-ZariyahNeural"
        assert session["input_audio_transcription"]["language"] == "ar"
        arabic = stage.services.texts.get("ar", "notice.reconnecting")
        assert [notice.text for notice in stage.screen.all(m.Notice)] == [arabic]
        told = [event for event in stage.told() if isinstance(event, events.LanguageChanged)]
        assert [event.language for event in told] == ["ar"]


class Configures:
    """Changes the session as it is told."""

    def __init__(self, **changes: Any) -> None:
        self.changes = changes

    @hookimpl
    def register_tools(self, register: Any) -> None:
        register(opening_hours)

    @hookimpl
    def configure_session(self, session: SessionHandle, config: SessionConfig) -> Any:
        return replace(config, **self.changes)


async def configured(plugin: Configures, **upstream: Any) -> tuple[dict[str, Any], list[str]]:
    """Return the session of the session.update the service got, and what failed."""
    async with staged(plugin, upstream=upstream) as stage:
        _, far = await stage.open_line()
        failures = [item.kind for item in stage.services.hooks.failures]
        session: dict[str, Any] = far.received[0]["session"]
        return session, failures


async def test_hook_configure_session() -> None:
    plugin = Configures(
        voice="en-US-JennyNeural",
        character="harry",
        style="youthful",
        background_color="#112233FF",
        temperature=0.3,
        tools=(),
        phrases=("Quay",),
        silence_ms=900,
    )
    # Names to expect are for azure-speech only.
    hearing = {"transcription_model": "azure-speech"}
    session, failures = await configured(plugin, hearing=hearing)
    assert failures == []
    assert session["voice"]["name"] == "en-US-JennyNeural"
    avatar = session["avatar"]
    assert (avatar["character"], avatar["style"]) == ("harry", "youthful")
    assert avatar["video"]["background"]["color"] == "#112233FF"
    assert session["temperature"] == 0.3
    assert not session.get("tools")
    assert session["input_audio_transcription"]["phrase_list"] == ["Quay"]
    assert session["turn_detection"]["silence_duration_ms"] == 900


async def test_a_plugin_that_changes_nothing_changes_nothing() -> None:
    plain, failures = await configured(Configures())
    assert failures == []
    async with staged(Facts()) as stage:
        session = await session_settings(stage.ctx)
    for key in set(plain) | set(session):
        if key not in {"instructions", "metadata"}:
            assert plain.get(key) == session.get(key), key


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"voice": 5}, "returned SessionConfig with a wrong voice"),
        ({"tools": None}, "returned SessionConfig with a wrong tools"),
        ({"temperature": 99}, "returned a temperature that does not fit"),
        ({"background_color": "mauve-ish"}, "returned a avatar.background_color that does not fit"),
    ],
)
async def test_settings_that_do_not_fit_are_left_out_and_the_plugin_is_named(
    changes: dict[str, Any], kind: str
) -> None:
    session, failures = await configured(Configures(**changes))
    assert failures == [kind]
    assert [tool["name"] for tool in session["tools"]] == ["opening_hours"]


@pytest.mark.parametrize(
    ("code", "name"), [("en", "English"), ("de", "German"), ("pt-BR", "Portuguese (Brazil)")]
)
def test_models_are_told_languages_by_their_english_name(code: str, name: str) -> None:
    assert language_name(code) == name


async def test_a_greeting_is_spoken_word_for_word() -> None:
    async with staged() as stage:
        _, far = await stage.open_line()
        await greet(stage.ctx, Greeting("Welcome to the quay."))
        ask = (await far.next("response.create"))["response"]
    message = ask["pre_generated_assistant_message"]
    assert message["content"][0]["text"] == "Welcome to the quay."


async def test_an_improvised_greeting_tells_the_model_how() -> None:
    async with staged() as stage:
        _, far = await stage.open_line()
        await greet(stage.ctx, Greeting("Mention the rain.", improvise=True))
        ask = (await far.next("response.create"))["response"]
    assert "Mention the rain." in ask["instructions"]
    assert ask["tool_choice"] == "none"


async def test_with_nothing_to_say_or_nobody_to_say_it_nothing_is_asked() -> None:
    async with staged() as stage:
        await greet(stage.ctx, Greeting("Nobody hears this."))
        line, far = await stage.open_line()
        await greet(stage.ctx, None)
        await line.commit()
        await far.next("input_audio_buffer.commit")
        assert "response.create" not in far.kinds


@pytest.mark.parametrize(
    ("rate", "slow"), [(None, "0.80"), ("1.1", "0.88"), ("+10%", "0.88"), ("slow", "0.80")]
)
async def test_a_slower_voice_is_slower_than_the_sites_own(rate: str | None, slow: str) -> None:
    voice = {"name": "en-US-AvaNeural", "rate": rate}
    async with staged(upstream={"voice": voice}) as stage:
        stage.ctx.comfort = Comfort(pace="slow")
        session = await session_settings(stage.ctx)
        assert session["voice"]["rate"] == slow
        assert "slowly" in session["instructions"]


async def test_a_voice_without_a_speed_is_told_to_speak_slowly() -> None:
    async with staged(upstream={"voice": {"type": "openai", "name": "ash"}}) as stage:
        stage.ctx.comfort = Comfort(pace="slow")
        session = await session_settings(stage.ctx)
        assert "rate" not in session["voice"]
        assert "slowly" in session["instructions"]


async def test_children_are_spoken_with_as_children() -> None:
    async with staged(site={"wording": "children"}) as stage:
        assert "children" in (await session_settings(stage.ctx))["instructions"]
        assert stage.ctx.text("consent.decline") == "No, thanks"
    async with staged() as stage:
        assert "children" not in (await session_settings(stage.ctx))["instructions"]


@pytest.mark.parametrize("improvise", [False, True])
async def test_where_the_site_wants_it_the_notice_is_spoken_first(improvise: bool) -> None:
    async with staged(site={"spoken_notice": "greeting"}) as stage:
        _, far = await stage.open_line()
        await greet(stage.ctx, Greeting("Welcome.", improvise=improvise))
        ask = (await far.next("response.create"))["response"]
        text = ask["pre_generated_assistant_message"]["content"][0]["text"]
        assert text.startswith("You are talking with a computer")
        assert text.endswith("become text." if improvise else "Welcome.")


@pytest.mark.parametrize(
    ("avatar", "sent"),
    [
        ({}, {"color": "#1D1A17FF"}),
        ({"background_color": "#00FF00FF"}, {"color": "#00FF00FF"}),
        (
            {"background_image": "https://example.org/b.png"},
            {"image_url": "https://example.org/b.png"},
        ),
    ],
)
async def test_the_avatar_stands_on_the_theme_s_backdrop_unless_the_site_says_otherwise(
    avatar: dict[str, Any], sent: dict[str, str]
) -> None:
    async with staged(upstream={"avatar": avatar}) as stage:
        services = replace(stage.services, backdrops={"lobby": "#1d1a17"})
        stage.ctx.upstream = VisitContext(services, stage.ctx.kiosk, "en").upstream
        session = await session_settings(stage.ctx)
        background = session["avatar"]["video"]["background"]
        assert {name: value for name, value in background.items() if value} == sent


async def test_a_screen_is_told_its_own_instructions() -> None:
    kiosks = [{"id": "lobby", "name": "Lobby", "instructions": "Whisper."}]
    async with staged(kiosks=kiosks) as stage:
        session = await session_settings(stage.ctx)
    assert session["instructions"].startswith("Whisper.")
