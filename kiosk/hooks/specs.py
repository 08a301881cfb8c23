"""The hooks, by moment of a visit. Docstring and policy are the plugin author's reference.

A plugin takes only the arguments it needs. `site` is always the plugin's own, with its settings.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol

import click
from jinja2 import Environment
from pydantic import BaseModel

from kiosk.events import DomainEvent
from kiosk.hooks.markers import Mode, calls
from kiosk.hooks.site import SessionHandle, Site
from kiosk.hooks.values import (
    AccessName,
    Deny,
    LoginRequest,
    OperatorClaim,
    PageView,
    Panel,
    Problem,
    Refuse,
    RouteHandler,
    SessionConfig,
)
from kiosk.model import (
    Card,
    Greeting,
    Kiosk,
    McpServer,
    Tool,
    ToolCall,
    ToolResult,
    ToolReturn,
    TranscriptSink,
    VisitSummary,
)


class RegisterSettings(Protocol):
    """Given to `register_settings`."""

    def __call__(self, model: type[BaseModel]) -> None:
        """Check `[plugins.NAME]` of kiosk.toml with `model`; once for each plugin."""
        ...


class ToolFunction(Protocol):
    """A typed function with a docstring, async or plain."""

    __name__: str

    def __call__(self, *args: Any, **kwargs: Any) -> ToolReturn | Awaitable[ToolReturn]:
        """Do it and return words, a JSON object or a ToolResult."""
        ...


class RegisterTool(Protocol):
    """Given to `register_tools`."""

    def __call__(
        self,
        tool: Tool | ToolFunction | McpServer,
        *,
        timeout_s: float | None = None,
        cancel_on_barge_in: bool = False,
        per_minute: int | None = None,
        progress: str | Mapping[str, str] = "",
        confirm: str | Mapping[str, str] = "",
    ) -> None:
        """Add a tool; of a function, name, description and schema come from its signature.

        `per_minute` limits its calls in each visit; `progress` is said when it takes long;
        `confirm` is a question that a touch must answer before it runs. An McpServer
        is called by Voice Live itself and takes none of these.
        """
        ...


class RegisterSink(Protocol):
    """Given to `register_transcript_sinks`."""

    def __call__(self, sink: TranscriptSink) -> None:
        """Add a sink; its `name` must be unique."""
        ...


class RegisterCardType(Protocol):
    """Given to `register_card_types`."""

    def __call__(
        self, kind: str, model: type[BaseModel], *, script: str = "", style: str = ""
    ) -> None:
        """Add a kind of card, drawn by `templates/cards/<kind>.html`; `model` checks its data."""
        ...


class RegisterRoute(Protocol):
    """Given to `register_routes`."""

    def __call__(
        self, method: str, path: str, handler: RouteHandler, *, access: AccessName
    ) -> None:
        """Answer `method` at `/-/<plugin><path>`; `access` says who may."""
        ...


class RegisterHealthCheck(Protocol):
    """Given to `register_health_checks`."""

    def __call__(
        self, name: str, check: Callable[[], Awaitable[None]], *, critical: bool = False
    ) -> None:
        """Ask `check` at every health request; it raises with the sentence to show."""
        ...


class RegisterCommand(Protocol):
    """Given to `register_commands`."""

    def __call__(self, command: click.Command) -> None:
        """Add a subcommand to `kiosk`; a name of ours is refused."""
        ...


# ── at start ─────────────────────────────────────────────────────────────────────────────────


@calls(Mode.COLLECT, on_failure="The server does not start; the sentence names the plugin.")
def register_settings(register: RegisterSettings) -> None:
    """Declare the plugin's settings: a pydantic model for `[plugins.NAME]` in kiosk.toml.

    Called before every other hook. Unknown keys and wrong values stop the start; each is named
    with its line in kiosk.toml, or its variable. Read them later with `site.settings(Model)`.
    """


@calls(Mode.LIFESPAN, timeout_s=30, on_failure="Entering: no start. Leaving: logged.")
def lifespan(site: Site) -> AbstractAsyncContextManager[None]:
    """Hold something open while the server runs, such as a connection pool or a loaded file.

    Entered in load order before the first visit, left in reverse after the last. Write it as
    `async def` with one `yield` and `@asynccontextmanager` below `@hookimpl`.
    """
    raise AssertionError  # a spec is never called


@calls(Mode.COLLECT, on_failure="The server does not start; the sentence names the plugin.")
def register_tools(register: RegisterTool, site: Site) -> None:
    """Give the model functions to call: `register(function)` or `register(Tool(...))`.

    `register(McpServer(label=…, url=…))` gives it a whole server of tools. A parameter named
    `session` receives the visit's handle and is not part of the schema. Two
    tools of one name stop the start.
    """


@calls(Mode.COLLECT, on_failure="The server does not start; the sentence names the plugin.")
def register_transcript_sinks(register: RegisterSink, site: Site) -> None:
    """Receive finished turns, redacted, in order and in batches: `register(sink)`.

    Entries wait in the database until `sink.write` has returned; after a failure the batch is
    offered again with growing pauses, also after a restart, and becomes dead letters after
    `storage.sink_give_up_h`. The same entry may come twice, with the same `visit_id` and `seq`.
    What it raises is named on the plugin page, as `sink NAME`; SinkBusy and EntriesRefused are
    answers and no failure.
    """


@calls(Mode.COLLECT, on_failure="The server does not start; the sentence names the plugin.")
def register_card_types(register: RegisterCardType, site: Site) -> None:
    """Add kinds of cards: `register("menu", MenuData, style="menu.css")`.

    The data of every card of this kind is checked with the model before it is drawn. Script and
    style come from the plugin's `static` folder and run under the page's content security
    policy: no inline code, no other origin.
    """


@calls(Mode.COLLECT, on_failure="The server does not start; the sentence names the plugin.")
def register_routes(register: RegisterRoute, site: Site) -> None:
    """Answer HTTP at `/-/<plugin>/…`: `register("POST", "/done", handler, access="kiosk")`.

    Forms from other sites are refused before the handler; it has 10 s and never sees the
    application, cookies or credentials. HEAD is answered without it: that the address is there.
    """


@calls(Mode.COLLECT, timeout_s=2, on_failure="A failed check is shown; a critical one: not ready.")
def register_health_checks(register: RegisterHealthCheck, site: Site) -> None:
    """Say when the plugin's own world is broken: `register("calendar", check)`.

    Asked by `/readyz` and the operator's plugin page, each check within the deadline.
    """


@calls(Mode.COLLECT, on_failure="The command is left out, with a warning: the CLI must work.")
def register_commands(register: RegisterCommand, site: Site) -> None:
    """Add subcommands to `kiosk`: `register(click_command)`.

    Called when the command line is built; no database or network is open then.
    """


@calls(Mode.COLLECT, on_failure="The server does not start; the sentence names the plugin.")
def prepare_jinja2_environment(env: Environment, site: Site) -> None:
    """Add filters, tests or globals for templates, before any template is compiled."""


# ── opening a visit ──────────────────────────────────────────────────────────────────────────


@calls(Mode.GATHER, timeout_s=1, on_failure="Closed: the visit is refused as unavailable.")
def admit_session(site: Site, kiosk: Kiosk) -> Deny | Awaitable[Deny | None] | None:
    """Refuse a visit before anything is opened for it: outside opening hours, during a drill.

    None admits. One Deny is enough; its sentence is shown on the screen.
    """


@calls(Mode.PIPE, timeout_s=1, on_failure="This plugin's change is left out.")
def configure_session(
    site: Site, session: SessionHandle, config: SessionConfig
) -> SessionConfig | Awaitable[SessionConfig | None] | None:
    """Change voice, avatar, tools or turn taking of one visit: `replace(config, voice=…)`.

    Each plugin gets what the last one returned. Asked at the start and when the language
    changes; whether a voice may change within a session is for the service to say.
    """


@calls(Mode.GATHER, timeout_s=1, on_failure="This plugin's part is left out.")
def instructions(site: Site, session: SessionHandle) -> str | Awaitable[str | None] | None:
    """Add to what the model is told: facts of the site, of the kiosk's place, of the hour.

    The parts are joined in plugin order behind the site's own instructions. Asked at the start
    of a visit and again when its language changes.
    """


@calls(Mode.ASK, timeout_s=1.5, on_failure="The next plugin is asked, then the built-in one.")
def greeting(
    site: Site,
    session: SessionHandle,
) -> Greeting | str | Awaitable[Greeting | str | None] | None:
    """Say what the avatar says first, in `session.language`.

    That is the screen's language, or the one the visitor chose: nobody has spoken yet.
    A string is spoken word for word. None leaves it to the next plugin.
    """


@calls(Mode.NOTIFY, timeout_s=5, on_failure="Counted.")
def session_started(site: Site, session: SessionHandle) -> Awaitable[None] | None:
    """Hear that a visit is under way: connected, configured, and the greeting asked for."""


# ── during a visit ───────────────────────────────────────────────────────────────────────────


@calls(Mode.PIPE, timeout_s=0.5, on_failure="Closed: the call is refused, the model is told.")
def before_tool_call(
    site: Site, session: SessionHandle, call: ToolCall
) -> ToolCall | Refuse | Awaitable[ToolCall | Refuse | None] | None:
    """Look at a tool call whose arguments fit, before it is made; change or refuse it.

    Each plugin gets the call as the last one left it; the first Refuse ends it. Changed
    arguments are checked against the schema again.
    """


@calls(Mode.NOTIFY, timeout_s=5, on_failure="Counted.")
def after_tool_call(
    site: Site, session: SessionHandle, call: ToolCall, result: ToolResult
) -> Awaitable[None] | None:
    """Hear of a tool call that was answered, with what the model was told."""


@calls(Mode.GATHER, timeout_s=1, on_failure="No card from this plugin.")
def cards(
    site: Site, session: SessionHandle, event: DomainEvent
) -> Sequence[Card] | Awaitable[Sequence[Card] | None] | None:
    """Show something after a finished turn or a tool call (`turn_completed`, `tool_called`)."""


@calls(Mode.ASK, timeout_s=5, on_failure="The next plugin is asked, then the visitor is told.")
def take_along(
    site: Site, session: SessionHandle, card: Card
) -> Card | Awaitable[Card | None] | None:
    """Return the card that lets the visitor take `card` along, such as a QR code of a short link.

    Every card but forms and codes has a control for it, where a plugin implements this.
    """


@calls(Mode.PIPE, timeout_s=0.5, on_failure="Closed: the whole text becomes [withheld].")
def redact(
    site: Site, text: str, where: Literal["transcript", "operator"]
) -> str | Awaitable[str | None] | None:
    """Remove personal data before a text is stored, shown to operators or put into an event.

    Each plugin gets what the last one returned; None leaves it unchanged.
    """


@calls(Mode.ASK, timeout_s=2, on_failure="The next plugin is asked, then `site.staff` is said.")
def person_wanted(site: Site, session: SessionHandle) -> str | Awaitable[str | None] | None:
    """Call a person: the visitor touched "Talk to a person". Return the sentence to say.

    The button is there when a plugin has this hook, or the site has set `site.staff`.
    """


@calls(Mode.NOTIFY, timeout_s=5, on_failure="Counted; a full queue drops its oldest event.")
def session_event(site: Site, session: SessionHandle, event: DomainEvent) -> Awaitable[None] | None:
    """Hear of everything that happens in visits, a little later, off the visitor's path."""


