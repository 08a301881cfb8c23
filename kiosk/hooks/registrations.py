"""What plugins register while the server is built: tools, sinks, cards, addresses, checks."""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, get_args

import click
from pluggy import HookImpl
from pydantic import BaseModel, SecretStr, ValidationError

from kiosk.errors import PluginLoadError, StartupError
from kiosk.hooks.caller import HookCaller
from kiosk.hooks.once import called_from, shown, with_place
from kiosk.hooks.tools import checked, tool_from_function
from kiosk.hooks.values import AccessName, CardType, HealthCheck, PluginRoute, RouteHandler
from kiosk.model import McpServer, Tool, TranscriptSink
from kiosk.settings.upstream import McpServerSettings

_KIND: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_PATH: Final = re.compile(r"(/[A-Za-z0-9._~{}-]*)+")
_URL: Final = re.compile(r"https?://[^/\s]")
MAX_SINK: Final = 64
"""Characters of a sink's name, as the database keeps it."""
_METHODS: Final = frozenset({"GET", "POST", "PUT", "DELETE"})


class Registrations:
    """Asks every plugin once and keeps what it registered; what cannot be used stops the start."""

    def __init__(self, caller: HookCaller) -> None:
        self._caller = caller
        self._at = self._file = ""
        self.tools: dict[str, Tool] = {}
        self.mcp_servers: dict[str, tuple[str, McpServerSettings]] = {}
        self.sinks: list[TranscriptSink] = []
        self.sink_plugins: dict[str, str] = {}
        self.card_types: dict[str, CardType] = {}
        self.routes: list[PluginRoute] = []
        self.checks: list[HealthCheck] = []
        self._collect("register_tools", self._add_tool)
        self._collect("register_transcript_sinks", self._add_sink)
        self._collect("register_card_types", self._add_card_type)
        self._collect("register_routes", self._add_route)
        self._collect("register_health_checks", self._add_check)

    def _collect(self, hook: str, add: Callable[..., None]) -> None:
        for impl in self._caller.implementations(hook, first_loaded=True):
            register = functools.partial(self._register, impl, hook, add)
            self._caller.once(impl, hook, {"register": register})

    def _register(
        self, impl: HookImpl, hook: str, add: Callable[..., None], /, *things: Any, **options: Any
    ) -> None:
        self._at = called_from(sys._getframe(1))
        file = getattr(impl.plugin, "__file__", None)
        self._file = shown(file) if isinstance(file, str) else ""
        try:
            add(impl.plugin_name, *things, **options)
        except TypeError as error:
            # Our method's name says nothing to somebody who called `register`.
            said = re.sub(r"^\S+\(\)", "register()", str(error))
            said = f"plugin {impl.plugin_name}: {hook}: {said}."
        except PluginLoadError as error:
            said = str(error)
        else:
            return
        raise PluginLoadError(with_place(said, self._at))

    def _add_tool(
        self,
        plugin: str,
        thing: Any,
        *,
        timeout_s: float | None = None,
        cancel_on_barge_in: bool = False,
        per_minute: int | None = None,
        progress: str | Mapping[str, str] = "",
        confirm: str | Mapping[str, str] = "",
    ) -> None:
        if isinstance(thing, McpServer):
            if timeout_s or cancel_on_barge_in or per_minute or progress or confirm:
                raise PluginLoadError(
                    f"plugin {plugin}: the MCP server {thing.label!r} is called by Voice Live, "
                    "which takes no deadline, limit or confirmation of ours; register it without."
                )
            self._add_mcp_server(plugin, thing)
            return
        if isinstance(thing, Tool):
            tool = checked(
                Tool(
                    name=thing.name,
                    description=thing.description,
                    parameters=thing.parameters,
                    handler=thing.handler,
                    plugin=plugin,
                    timeout_s=thing.timeout_s if timeout_s is None else timeout_s,
                    cancel_on_barge_in=thing.cancel_on_barge_in or cancel_on_barge_in,
                    per_minute=thing.per_minute if per_minute is None else per_minute,
                    progress=progress or thing.progress,
                    confirm=confirm or thing.confirm,
                )
            )
        elif inspect.isroutine(thing):
            tool = tool_from_function(
                thing,
                plugin=plugin,
                timeout_s=timeout_s,
                cancel_on_barge_in=cancel_on_barge_in,
                per_minute=per_minute,
                progress=progress,
                confirm=confirm,
            )
        else:
            raise PluginLoadError(
                f"plugin {plugin}: register_tools takes a function, a Tool or an McpServer, "
                f"not {type(thing).__name__}."
            )
        other = self.tools.get(tool.name)
        if other is not None:
            raise PluginLoadError(
                f"plugin {plugin}: tool {tool.name} is already registered by {other.plugin}; "
                "rename one of them."
            )
        self.tools[tool.name] = tool

    def _add_mcp_server(self, plugin: str, server: McpServer) -> None:
        where = f"plugin {plugin}: MCP server {server.label!r}"
        try:
            settings = McpServerSettings(
                label=server.label,
                url=server.url,
                authorization=SecretStr(server.authorization) if server.authorization else None,
                headers={name: SecretStr(value) for name, value in server.headers.items()},
                allowed_tools=list(server.allowed_tools),
            )
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise PluginLoadError(f"{where}: {first['loc'][0]}: {first['msg']}.") from None
        if not _URL.match(server.url):
            raise PluginLoadError(f"{where}: the url begins with https:// or http://.")
        other = self.mcp_servers.get(server.label)
        if other is not None:
            raise PluginLoadError(f"{where} is already registered by {other[0]}; rename one.")
        self.mcp_servers[server.label] = (plugin, settings)

    def _add_sink(self, plugin: str, sink: Any) -> None:
        if not isinstance(sink, TranscriptSink) or not getattr(sink, "name", ""):
            raise PluginLoadError(
                f"plugin {plugin}: register_transcript_sinks takes a TranscriptSink with a name."
            )
        name: Any = sink.name
        if not isinstance(name, str) or len(name) > MAX_SINK:
            raise PluginLoadError(
                f"plugin {plugin}: a sink's name is text of {MAX_SINK} characters at most."
            )
        if not inspect.iscoroutinefunction(sink.write):
            raise PluginLoadError(
                f"plugin {plugin}: sink {sink.name}: write is an `async def`; nobody would know "
                "when a plain function is done."
            )
        if any(other.name == sink.name for other in self.sinks):
            raise PluginLoadError(f"plugin {plugin}: there are two sinks named {sink.name}.")
        self.sinks.append(sink)
        self.sink_plugins[name] = plugin

    def _add_card_type(
        self, plugin: str, kind: Any, model: Any, *, script: str = "", style: str = ""
    ) -> None:
        where = f"plugin {plugin}: card type {kind!r}"
        if not isinstance(kind, str) or _KIND.fullmatch(kind) is None:
            raise PluginLoadError(f"{where} needs a name of small letters, digits, - and _.")
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise PluginLoadError(f"{where} needs a pydantic model of its data.")
        other = self.card_types.get(kind)
        if other is not None:
            raise PluginLoadError(
                f"{where} is already registered by {other.plugin}; rename one of them."
            )
        for name, suffix in ((script, ".js"), (style, ".css")):
            if name and (not name.endswith(suffix) or name.startswith("/") or ".." in name):
                raise PluginLoadError(
                    f"{where}: {name!r} is no {suffix} file of the plugin's static folder."
                )
        self.card_types[kind] = CardType(
            kind, plugin, model, script, style, at=self._at, file=self._file
        )

    def _add_route(
        self,
        plugin: str,
        method: Any,
        path: Any,
        handler: RouteHandler,
        *,
        access: AccessName | None = None,
    ) -> None:
        where = f"plugin {plugin}: route {method} {path}"
        if method not in _METHODS:
            raise PluginLoadError(f"{where}: the method is one of {', '.join(sorted(_METHODS))}.")
        if not isinstance(path, str) or _PATH.fullmatch(path) is None:
            raise PluginLoadError(f"{where}: the path begins with / and has letters, digits, -._~.")
        if access is None or access not in get_args(AccessName):
            raise PluginLoadError(
                f"{where} says nobody who may use it; give access= one of "
                f"{', '.join(get_args(AccessName))}."
            )
        if not inspect.iscoroutinefunction(handler):
            raise PluginLoadError(f"{where}: the handler is an `async def`.")
        if any((r.plugin, r.method, r.path) == (plugin, method, path) for r in self.routes):
            raise PluginLoadError(f"{where} is registered twice.")
        self.routes.append(PluginRoute(plugin, method, path, handler, access))

    def _add_check(
        self,
        plugin: str,
        name: Any,
        check: Callable[[], Awaitable[None]],
        *,
        critical: bool = False,
    ) -> None:
        where = f"plugin {plugin}: health check {name!r}"
        if not isinstance(name, str) or _KIND.fullmatch(name) is None:
            raise PluginLoadError(f"{where} needs a name of small letters, digits, - and _.")
        if not inspect.iscoroutinefunction(check):
            raise PluginLoadError(f"{where} is an `async def` without arguments.")
        if any((item.plugin, item.name) == (plugin, name) for item in self.checks):
            raise PluginLoadError(f"{where} is registered twice.")
        self.checks.append(HealthCheck(plugin, name, check, critical))


def collect_commands(caller: HookCaller, taken: frozenset[str]) -> tuple[list[Any], list[str]]:
    """Return the plugins' commands, and a sentence for each that was left out."""
    commands: dict[str, Any] = {}
    left_out: list[str] = []
    for impl in caller.implementations("register_commands", first_loaded=True):
        plugin = impl.plugin_name

        def register(command: Any, _plugin: str = plugin) -> None:
            if not isinstance(command, click.Command) or not command.name:
                wrong = "register_commands takes a click command."
            elif command.name in taken or command.name in commands:
                wrong = f"there is a command {command.name} already."
            else:
                commands[command.name] = command
                return
            at = called_from(sys._getframe(1))
            left_out.append(with_place(f"plugin {_plugin}: {wrong}", at))

        hook = "register_commands"
        try:
            held = caller.once(impl, hook, {"register": register})
        except StartupError as error:
            left_out.append(str(error))
        else:
            if held > caller.slow_s:
                left_out.append(f"plugin {plugin}: {hook} took {held * 1000:.0f} ms.")
    return list(commands.values()), left_out
