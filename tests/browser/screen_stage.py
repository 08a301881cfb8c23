"""A stage for the kiosk's page: the real page and wire; the server does what the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from fractions import Fraction
from types import TracebackType
from typing import Any, Literal, Self

from aiohttp import WSMsgType, web
from aiortc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack
from av import VideoFrame
from playwright.async_api import Browser, Page
from typing_extensions import override

from kiosk import paths
from kiosk.clock import SystemClock
from kiosk.i18n import Texts
from kiosk.security.guards import security_headers
from kiosk.settings.sections import SiteSettings
from kiosk.signaling import messages as m
from kiosk.tasks import TaskSet
from kiosk.themes.stylesheet import SCREEN, stylesheet
from kiosk.themes.theme import find_theme, themes_in
from kiosk.web.catalogues import Catalogues
from kiosk.web.looks import Looks
from kiosk.web.pages import KioskPage, shown_texts
from kiosk.web.static import StaticFiles
from kiosk.web.templating import Templates
from kiosk.web.tickets import PROTOCOL
from tests.browser import browsers

CHROMIUM = browsers.CHROMIUM
chromium = browsers.lent
FAKE_MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
SOUND = "--autoplay-policy=no-user-gesture-required"
DEADLINE_S = 30.0
TOKEN = "resume-token"

# Read here, once: nothing may touch a disk while the loop runs.
TEXTS = Texts.load()
SITE = SiteSettings()
CATALOGUES = Catalogues()
TEMPLATES = Templates()
THEMES = {folder.name: find_theme(folder.name) for folder in themes_in()}
SHEETS = {f"themes/{theme.id}/{SCREEN}": stylesheet(theme) for theme in THEMES.values()}
STATIC = StaticFiles(paths.STATIC, made=SHEETS)


class Picture(VideoStreamTrack):
    """A small grey picture, now and then: coding a large one is no part of these tests."""

    _pts = 0

    @override
    async def recv(self) -> VideoFrame:
        """Return the next frame, five in a second."""
        await SystemClock().sleep(0.2)
        self._pts += 18_000
        frame = VideoFrame(width=160, height=120)
        for plane in frame.planes:
            plane.update(b"\x80" * plane.buffer_size)
        frame.pts, frame.time_base = self._pts, Fraction(1, 90_000)
        return frame


class Stage:
    """Serves one kiosk's page on port 0 and keeps what the page sends."""

    def __init__(
        self,
        *,
        talk: Literal["open", "push", "hybrid"] = "open",
        consent: bool = True,
        sign: Mapping[str, str] | None = None,
        keyboard: str = "auto",
        theme: str = "gallery",
        attract: dict[str, Any] | None = None,
        static: StaticFiles = STATIC,
        **page: Any,
    ) -> None:
        self.sign = sign or {}
        self.talk = talk
        self.theme = theme
        self.attract = attract
        self.static = static
        self.page = page
        self.keyboard = keyboard
        self.welcomes = asyncio.Event()
        self.welcomes.set()
        self.texts_out = False
        self.texts_late: dict[str, asyncio.Event] = {}
        """Languages whose texts are given only when their event comes."""
        self.consent = consent
        self.heard: list[m.ClientMessage] = []
        self.audio_bytes = 0
        self.answers_offers = True
        self.visiting = False
        self._asks = False
        self.refusal: m.Failure | None = None
        self.url = ""
        self._sockets: set[web.WebSocketResponse] = set()
        self._peers: list[RTCPeerConnection] = []
        self._tasks = TaskSet("stage")
        self._answers: list[asyncio.Task[str]] = []
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.shut()
        await asyncio.gather(*self._answers, return_exceptions=True)
        await asyncio.gather(*(peer.close() for peer in self._peers))

    async def open(self) -> None:
        """Start serving; a second time it comes back on the same port, like a restarted server."""
        app = web.Application()
        app.router.add_get("/", self._page)
        app.router.add_post("/kiosk/ticket", self._ticket)
        app.router.add_get("/ws/kiosk", self._socket)
        app.router.add_get("/livez", self._alive)
        app.router.add_get("/static/texts/{language}.json", self._texts)
        app.router.add_get("/static/{name:.+}", self.static.handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}/"

    async def _ticket(self, _request: web.Request) -> web.Response:
        return web.json_response({"ticket": "for-the-stage"})

    async def shut(self) -> None:
        """Stop serving; every socket is closed."""
        for socket in tuple(self._sockets):
            await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def say(self, *messages: m.ServerMessage) -> None:
        """Send these messages to the page."""
        for socket in tuple(self._sockets):
            for message in messages:
                await socket.send_str(m.dump(message))

    async def until(self, wanted: Callable[[], bool]) -> None:
        """Wait until something that the page sent makes `wanted` true."""
        async with asyncio.timeout(DEADLINE_S), self._changed:
            await self._changed.wait_for(wanted)

    async def drop_sockets(self) -> None:
        """Close every socket, as a proxy does when it restarts."""
        for socket in tuple(self._sockets):
            await socket.close()

    def of(self, kind: type[Any]) -> list[Any]:
        """Return what the page sent of one type, in order."""
        return [message for message in self.heard if isinstance(message, kind)]

    async def _page(self, _request: web.Request) -> web.Response:
        codes = TEXTS.languages
        page = KioskPage(
            kiosk_id="lobby",
            kiosk_name="Lobby",
            site_name="Museum on the Quay",
            language="en",
            languages=tuple(Texts.describe(code) for code in codes),
            texts={"en": shown_texts(TEXTS, "en", SITE)},
            text_urls={
                code: CATALOGUES.url(code, shown_texts(TEXTS, code, SITE)) for code in codes
            },
            version="test",
            config="test",
            consent=self.consent,
            talk=self.talk,
            theme=self.theme,
            goodbye_s=1,
            person=True,
            sign=self.sign,
            hearing={
                "en": "There is a hearing loop at this screen: switch to T.",
                "de": "Hier gibt es eine Induktionsschleife: Stellung T.",
            },
            keyboard=self.keyboard,
            look=Looks.drawn(THEMES[self.theme], self.static.url, self.attract),
            **self.page,
        )
        context = {"page": page, "card_styles": [], "card_scripts": []}
        html = TEMPLATES.render("kiosk.html", context)
        return web.Response(
            text=html, content_type="text/html", headers=security_headers(https=False, camera=True)
        )

    async def _texts(self, request: web.Request) -> web.StreamResponse:
        if self.texts_out:
            raise web.HTTPServiceUnavailable
        late = self.texts_late.get(request.match_info["language"].partition(".")[0])
        if late is not None:
            await late.wait()
        return await CATALOGUES.handle(request)

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=(PROTOCOL,))
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            async for frame in socket:
                if frame.type is WSMsgType.BINARY:
                    self.audio_bytes += len(frame.data)
                elif frame.type is WSMsgType.TEXT:
                    message = m.parse(frame.data)
                    await self._answer(socket, message)
                    self.heard.append(message)
                async with self._changed:
                    self._changed.notify_all()
        finally:
            self._sockets.discard(socket)
        return socket

    async def _answer(self, socket: web.WebSocketResponse, message: m.ClientMessage) -> None:
        replies: list[m.ServerMessage] = []
        if isinstance(message, m.Hello):
            await self.welcomes.wait()
            resumed = self.visiting and message.resume == TOKEN
            replies.append(
                m.Welcome(
                    kiosk_id="lobby",
                    kiosk_name="Lobby",
                    language="en",
                    languages=(),
                    consent=self.consent,
                    talk=self.talk,
                    resumed=resumed,
                    page="test",
                    now=round(1000 * SystemClock().now().timestamp()),
                )
            )
            if resumed:
                state = m.State(state="consent" if self._asks else "listening")
                replies += [m.Visit(id="v", resume=TOKEN), state]
                if not message.playing:
                    replies.append(m.Ice(servers=()))
        elif isinstance(message, m.Start) and self.refusal is not None:
            replies.append(self.refusal)
        elif isinstance(message, m.Start):
            self.visiting = True
            self._asks = self.consent
            state = m.State(state="consent" if self.consent else "connecting")
            replies += [m.Visit(id="v", resume=TOKEN), state, m.Ice(servers=())]
        elif isinstance(message, m.Consent) and message.accepted:
            self._asks = False
        elif isinstance(message, m.Offer) and self.answers_offers:
            # Of its own: a peer that is being made when a test ends is made, and then closed.
            answer = self._tasks.start(self._avatar(message.sdp), name="answer")
            self._answers.append(answer)
            replies.append(m.Answer(sdp=await asyncio.shield(answer)))
        elif isinstance(message, m.End | m.Consent):
            self.visiting = False
            reason = "visitor_left" if isinstance(message, m.End) else "declined"
            replies.append(m.Ended(reason=reason))
        for reply in replies:
            await socket.send_str(m.dump(reply))

    async def _avatar(self, sdp: str) -> str:
        peer = RTCPeerConnection()
        self._peers.append(peer)
        peer.addTrack(AudioStreamTrack())
        peer.addTrack(Picture())
        codecs = RTCRtpSender.getCapabilities("video").codecs
        for transceiver in peer.getTransceivers():
            if transceiver.kind == "video":
                transceiver.setCodecPreferences([c for c in codecs if c.mimeType == "video/H264"])
        # Without a microphone Chromium hides its addresses behind .local names, which nothing here
        # resolves; the connection is found from the other side.
        lines = [line for line in sdp.splitlines(keepends=True) if ".local " not in line]
        await peer.setRemoteDescription(RTCSessionDescription("".join(lines), "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        return peer.localDescription.sdp


@asynccontextmanager
async def screen(
    browser: Browser,
    stage: Stage,
    *,
    microphone: bool = True,
    width: int = 1080,
    height: int = 1920,
    touch: bool = False,
    motion: bool = False,
) -> AsyncIterator[Page]:
    """Open the page in a fresh profile and wait for its first screen; it must log no mistake.

    Without `motion` the browser asks for less of it: drawing it takes most of a test's computing.
    """
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        has_touch=touch,
        permissions=["microphone"] if microphone else [],
        reduced_motion="no-preference" if motion else "reduce",
    )
    page = await context.new_page()
    page.set_default_timeout(DEADLINE_S * 1000)
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    await page.goto(stage.url)
    await state(page, "attract")
    # Its page says so from the first; what is touched before the server is there is another test's.
    await stage.until(lambda: bool(stage.of(m.Hello)))
    try:
        yield page
        assert mistakes == []
    finally:
        await context.close()


@asynccontextmanager
async def opened(
    *flags: str,
    talk: Literal["open", "push", "hybrid"] = "open",
    consent: bool = True,
    microphone: bool = True,
    sign: Mapping[str, str] | None = None,
    motion: bool = False,
) -> AsyncIterator[tuple[Stage, Page]]:
    """Give a stage and its page in their own Chromium; with no flags, one with a microphone."""
    async with (
        Stage(talk=talk, consent=consent, sign=sign) as stage,
        chromium(*(flags or (*FAKE_MICROPHONE, SOUND))) as browser,
        screen(browser, stage, microphone=microphone, motion=motion) as page,
    ):
        yield stage, page


async def state(page: Page, name: str) -> None:
    """Wait until the screen shows this state."""
    await page.wait_for_selector(f"body[data-state={name}]")


async def converse(page: Page, stage: Stage) -> None:
    """Start a visit, accept the notice, and go on to the first `listening`."""
    await page.get_by_test_id("start").click()
    if stage.consent:
        await page.get_by_test_id("consent-accept").click()
    await state(page, "connecting")
    await stage.until(lambda: bool(stage.of(m.Microphone)))
    await stage.say(m.State(state="listening", media="direct"))
    await state(page, "listening")
