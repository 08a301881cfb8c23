"""Calls a person: staff are told, the visitor sees who is coming, and nobody waits for ever.

Operators see every call on their first page and take it there. With `url` each call is also posted
to a web address, signed as Standard Webhooks, without anything that was said.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, Self

import aiohttp
import structlog
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from kiosk import hookimpl
from kiosk.hooks.site import SessionHandle, Site
from kiosk.hooks.specs import RegisterRoute, RegisterSettings, RegisterTool
from kiosk.hooks.values import Panel, PluginRequest, PluginResponse
from kiosk.model import Card, VisitSummary
from kiosk.security.webhooks import safe_address, signed_headers, signing_key

from .words import CARD, say

log = structlog.get_logger(__name__)

MOST_CALLS: Final = 50
"""Open calls of a site; beyond them visitors are sent to the desk."""

State = Literal["waiting", "coming"]


class HandoffSettings(BaseModel):
    """`[plugins.staff_handoff]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wait_s: float = Field(120, ge=5, le=1800, description="How long until nobody came, s.")
    desk: dict[str, str] = Field({}, description="By language, where to go instead.")
    url: str = Field("", description="Where to post calls; https, except to this machine.")
    secret: SecretStr | None = None

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if self.url:
            safe_address(self.url)
            if self.secret is None:
                raise ValueError("set secret, to sign with")
            signing_key(self.secret.get_secret_value())
        return self


@dataclass(slots=True)
class Call:
    """One visitor who wants a person."""

    session: SessionHandle
    since: datetime
    state: State = "waiting"
    by: str = ""


class Desk:
    """The open calls, by visit, and the tasks that wait for somebody to come."""

    def __init__(self, site: Site, tasks: asyncio.TaskGroup) -> None:
        self._site = site
        self._settings = site.settings(HandoffSettings)
        self._tasks = tasks
        self._waits: dict[str, asyncio.Task[None]] = {}
        self.calls: dict[str, Call] = {}

    async def call(self, session: SessionHandle) -> str:
        """Call somebody to a visit; return the sentence to say."""
        language = session.language
        open_call = self.calls.get(session.id)
        if open_call is not None:
            return say(language, open_call.state)
        if len(self.calls) >= MOST_CALLS:
            return say(language, "nobody", desk=self._desk(language))
        self.calls[session.id] = Call(session, session.now())
        await session.transfer(state="wanted")
        await self._show(session, "waiting")
        await self._site.publish("staff_called", kiosk=session.kiosk.id)
        self._waits[session.id] = self._tasks.create_task(
            self._wait(session), name=f"staff_handoff/{session.id}"
        )
        return say(language, "waiting")

    async def take(self, visit_id: str, by: str) -> bool:
        """Tell the visitor that somebody is coming; False when the call is over."""
        call = self.calls.get(visit_id)
        if call is None:
            return False
        if call.state == "waiting":
            call.state, call.by = "coming", by
            self._stop_waiting(visit_id)
            await call.session.transfer(state="coming")
            await self._show(call.session, "coming")
            await call.session.say(say(call.session.language, "coming"))
        return True

    async def close(self, visit_id: str) -> bool:
        """End a call: the person is there, or is not needed; False when it is over already."""
        call = self.calls.pop(visit_id, None)
        self._stop_waiting(visit_id)
        if call is None:
            return False
        await call.session.transfer(state="over")
        return True

    def forget(self, visit_id: str) -> None:
        """Drop the call of a visit that is over."""
        self.calls.pop(visit_id, None)
        self._stop_waiting(visit_id)

    def stop(self) -> None:
        """Stop waiting for everybody."""
        for visit_id in list(self._waits):
            self._stop_waiting(visit_id)

    def _stop_waiting(self, visit_id: str) -> None:
        task = self._waits.pop(visit_id, None)
        if task is not None:
            task.cancel()

    async def _wait(self, session: SessionHandle) -> None:
        if self._settings.url:
            await self._post(session)
        await self._site.clock.sleep(self._settings.wait_s)
        self._waits.pop(session.id, None)
        if self.calls.pop(session.id, None) is None:
            return
        await session.transfer(state="over")
        await self._show(session, "nobody")
        await session.say(say(session.language, "nobody", desk=self._desk(session.language)))

    async def _post(self, session: SessionHandle) -> None:
        """Tell the site's own system; a failure leaves the operator's page, which has the call."""
        settings = self._settings
        body = json.dumps(
            {
                "type": "staff.called",
                "visit": session.id,
                "kiosk": session.kiosk.id,
                "place": session.kiosk.place,
                "language": session.language,
            }
        ).encode()
        secret = settings.secret.get_secret_value() if settings.secret is not None else ""
        headers = signed_headers(
            signing_key(secret), f"msg_{secrets.token_hex(16)}", self._site.clock.now(), body
        )
        try:
            async with self._site.http.post(
                settings.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                if answer.status >= 300:
                    log.error("staff were not told by webhook", status=answer.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.error("staff were not told by webhook", kind=type(error).__name__)

    async def _show(self, session: SessionHandle, what: str) -> None:
        language = session.language
        data = {"text": say(language, what, desk=self._desk(language))}
        await session.show(Card("text", say(language, "title"), data, id=CARD))

    def _desk(self, language: str) -> str:
        desk = self._settings.desk
        return desk.get(language.partition("-")[0]) or say(language, "desk")


@hookimpl
def register_settings(register: RegisterSettings) -> None:
    """How long somebody has to come, and whom to tell."""
    register(HandoffSettings)


@hookimpl
@asynccontextmanager
async def lifespan(site: Site) -> AsyncIterator[None]:
    """Own the tasks that wait for somebody to come."""
    async with asyncio.TaskGroup() as tasks:
        desk = site.state["desk"] = Desk(site, tasks)
        yield
        desk.stop()


def _desk(site: Site) -> Desk:
    desk: Desk = site.state["desk"]
    return desk


@hookimpl
def register_tools(register: RegisterTool, site: Site) -> None:
    """One function for the model."""

    async def call_staff(session: SessionHandle) -> dict[str, Any]:
        """Call a person: staff, somebody human who comes to the visitor and helps."""
        return {"say": await _desk(site).call(session)}

    register(call_staff, per_minute=4)


@hookimpl
async def person_wanted(site: Site, session: SessionHandle) -> str:
    """Call somebody for a visitor who touched the button instead of saying it."""
    return await _desk(site).call(session)


@hookimpl
def session_ended(site: Site, summary: VisitSummary) -> None:
    """Nobody needs to come any more."""
    _desk(site).forget(summary.visit_id)


@hookimpl
def dashboard_panels(site: Site) -> Sequence[Panel]:
    """Show operators who is waiting."""
    calls = _desk(site).calls.values()
    if not calls:
        return [Panel("Staff calls", "Nobody is waiting.")]
    rows = [(call.session.kiosk.name, f"{call.state} since {call.since:%H:%M}") for call in calls]
    return [Panel("Staff calls", "", rows, link="/calls", link_text="Answer a call")]


@hookimpl
def register_routes(register: RegisterRoute, site: Site) -> None:
    """The page where operators answer."""

    async def page(request: PluginRequest) -> PluginResponse:
        html = site.render(
            "staff_handoff/calls.html",
            site_name=site.name,
            calls=[
                {
                    "visit": visit_id,
                    "kiosk": call.session.kiosk.name,
                    "place": call.session.kiosk.place,
                    "language": call.session.language,
                    "since": f"{call.since:%H:%M}",
                    "state": call.state,
                    "by": call.by,
                }
                for visit_id, call in _desk(site).calls.items()
            ],
        )
        return PluginResponse(html, content_type="text/html")

    async def take(request: PluginRequest) -> PluginResponse:
        await _desk(site).take(request.match["visit"], request.operator or "")
        return PluginResponse(status=303, location="/-/staff_handoff/calls")

    async def done(request: PluginRequest) -> PluginResponse:
        await _desk(site).close(request.match["visit"])
        return PluginResponse(status=303, location="/-/staff_handoff/calls")

    register("GET", "/calls", page, access="operator")
    register("POST", "/calls/{visit}/take", take, access="operator")
    register("POST", "/calls/{visit}/done", done, access="operator")
