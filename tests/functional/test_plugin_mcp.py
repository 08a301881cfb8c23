"""A plugin's MCP server: Voice Live (here the emulator) lists its tools and calls them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kiosk import keys
from kiosk.emulator.scenario.replies import Call, Reply
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.engines import Engines
from kiosk.errors import PluginLoadError
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.specs import RegisterTool
from kiosk.model import McpServer
from kiosk.testing.fixtures import MakeHarness
from tests.unit.hooks.hooking import running

mcping = pytest.importorskip("tests.unit.emulator.mcping", reason="the mcp extra is not installed")
CALLS = Scenario(
    name="mcp",
    replies=(
        Reply(
            match="book",
            call=Call(name="find_book", arguments={"title": "Emma"}),
            after="The library says: {output}",
        ),
    ),
)


async def test_a_plugins_mcp_server_is_called_and_its_secret_stays_secret(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    async with mcping.library() as shelf:

        class Books:
            @hookimpl
            def register_tools(self, register: RegisterTool) -> None:
                register(
                    McpServer(
                        label="library",
                        url=shelf.url,
                        authorization=mcping.TOKEN,
                        allowed_tools=("find_book",),
                    )
                )

        harness = await kiosk_harness(engines=engines, plugins={"books": Books()}, scenario=CALLS)
        visit = await harness.visit(media=False, microphone=False)
        await visit.heard()
        await visit.type("Do you have the book Emma?")
        answer = await visit.heard()
        assert shelf.calls == [("find_book", {"title": "Emma"})]
        assert "shelf seven" in answer
        assert any(mcping.TOKEN in str(headers) for headers in shelf.headers)
        await visit.leave()
        (row,) = harness.app[keys.HOOKS].mcp_servers
        assert mcping.TOKEN not in repr(row)


async def test_a_failed_call_is_answered_in_words(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    async with mcping.library() as shelf:
        harness = await kiosk_harness(
            engines=engines,
            settings={"upstream": {"mcp_servers": [{"label": "library", "url": shelf.url}]}},
            scenario=Scenario(
                name="mcp",
                replies=(
                    Reply(
                        match="card", call=Call(name="renew_card", arguments={}), after="{output}"
                    ),
                ),
            ),
        )
        visit = await harness.visit(media=False, microphone=False)
        await visit.heard()
        await visit.type("Please renew my card.")
        assert "did not work" in await visit.heard()
        await visit.until(lambda v: v.state == "listening", "listening")
        count = harness.app_metrics().registry.get_sample_value
        labels = {"tool": "mcp library", "outcome": "failed"}
        assert count("kiosk_tool_calls_total", labels) == 1


class Declares:
    """Registers what it is given as a tool."""

    def __init__(self, *servers: McpServer, **options: Any) -> None:
        self.servers = servers
        self.options = options

    @hookimpl
    def register_tools(self, register: RegisterTool) -> None:
        for server in self.servers:
            register(server, **self.options)


@pytest.mark.parametrize(
    ("plugin", "sentence"),
    [
        (Declares(McpServer("", "https://a.example")), "plugin p: MCP server '': label: "),
        (Declares(McpServer("a", "a.example/mcp")), "the url begins with https://"),
        (
            Declares(McpServer("a", "https://a.example"), McpServer("a", "https://b.example")),
            "MCP server 'a' is already registered by p",
        ),
        (Declares(McpServer("taken", "https://a.example")), "the settings have an MCP server"),
        (Declares(McpServer("a", "https://a.example"), timeout_s=3), "register it without"),
    ],
)
async def test_what_cannot_be_used_stops_the_start(plugin: Declares, sentence: str) -> None:
    settings = {"mcp_servers": [{"label": "taken", "url": "https://c.example"}]}
    with pytest.raises(PluginLoadError, match=re.escape(sentence)):
        async with running({"p": plugin}, upstream=settings):
            pass


def test_the_secrets_of_a_server_are_not_in_its_repr() -> None:
    server = McpServer("a", "https://a.example", "s3cret", {"x-key": "s3cret"})
    assert "s3cret" not in repr(server)
