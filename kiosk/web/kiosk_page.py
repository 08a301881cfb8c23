"""/operator/kiosks/ID: one screen as a device, live, and what an operator may have it do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from aiohttp import web

from kiosk import keys
from kiosk.bus.base import NoHandlerError
from kiosk.i18n import SOURCE_LANGUAGE as ENGLISH
from kiosk.security.access import Access
from kiosk.signaling.device import ARGS
from kiosk.signaling.shell import RestReason
from kiosk.web import board, device_board, wording
from kiosk.web.commander import COMMANDER, DELIVER_S, RULES
from kiosk.web.dashboard import MAX_WHY, render
from kiosk.web.live import LiveKiosk
from kiosk.web.noting import note
from kiosk.web.request import form, operator, refuse
from kiosk.web.routes import Route
from kiosk.web.shell import IN_SERVICE, SHELL, WORDS, service_target
from kiosk.web.shots import SHOTS
from kiosk.web.signaling import TEXTS

NO_KIOSK: Final = "There is no such screen; it may have been taken out of the settings."


async def kiosk_page(request: web.Request) -> web.Response:
    """Show one screen."""
    return await _page(request, _screen(request))


async def command(request: web.Request) -> web.Response:
    """Give the screen a command; written into the audit before it is sent, and what came of it."""
    who = operator(request)
    item = _screen(request)
    name = request.match_info["name"]
    rule = RULES.get(name)
    if rule is None:
        refuse(404, "no_command", f"There is no such command; there are {', '.join(RULES)}.")
    if not who.may(rule.access, item.site):
        refuse(403, "forbidden", "You may not give this command; ask an administrator.")
    fields = await form(request)
    why = fields.get("why", "").strip()[:MAX_WHY]
    await note(request, f"kiosk.{name}", item.id, why)
    outcome = await request.app[COMMANDER].issue(item.id, name, _args(name, fields), who.actor)
    if not outcome.ok:
        await note(request, f"kiosk.{name}.undone", item.id, outcome.detail)
    # Not a redirect: the outcome is said once, and a reload asks whether to send it again.
    return await _page(request, item, outcome.detail, failed=not outcome.ok)


async def service(request: web.Request) -> web.Response:
    """Take the screen out of service with the sentence that was chosen, or put it back."""
    item = _screen(request)
    shell = request.app[SHELL]
    fields = await form(request)
    word = fields.get("state", "")
    if word not in WORDS:
        refuse(400, "no_state", f"A screen is one of {', '.join(WORDS)}.")
    why = fields.get("why", "").strip()[:MAX_WHY]
    before = shell.reason(item.id) or IN_SERVICE
    await note(request, "kiosk.out_of_service", item.id, why, before=before, after=word)
    try:
        target, order = service_target(item.id), {"state": word}
        answer = await request.app[keys.BUS].command(target, order, timeout_s=DELIVER_S)
        failure = "" if answer.get("ok") is True else str(answer.get("detail", ""))
    except (NoHandlerError, TimeoutError):
        failure = "No server answered for this screen; try again in a moment."
    if failure:
        await note(request, "kiosk.out_of_service.undone", item.id, failure)
        return await _page(request, item, failure, failed=True)
    now = shell.reason(item.id)
    outcome = f"Visitors read: {_sentence(request, now)}" if now else "It is in service."
    return await _page(request, item, outcome)


async def screenshot(request: web.Request) -> web.Response:
    """Answer with the newest picture of the screen, as long as it is kept."""
    shot = request.app[SHOTS].get(_screen(request).id)
    if shot is None:
        refuse(404, "no_picture", "There is no picture any more; take a new one.")
    return web.Response(body=shot.jpeg, content_type="image/jpeg")


def routes() -> list[Route]:
    """Return the addresses of this module; each command has its own level besides."""
    return [
        Route("GET", "/operator/kiosks/{kiosk}", kiosk_page, Access.FLEET_VIEW),
        Route("POST", "/operator/kiosks/{kiosk}/commands/{name}", command, Access.FLEET_VIEW),
        Route("POST", "/operator/kiosks/{kiosk}/service", service, Access.KIOSK_COMMAND),
        Route("GET", "/operator/kiosks/{kiosk}/screenshot", screenshot, Access.KIOSK_COMMAND),
    ]


def _screen(request: web.Request) -> LiveKiosk:
    item = request.app[keys.LIVE].kiosks.get(request.match_info["kiosk"])
    if item is None:
        refuse(404, "no_kiosk", NO_KIOSK)
    return item


def _sentence(request: web.Request, reason: RestReason) -> str:
    """Return what visitors read while a screen is out of service, as the dashboard's language."""
    texts, words = request.app[TEXTS], f"rest.{reason}"
    return f"{texts.get(ENGLISH, f'{words}.title')}. {texts.get(ENGLISH, f'{words}.text')}"


async def _page(
    request: web.Request, item: LiveKiosk, outcome: str = "", *, failed: bool = False
) -> web.Response:
    live = request.app[keys.LIVE]
    shot = request.app[SHOTS].get(item.id)
    who = operator(request)
    reason = request.app[SHELL].reason(item.id)
    return await render(
        request,
        "kiosk.html",
        nav="now",
        feed=f"/operator/feed?kiosk={item.id}",
        kiosk=board.kiosk(live, item),
        device=device_board.BLANK | device_board.device(live, item),
        attention=[row for row in board.attention(live) if row["kiosk"] == item.id],
        languages=[
            (code, wording.language(code)) for code in request.app[keys.SETTINGS].site.languages
        ],
        commands={name for name, rule in RULES.items() if who.may(rule.access, item.site)},
        reason=reason or "",
        sentences=[(word, _sentence(request, word)) for word in get_args(RestReason)],
        may_rest=who.may(Access.KIOSK_COMMAND, item.site),
        shot_at=shot.at.isoformat() if shot is not None else "",
        outcome=outcome,
        failed=failed,
    )


def _args(name: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a form that the command knows; their kinds are checked with it."""
    return {key: fields[key] for key in ARGS[name].model_fields if key in fields}
