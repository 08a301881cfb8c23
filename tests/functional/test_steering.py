"""Operators in running visits: real server, real emulator, orders over the interface."""

from __future__ import annotations

from typing import Any, Final

import aiohttp

from kiosk import events, keys
from kiosk.emulator.speech.engines import Engines
from kiosk.storage.rows import Grant
from kiosk.testing import KioskHarness, Visit
from kiosk.testing.fixtures import MakeHarness
from tests.functional.scripts import LISTENS, STORY, TOILETS

PASSWORD: Final = "a-good-long-password"
NO_GREETING: Final[dict[str, Any]] = {
    "visit": {"greet": False},
    "operators": {
        "sentences": [
            {"id": "closing", "text": {"en": "We close soon.", "de": "Wir schließen bald."}}
        ],
    },
}


class Person:
    """An operator with a client of their own."""

    def __init__(self, harness: KioskHarness, client: aiohttp.ClientSession, name: str) -> None:
        self.url, self.client, self.name = harness.url, client, name

    async def order(self, visit: Visit, name: str, **body: Any) -> str:
        """Give an order; returns "" when it was followed, else the code of the refusal."""
        async with self.client.post(
            f"{self.url}/api/visits/{visit.id}/{name}", json=body, headers={"Origin": self.url}
        ) as answer:
            told = await answer.json()
            return "" if answer.status == 200 else str(told["error"]["code"])

    async def watch(self, visit: Visit) -> aiohttp.ClientWebSocketResponse:
        return await self.client.ws_connect(
            f"{self.url}/operator/feed?visit={visit.id}", origin=self.url
        )


async def person(harness: KioskHarness, name: str = "anna") -> Person:
    """Log an administrator in."""
    await harness.app[keys.OPERATORS].add(name, PASSWORD, grants=[Grant("administrator")])
    client = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
    async with client.post(
        f"{harness.url}/operator/login",
        data={"name": name, "password": PASSWORD},
        headers={"Origin": harness.url},
    ) as answer:
        assert answer.status == 200
    return Person(harness, client, name)


async def test_a_whisper_guides_the_next_answer_and_a_sentence_is_said_in_their_language(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, settings=NO_GREETING)
    anna = await person(harness)
    async with anna.client:
        visit = await harness.visit(language="de", microphone=False, media=False)
        await visit.until(lambda v: v.state == "listening", "listening")
        assert await anna.order(visit, "whisper", text="Die Sauna ist auf dem Dach.") == ""
        await visit.type("Wo ist die Sauna?")
        assert await visit.heard() == "Die Sauna ist auf dem Dach."
        assert await anna.order(visit, "say", sentence="closing") == ""
        await visit.until(lambda v: "Wir schließen bald." in v.lines("operator"), "the sentence")
        assert await anna.order(visit, "end") == ""
        await visit.until(lambda v: v.ended == "operator", "the end")
        kept = await harness.transcript(visit.id)
        assert [(entry.speaker, entry.text) for entry in kept] == [
            ("visitor", "Wo ist die Sauna?"),
            ("avatar", "Die Sauna ist auf dem Dach."),
            ("operator", "Wir schließen bald."),
        ]


async def test_a_conversation_is_taken_in_mid_sentence_typed_in_and_handed_back(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, scenario=LISTENS, settings=NO_GREETING)
    anna, bert = await person(harness), await person(harness, "bert")
    async with anna.client, bert.client:
        visit = await harness.visit()
        await visit.until(lambda v: v.state == "listening", "listening")
        await visit.type("tell me a story")
        await visit.until(lambda v: v.state == "speaking", "the story")
        assert await anna.order(visit, "take-over") == ""
        await visit.until(lambda v: joined(v) == [True], "word that a person joined")
        await visit.until(lambda v: any("our staff" in text for text in v.texts()), "who joined")
        assert any(x["type"] == "hush" for x in visit.messages)
        assert STORY not in visit.lines("avatar"), "the story went on"
        assert await bert.order(visit, "take-over") == "held"
        assert await bert.order(visit, "type", text="Hello") == "held"

        # Spoken over what the avatar just says, as over any of its words.
        asked = harness.upstream_events().count("response.create")
        await visit.say(TOILETS)
        await visit.until(lambda v: TOILETS in v.lines("visitor"), "the visitor's words")
        assert harness.upstream_events().count("response.create") == asked, "the model was asked"
        assert await anna.order(visit, "type", text="Follow me.") == ""
        await visit.until(lambda v: "Follow me." in v.lines("operator"), "the words")

        assert await bert.order(visit, "take-over", insist=True) == ""
        assert await anna.order(visit, "hand-back") == "held"
        await visit.type("Do you remember what we talked about?")
        await visit.until(lambda v: len(v.lines("visitor")) == 3, "the question")
        assert await bert.order(visit, "hand-back") == ""
        await visit.until(
            lambda v: v.lines("avatar")[-1:] == ["Yes, I remember what we talked about."],
            "the answer",
        )
        assert any("computer assistant again" in line for line in visit.lines("avatar"))
        assert joined(visit) == [True, False]
        audit = [row.action for row in await harness.storage.audit.recent()]
        assert audit.count("visit.take_over") == 3
        assert audit.count("visit.take_over.undone") == 1


async def test_a_lost_line_stays_taken_and_a_lost_operator_hands_back(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    settings = {**NO_GREETING, "operators": {"absence_s": 1}}
    harness = await kiosk_harness(engines=engines, settings=settings)
    anna = await person(harness)
    async with anna.client:
        visit = await harness.visit(microphone=False, media=False)
        await visit.until(lambda v: v.state == "listening", "listening")
        dashboard = await anna.watch(visit)
        assert await anna.order(visit, "take-over") == ""
        await visit.heard()
        await harness.lose_upstream()
        await visit.until(lambda v: "reconnecting" in v.notices, "word of the lost line")
        assert await anna.order(visit, "type", text="Hello") == "no_line"
        await harness.restore_upstream()
        await visit.until(lambda v: "reconnecting" not in v.notices, "the new line")
        await visit.until(lambda v: v.state == "listening", "listening again")
        asked = harness.upstream_events().count("response.create")
        await visit.type("Is anybody there?")
        await visit.until(lambda v: "Is anybody there?" in v.lines("visitor"), "the question")
        assert harness.upstream_events().count("response.create") == asked
        assert await anna.order(visit, "type", text="I am here.") == ""
        await visit.until(lambda v: "I am here." in v.lines("operator"), "the words")

        async with harness.app[keys.BUS].subscribe(events.EVENTS_TOPIC) as told:
            await dashboard.close()
            await visit.until(lambda v: joined(v) == [True, False], "the assistant again")
            left = await first(told, "operator_left")
        assert (left["by"], left["why"]) == ("anna", "absent")


def joined(visit: Visit) -> list[bool]:
    return [message["active"] for message in visit.messages if message["type"] == "joined"]


async def first(told: Any, kind: str) -> Any:
    async for payload in told:
        if payload["type"] == kind:
            return payload
    raise AssertionError(f"no {kind} was told")
