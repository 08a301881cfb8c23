"""The hooks, by moment of a visit. Docstring and policy are the plugin author's reference.

A plugin takes only the arguments it needs. `site` is always the plugin's own, with its settings.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol

from pydantic import BaseModel

from kiosk.events import DomainEvent
from kiosk.hooks.markers import Mode, calls
from kiosk.hooks.site import SessionHandle, Site
from kiosk.model import Card, Greeting, Tool, ToolReturn, TranscriptSink


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
        tool: Tool | ToolFunction,
        *,
        timeout_s: float | None = None,
        cancel_on_barge_in: bool = False,
    ) -> None:
        """Add a tool; of a function, name, description and schema come from its signature."""
        ...


class RegisterSink(Protocol):
    """Given to `register_transcript_sinks`."""

    def __call__(self, sink: TranscriptSink) -> None:
        """Add a sink; its `name` must be unique."""
        ...


# ── at start ─────────────────────────────────────────────────────────────────────────────────


@calls(Mode.COLLECT, on_failure="The server does not start; the sentence names the plugin.")
def register_settings(register: RegisterSettings) -> None:
    """Declare the plugin's settings: a pydantic model for `[plugins.NAME]` in kiosk.toml.

    Called before every other hook. Unknown keys and wrong values stop the start with the key's
    name. Read them later with `site.settings(Model)`.
    """


@calls(Mode.LIFESPAN, timeout_s=30, on_failure="Entering: no start. Leaving: logged.")
def lifespan(site: Site) -> AbstractAsyncContextManager[None]:
    """Hold something open while the server runs, such as a connection pool or a loaded file.

    Entered in load order before the first visit, left in reverse after the last.
    """
    raise AssertionError  # a spec is never called


@calls(Mode.COLLECT, on_failure="The server does not start; the sentence names the plugin.")
def register_tools(register: RegisterTool, site: Site) -> None:
    """Give the model functions to call: `register(function)` or `register(Tool(...))`.

    A parameter named `session` receives the visit's handle and is not part of the schema. Two
    tools of one name stop the start.
    """


@calls(Mode.COLLECT, on_failure="The server does not start; the sentence names the plugin.")
def register_transcript_sinks(register: RegisterSink, site: Site) -> None:
    """Receive finished turns, redacted, in order and in batches: `register(sink)`.

    `sink.write` runs in its own bounded queue; after a failure the batch is offered again with
    growing pauses, then counted lost.
    """


# ── opening a visit ──────────────────────────────────────────────────────────────────────────


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

    A string is spoken word for word. None leaves it to the next plugin.
    """


# ── during a visit ───────────────────────────────────────────────────────────────────────────


@calls(Mode.GATHER, timeout_s=1, on_failure="No card from this plugin.")
def cards(
    site: Site, session: SessionHandle, event: DomainEvent
) -> Sequence[Card] | Awaitable[Sequence[Card] | None] | None:
    """Show something after a finished turn or a tool call (`turn_completed`, `tool_called`)."""


@calls(Mode.PIPE, timeout_s=0.5, on_failure="Closed: the whole text becomes [withheld].")
def redact(
    site: Site, text: str, where: Literal["transcript", "operator"]
) -> str | Awaitable[str | None] | None:
    """Remove personal data before a text is stored, shown to operators or put into an event.

    Each plugin gets what the last one returned; None leaves it unchanged.
    """


@calls(Mode.NOTIFY, timeout_s=5, on_failure="Counted; a full queue drops its oldest event.")
def session_event(site: Site, session: SessionHandle, event: DomainEvent) -> Awaitable[None] | None:
    """Hear of everything that happens in visits, a little later, off the visitor's path."""
