"""Tests of how a visit opens: who the avatar is told to be, and how the greeting is asked for."""

from __future__ import annotations

import pytest

from kiosk.hooks.markers import hookimpl
from kiosk.hooks.site import SessionHandle
from kiosk.model import Greeting
from kiosk.session.opening import greet, language_name, session_settings
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