@calls(Mode.ASK, timeout_s=0.5, on_failure="The next plugin is asked, then our own apology.")
def session_error(
    site: Site, session: SessionHandle, error: Problem
) -> str | Awaitable[str | None] | None:
    """Say what the visitor reads when something broke the visit: one sentence, in its language."""


# ── after a visit ────────────────────────────────────────────────────────────────────────────


@calls(Mode.NOTIFY, timeout_s=10, on_failure="Counted; waited for when the server stops.")
def session_ended(
    site: Site, session: SessionHandle, summary: VisitSummary
) -> Awaitable[None] | None:
    """Hear that a visit is over: its screen wiped, its transcript handed to the sinks."""


@calls(
    Mode.GATHER,
    timeout_s=60,
    on_failure="Counted; the plugin is told again, at night and at start.",
)
def visits_erased(site: Site, visits: frozenset[str]) -> Awaitable[None] | None:
    """Forget what was said in these visits: their time is up, or somebody asked for it.

    Called on every server, at least once for each visit and up to 35 days later again. What the
    plugin keeps in the database and names the visit's id in is gone already.
    """


# ── operators ────────────────────────────────────────────────────────────────────────────────


@calls(Mode.ASK, timeout_s=2, on_failure="The next plugin is asked, then the login cookie.")
def operator_from_request(
    site: Site, request: LoginRequest
) -> OperatorClaim | Awaitable[OperatorClaim | None] | None:
    """Say who asks for an operator's page: single sign-on plugs in here.

    None leaves it to the next plugin and at last to the login cookie; nobody answers means
    nobody is logged in.
    """


@calls(Mode.GATHER, timeout_s=1, on_failure="The panel says that it failed.")
def dashboard_panels(
    site: Site, operator: str
) -> Sequence[Panel] | Awaitable[Sequence[Panel] | None] | None:
    """Add boxes to the operator's first page."""


@calls(Mode.GATHER, timeout_s=0.5, on_failure="This plugin's variables are left out.")
def extra_template_vars(
    site: Site, page: PageView
) -> Mapping[str, Any] | Awaitable[Mapping[str, Any] | None] | None:
    """Give templates more to show, as `extra.<plugin>.<name>`."""
