"""Hooks: one typed method for each hook, so that callers are type-checked and greppable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final, Literal, cast

import structlog
from click import Command
from jinja2 import Environment

from kiosk.clock import Clock
from kiosk.errors import KioskError, PluginLoadError, RequiredPluginError
from kiosk.events import DomainEvent
from kiosk.hooks.breaker import Breakers, OpenBreaker
from kiosk.hooks.caller import HookCaller, policy_of
from kiosk.hooks.failures import Failures, PluginFailure
from kiosk.hooks.lifespans import Lifespans
from kiosk.hooks.manager import LoadedPlugin, PluginSet
from kiosk.hooks.registrations import Registrations, collect_commands
from kiosk.hooks.shapes import many, nothing, one_of
from kiosk.hooks.sink_calls import SinkCalls
from kiosk.hooks.site import SessionHandle, SiteServices
from kiosk.hooks.strays import calling_plugin, watching
from kiosk.hooks.tool_calls import ToolCalls
from kiosk.hooks.values import (
    Deny,
    HealthCheck,
    LoginRequest,
    OperatorClaim,
    PageView,
    Panel,
    PluginRequest,
    PluginResponse,
    PluginRoute,
    Problem,
    Refuse,
    SessionConfig,
)
from kiosk.model import (
    Card,
    Greeting,
    Kiosk,
    Tool,
    ToolCall,
    ToolResult,
    TranscriptSink,
    VisitSummary,
)
from kiosk.settings import Settings
from kiosk.settings.upstream import McpServerSettings
from kiosk.tasks import raise_ours
from kiosk.telemetry import Metrics

log = structlog.get_logger(__name__)

ROUTE_S: Final = 10.0
"""Deadline of a plugin's own address."""

CHECK_S: Final = 2.0
"""Deadline of a health check whose spec has none."""

SETTLE_S: Final = 10.0
"""How long plugins get to hear of the last visits when the server stops: as `session_ended`."""

BESIDE_VISITS: Final = frozenset(
    {"dashboard_panels", "extra_template_vars", "operator_from_request", "visits_erased"}
)
"""Hooks that no visit calls: one that is left out keeps nobody from visiting."""

WITHHELD = "[withheld]"
"""What a text becomes when redaction failed: nothing unredacted gets past it."""


