"""Tests of the visit a test talks to: what it notes of the wire, and what it says when it waits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from kiosk.clock import SystemClock
from kiosk.emulator.speech.engines import Engines
from kiosk.signaling import messages as m
from kiosk.testing.visit import FRAME_BYTES, Visit


class Server:
    """A kiosk server that a test plays by hand."""

    def __init__(self) -> None:
        self.frames: list[str | bytes] = []
        self.ws: web.WebSocketResponse
        self.connected = asyncio.Event()

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        self.ws = web.WebSocketResponse(timeout=0.5)
        await self.ws.prepare(request)
        self.connected.set()
        async for frame in self.ws:
            self.frames.append(frame.data)
        return self.ws

    async def send(self, message: m.ServerMessage) -> None:
        await self.ws.send_str(m.dump(message))

    def kinds(self) -> list[str]:
        return [json.loads(frame)["type"] for frame in self.frames if isinstance(frame, str)]


@asynccontextmanager
async def visiting(engines: Engines) -> AsyncIterator[tuple[Server, Visit]]:
    server = Server()
    app = web.Application()
    app.router.add_get("/", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        async with aiohttp.ClientSession() as http:
            socket = await http.ws_connect(f"http://127.0.0.1:{runner.addresses[0][1]}/")
            visit = Visit(socket, SystemClock(), engines, media=False)
            visit.start()
            await server.connected.wait()
            try:
                yield server, visit
            finally:
                await visit.aclose()
    finally:
        await runner.cleanup()


async def test_it_notes_what_the_screen_would_show(engines: Engines) -> None:
    async with visiting(engines) as (server, visit):
        assert visit.state == "attract"
        for message in (
            m.Visit(id="visit_1", resume="resume_1"),
            m.State(state="connecting"),
            m.State(state="greeting", media="text"),
            m.ShowCard(id="map", kind="text", title="Map", html="<p>"),
            m.ShowCard(id="hours", kind="text", title="Hours", html="<p>"),
            m.HideCard(id="map"),
            m.Notice(code="idle", text="Still there?"),
            m.NoticeGone(code="idle"),
            m.Notice(code="text_only", text="No picture."),
            m.Caption(turn="v1", speaker="visitor", text="Hello", final=True),
            m.Ended(reason="idle"),
        ):
            await server.send(message)
        await visit.until(lambda v: v.ended is not None, "the end")
        assert (visit.id, visit.resume, visit.ended) == ("visit_1", "resume_1", "idle")
        assert (visit.states, visit.state, visit.media) == (
            ["connecting", "greeting"],
            "greeting",
            "text",
        )
        assert list(visit.cards) == ["hours"]
        assert list(visit.notices) == ["text_only"]
        assert visit.lines("visitor") == ["Hello"]


async def test_each_answer_is_heard_once_and_only_when_it_is_finished(engines: Engines) -> None:
    async with visiting(engines) as (server, visit):
        await server.send(m.Caption(turn="a1", speaker="avatar", text="Hel"))
        with pytest.raises(AssertionError, match="no answer"):
            await visit.heard(within=0.05)
        await server.send(m.Caption(turn="a1", speaker="avatar", text="Hello", final=True))
        await server.send(m.Caption(turn="v1", speaker="visitor", text="Hi", final=True))
        await server.send(m.Caption(turn="a2", speaker="avatar", text="Again", final=True))
        assert [await visit.heard(), await visit.heard()] == ["Hello", "Again"]


async def test_waiting_in_vain_says_for_what_and_what_came_instead(engines: Engines) -> None:
    async with visiting(engines) as (server, visit):
        await server.send(m.State(state="thinking"))
        with pytest.raises(AssertionError) as caught:
            await visit.until(lambda v: bool(v.cards), "card", within=0.05)
        assert "there was no card; state thinking, last ['state']" in str(caught.value)


async def test_beginning_touches_agrees_and_says_what_became_of_the_microphone(
    engines: Engines,
) -> None:
    async with visiting(engines) as (server, visit):
        await server.send(m.Visit(id="visit_1", resume="resume_1"))
        await server.send(m.State(state="consent"))
        await visit.until(lambda v: v.state == "consent", "consent")
        await visit.begin("de", microphone=False)
        await visit.type("Hello")
        await visit.drop()
        kinds = server.kinds()
        assert kinds == ["start", "consent", "microphone", "text"]
        assert json.loads(str(server.frames[0]))["language"] == "de"
        assert json.loads(str(server.frames[2]))["state"] == "denied"


async def test_speech_goes_out_in_frames_as_a_page_sends_them(engines: Engines) -> None:
    async with visiting(engines) as (server, visit):
        await server.send(m.Visit(id="visit_1", resume="resume_1"))
        await visit.begin()
        await visit.say("yes")
        sounds = [frame for frame in server.frames if isinstance(frame, bytes)]
        assert {len(sound) for sound in sounds} == {FRAME_BYTES}
        loud = [sound for sound in sounds if any(sound)]
        assert len(loud) > 5


async def test_without_media_the_page_says_that_it_has_none(engines: Engines) -> None:
    async with visiting(engines) as (server, visit):
        await server.send(m.Ice(servers=()))
        await server.send(m.State(state="greeting"))
        await visit.until(lambda v: v.state == "greeting", "greeting")
        await visit.drop()
        assert [json.loads(str(frame))["state"] for frame in server.frames] == ["failed"]
