"""The operator's page of plugins: what is loaded, what failed, what is left out and why."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from kiosk import keys
from kiosk.hooks.facade import Hooks
from kiosk.hooks.failures import PluginFailure
from kiosk.security.access import Access
from kiosk.web.dashboard import render
from kiosk.web.noting import note
from kiosk.web.request import form, refuse
from kiosk.web.routes import Route

SHOWN_FAILURES = 10
"""Last failures of a plugin on the page; it counts them all."""


async def plugins_page(request: web.Request) -> web.Response:
    """List the plugins with their hooks, tools, checks and failures."""
    rows = await plugin_rows(request)
    tried = request.query.get("tried", "")
    return await render(request, "plugins.html", nav="plugins", plugins=rows, tried=tried)


async def plugin_rows(request: web.Request) -> list[dict[str, Any]]:
    """Return what there is to say of each plugin."""
    hooks = request.app[keys.HOOKS]
    checks = await request.app[keys.READY].run()
    rows = [_row(hooks, plugin.name) for plugin in hooks.plugins]
    for row in rows:
        row["checks"] = [
            {"name": name.partition(":")[2], "ok": result.ok, "message": result.message}
            for name, result in checks.items()
            if name.partition(":")[0] == row["name"] and ":" in name
        ]
    return rows


async def try_again(request: web.Request) -> web.Response:
    """Call a plugin's left-out hooks again from now on."""
    await form(request)
    name = await again(request)
    raise web.HTTPSeeOther(f"/operator/plugins?tried={name}")


async def again(request: web.Request) -> str:
    """Try the plugin of the address again and return its name; audited."""
    name = request.match_info["plugin"]
    hooks = request.app[keys.HOOKS]
    if name not in {plugin.name for plugin in hooks.plugins}:
        refuse(404, "no_plugin", "There is no such plugin; it may be blocked or removed.")
    await note(request, "plugin.try_again", name)
    hooks.try_again(name)
    return name


def _row(hooks: Hooks, name: str) -> dict[str, Any]:
    plugin = next(item for item in hooks.plugins if item.name == name)
    ledger = hooks.ledger
    return {
        "name": plugin.name,
        "origin": plugin.origin,
        "version": plugin.version,
        "hooks": plugin.hooks,
        "required": hooks.is_required(name),
        "tools": [tool.name for tool in hooks.tools.values() if tool.plugin == name],
        "cards": [
            kind for kind, item in hooks.registered.card_types.items() if item.plugin == name
        ],
        "addresses": [
            f"{item.method} /-/{name}{item.path}"
            for item in hooks.registered.routes
            if item.plugin == name
        ],
        "running": hooks.left_running(name),
        "left_out": [item for item in hooks.left_out if item.plugin == name],
        "lost": ledger.dropped(name),
        "skipped": ledger.skipped(name),
        "failed": ledger.failed(name),
        "failures": [_failure(item) for item in ledger.of(name)[: -SHOWN_FAILURES - 1 : -1]],
    }


def _failure(failure: PluginFailure) -> dict[str, Any]:
    return {
        "hook": failure.hook,
        "kind": failure.kind,
        "at": failure.at,
        "frames": failure.frames,
    }


def routes() -> list[Route]:
    """Return the addresses of this module."""
    return [
        Route("GET", "/operator/plugins", plugins_page, Access.SYSTEM_VIEW),
        Route("POST", "/operator/plugins/{plugin}/again", try_again, Access.SYSTEM_MANAGE),
    ]