class Hooks:
    """The product's way to its plugins; made once for each application."""

    def __init__(
        self, loaded: PluginSet, settings: Settings, clock: Clock, metrics: Metrics
    ) -> None:
        self._loaded = loaded
        self._caller = HookCaller(
            loaded.pm,
            loaded.sites,
            clock,
            metrics,
            slow_ms=settings.hooks.slow_ms,
            hold_ms=settings.hooks.hold_ms,
            queue=settings.hooks.queue,
            trace=settings.hooks.trace,
            breakers=Breakers(
                clock,
                failures=settings.hooks.breaker_failures,
                pause_s=settings.hooks.breaker_s,
            ),
        )
        self._sites = loaded.sites
        self._lifespan_s = settings.hooks.lifespan_s
        for plugin, seconds in loaded.settings_s.items():
            self._caller.held_at_start(plugin, "register_settings", seconds)
        self.registered = Registrations(self._caller)
        self.tools: Mapping[str, Tool] = self.registered.tools
        self.mcp_servers = self._all_mcp_servers(settings.upstream.mcp_servers)
        self.tool_calls = ToolCalls(self._caller)
        self.sinks: Sequence[TranscriptSink] = self.registered.sinks
        self.sink_calls = SinkCalls(self._caller, self.registered.sink_plugins)

    def _all_mcp_servers(
        self, configured: Sequence[McpServerSettings]
    ) -> Sequence[McpServerSettings]:
        """Return the tool servers of the settings, then those of plugins; labels are unique."""
        taken = {server.label for server in configured}
        servers = list(configured)
        for label, (plugin, server) in self.registered.mcp_servers.items():
            if label in taken:
                raise PluginLoadError(
                    f"plugin {plugin}: the settings have an MCP server {label!r}, too; "
                    "rename one of them."
                )
            servers.append(server)
        return servers

    @property
    def plugins(self) -> Sequence[LoadedPlugin]:
        """What is loaded, in load order."""
        return self._loaded.plugins

    @property
    def failures(self) -> Sequence[PluginFailure]:
        """The last contained failures of every plugin, oldest first."""
        return self._caller.failures.all

    @property
    def ledger(self) -> Failures:
        """What went wrong with each plugin, counted since the server started."""
        return self._caller.failures

    @property
    def left_out(self) -> Sequence[OpenBreaker]:
        """The hooks that are left out now because they kept failing or held the loop."""
        return self._caller.breakers.open

    @property
    def services(self) -> SiteServices:
        """What plugins are lent while the server runs; the application fills it in."""
        return self._loaded.services

    def is_required(self, plugin: str) -> bool:
        """Whether the site declared that no visit opens while this plugin fails."""
        return self._sites[plugin].required

    def try_again(self, plugin: str) -> int:
        """Call a plugin's left-out hooks again; return how many there were."""
        return self._caller.breakers.reset(plugin)

    def prepare_jinja2_environment(self, env: Environment) -> None:
        """Let plugins add filters and globals; a failure stops the start, naming the plugin."""
        for impl in self._caller.implementations("prepare_jinja2_environment", first_loaded=True):
            self._caller.once(impl, "prepare_jinja2_environment", {"env": env})

    @property
    def not_blocked(self) -> list[str]:
        """A sentence for each plugin that is to be left out and is not there."""
        return self._loaded.not_blocked

    def commands(self, taken: frozenset[str]) -> tuple[list[Command], list[str]]:
        """Return the plugins' commands, and a sentence for each that was left out."""
        return collect_commands(self._caller, taken)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hold every plugin's lifespan open; a failed entry stops the start, naming the plugin.

        On the way out plugins hear what they were told before their lifespans are left.
        """
        lifespans = Lifespans(self._caller, self._lifespan_s)
        with watching(asyncio.get_running_loop()):
            try:
                await lifespans.enter()
                try:
                    yield
                finally:
                    if not await self._caller.settle(SETTLE_S):
                        log.error("plugins did not hear everything before the server stopped")
                    await lifespans.leave()
            finally:
                await self._caller.aclose()

    def left_running(self, plugin: str) -> Mapping[str, int]:
        """Return how many tasks each hook of a plugin began that still run."""
        return self._caller.strays.running(plugin)

    # ── opening a visit ──────────────────────────────────────────────────────────────────

    async def admit_session(self, kiosk: Kiosk) -> Deny | None:
        """Return the first refusal; a plugin that fails refuses, too.

        So does a required one while a hook or tool of it that visits need is left out. When its
        pause is over a visit may open, and tries it.
        """
        for plugin, hook in self._caller.breakers.pausing:
            if self._sites[plugin].required and hook not in BESIDE_VISITS:
                log.error("no visit opens, a required plugin fails", plugin=plugin, hook=hook)
                return Deny("")
        denials, failed = await self._caller.gather_all("admit_session", one_of(Deny), kiosk=kiosk)
        if denials:
            return cast("Deny", denials[0][1])
        return Deny("") if failed else None

    async def configure_session(
        self,
        session: SessionHandle,
        config: SessionConfig,
        misfit: Callable[[SessionConfig], str],
    ) -> SessionConfig:
        """Return `config` as the plugins changed it; `misfit` names a value that cannot be used."""
        shape = one_of(SessionConfig)

        def check(value: Any) -> str:
            wrong = shape(value)
            if wrong:
                return wrong
            name = misfit(value)
            return f"returned a {name} that does not fit" if name else ""

        outcome = await self._caller.pipe(
            "configure_session", "config", config, check, session=session
        )
        self._demand("configure_session", outcome.plugins)
        return cast("SessionConfig", outcome.value)

    async def instructions(self, session: SessionHandle) -> list[str]:
        """Return every plugin's part of the instructions, in plugin order."""
        parts, failed = await self._caller.gather_all("instructions", one_of(str), session=session)
        self._demand("instructions", failed)
        return [part for _, part in parts]

    async def greeting(self, session: SessionHandle) -> Greeting | None:
        """Return the greeting of the first plugin that has one."""
        outcome = await self._caller.ask_all("greeting", one_of(str, Greeting), session=session)
        self._demand("greeting", outcome.plugins)
        answer: str | Greeting | None = outcome.value
        return Greeting(answer) if isinstance(answer, str) else answer

    def session_started(self, session: SessionHandle) -> None:
        """Tell every plugin that a visit is under way."""
        self._caller.notify("session_started", session=session)

    def _demand(self, hook: str, failed: Sequence[str]) -> None:
        """Refuse to open a visit without a plugin that the site declared required."""
        for plugin in failed:
            if self._sites[plugin].required:
                raise RequiredPluginError(
                    f"plugin {plugin} is required and failed in {hook}; see the plugin page."
                )

    # ── during a visit ───────────────────────────────────────────────────────────────────

    async def before_tool_call(self, session: SessionHandle, call: ToolCall) -> ToolCall | Refuse:
        """Return the call as plugins changed it, or why it is not made."""
        outcome = await self._caller.pipe(
            "before_tool_call", "call", call, one_of(ToolCall, Refuse), session=session
        )
        if outcome.failed and not isinstance(outcome.value, Refuse):
            return Refuse("It is not available at the moment.")
        return cast("ToolCall | Refuse", outcome.value)

    def after_tool_call(self, session: SessionHandle, call: ToolCall, result: ToolResult) -> None:
        """Tell every plugin of an answered call."""
        self._caller.notify("after_tool_call", session=session, call=call, result=result)

    async def cards(self, session: SessionHandle, event: DomainEvent) -> list[tuple[str, Card]]:
        """Return the cards that plugins want to show after `event`, each with its plugin."""
        answers, _ = await self._caller.gather_all(
            "cards", many(Card), session=session, event=event
        )
        return [(plugin, card) for plugin, answer in answers for card in answer]

    @property
    def takes_along(self) -> bool:
        """Whether any plugin lets visitors take cards along."""
        return bool(self._caller.implementations("take_along"))

    async def take_along(self, session: SessionHandle, card: Card) -> Card | None:
        """Return the card with which `card` can be taken along, or None when none could make it."""
        answer = await self._caller.ask("take_along", one_of(Card), session=session, card=card)
        return cast("Card | None", answer)

    async def redact(self, text: str, where: Literal["transcript", "operator"]) -> str:
        """Return `text` without personal data, or `[withheld]` when a redaction failed."""
        outcome = await self._caller.pipe("redact", "text", text, one_of(str), where=where)
        return WITHHELD if outcome.failed else str(outcome.value)

    def session_event(self, session: SessionHandle, event: DomainEvent) -> None:
        """Tell every plugin of `event`, a little later."""
        self._caller.notify("session_event", session=session, event=event)

    @property
    def calls_person(self) -> bool:
        """Whether any plugin can call a person."""
        return bool(self._caller.implementations("person_wanted"))

    async def person_wanted(self, session: SessionHandle) -> str | None:
        """Have a plugin call a person; returns what to say, or None when none could."""
        answer = await self._caller.ask("person_wanted", one_of(str), session=session)
        return cast("str | None", answer)

    async def session_error(self, session: SessionHandle, error: Problem) -> str | None:
        """Return a plugin's sentence for what broke, or None for our own."""
        answer = await self._caller.ask("session_error", one_of(str), session=session, error=error)
        return cast("str | None", answer)

    def session_ended(self, session: SessionHandle, summary: VisitSummary) -> None:
        """Tell every plugin that a visit is over."""
        self._caller.notify("session_ended", session=session, summary=summary)

    async def visits_erased(self, visits: frozenset[str]) -> list[str]:
        """Have every plugin forget visits; returns those that failed."""
        _, failed = await self._caller.gather_all("visits_erased", nothing, visits=visits)
        return failed

    # ── operators and pages ──────────────────────────────────────────────────────────────

    @property
    def knows_operators(self) -> bool:
        """Whether any plugin answers who an operator is."""
        return bool(self._caller.implementations("operator_from_request"))

    async def operator_from_request(self, request: LoginRequest) -> OperatorClaim | None:
        """Return who a plugin says this is."""
        answer = await self._caller.ask(
            "operator_from_request", one_of(OperatorClaim), request=request
        )
        return cast("OperatorClaim | None", answer)

    async def dashboard_panels(self, operator: str) -> list[Panel]:
        """Return the plugins' boxes; one that failed says so."""
        answers, failed = await self._caller.gather_all(
            "dashboard_panels", many(Panel), operator=operator
        )
        panels = [
            # Below the plugin's own addresses, so that a box cannot lead anywhere else.
            replace(panel, link=f"/-/{plugin}/{panel.link.lstrip('/')}" if panel.link else "")
            for plugin, panels in answers
            for panel in panels
        ]
        return panels + [Panel(plugin, "This panel failed; see Plugins.") for plugin in failed]

    async def extra_template_vars(self, page: PageView) -> dict[str, Mapping[str, Any]]:
        """Return the plugins' variables for a page, by plugin."""
        answers, _ = await self._caller.gather_all(
            "extra_template_vars", one_of(Mapping), page=page
        )
        return dict(answers)

    # ── beside the hooks ─────────────────────────────────────────────────────────────────

    async def check_health(self, check: HealthCheck) -> None:
        """Run one check within its deadline; raises KioskError with the sentence to show."""
        timeout_s = policy_of(self._loaded.pm, "register_health_checks").timeout_s or CHECK_S
        problem: list[BaseException] = []

        async def run() -> None:
            try:
                await check.check()
            except BaseException as error:  # a plugin may raise anything
                raise_ours(error)
                problem.append(error)

        hook = f"check {check.name}"
        outcome = await self._caller.run(hook, check.plugin, run, timeout_s)
        if problem:
            raise KioskError(str(problem[0])[:200] or type(problem[0]).__name__)
        if outcome.failed:
            raise KioskError(f"No answer within {timeout_s:g} seconds.")

    async def serve(self, route: PluginRoute, request: PluginRequest) -> PluginResponse | None:
        """Answer a request to a plugin's address; None when the plugin failed."""
        outcome = await self._caller.run(
            f"route {route.method} {route.path}",
            route.plugin,
            lambda: route.handler(request),
            ROUTE_S,
            one_of(PluginResponse, str, Mapping),
        )
        answer = outcome.value
        if outcome.failed or isinstance(answer, PluginResponse):
            return cast("PluginResponse | None", answer)
        if answer is None:
            return PluginResponse(status=204)
        if isinstance(answer, str):
            return PluginResponse(answer)
        return PluginResponse(answer, content_type="application/json")

    def route_failed(self, route: PluginRoute, kind: str) -> None:
        """Record an answer of a plugin's address that could not be sent."""
        hook = f"route {route.method} {route.path}"
        self._caller.record(route.plugin, hook, kind, counts=False)

    def card_failed(self, plugin: str, card: Card, why: str) -> None:
        """Record a card that could not be drawn; `why` has no data of the card in it.

        Without `plugin` it is the failure of the hook that is running, else of the card's kind.
        """
        kind = self.registered.card_types.get(card.kind)
        owner = plugin or calling_plugin() or (kind.plugin if kind is not None else "")
        if owner in self._sites:
            self._caller.record(owner, "card", f"unfit: {why}", counts=False)

    async def settle(self, timeout_s: float) -> bool:
        """Wait until every plugin has heard what it was told; False at the deadline."""
        return await self._caller.settle(timeout_s)
