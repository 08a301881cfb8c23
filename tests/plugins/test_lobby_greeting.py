"""The example plugin: what it says at which hour, where, and in which language."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kiosk.builtin import greeting as builtin
from kiosk.builtin.greeting import GREETINGS
from kiosk.errors import SettingsError
from kiosk.model import Greeting
from kiosk.paths import demo_plugins
from kiosk.web.templating import Templates
from plugins import lobby_greeting
from tests.unit.hooks.hooking import Session, hooked, running, turn

HELP = "I am a computer assistant. How can I help you?"
HILFE = "Ich bin ein Computer-Assistent. Wie kann ich Ihnen helfen?"


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates()


# Loaded here: on the loop, reading its file would be a blocking call.
TOKYO = ZoneInfo("Asia/Tokyo")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A time in March 2026; the 2nd is a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


async def greeted(session: Session, **table: Any) -> Greeting | None:
    """Greet as a server with this plugin and the built-in one does."""
    async with running(
        {"lobby_greeting": lobby_greeting},
        builtins={"greeting": builtin},
        plugins={"lobby_greeting": table},
    ) as made:
        answer = await made.hooks.greeting(session)
        assert made.kinds == []
        return answer


@pytest.mark.parametrize(
    ("when", "text"),
    [
        (at(3, 10), f"Good morning, welcome to Test site. {HELP}"),
        (at(3, 12), f"Good afternoon, welcome to Test site. {HELP}"),
        (at(3, 9, 59), f"Good morning, welcome to Test site. We open at 10:00 today. {HELP}"),
        (at(3, 17, 29), f"Good afternoon, welcome to Test site. {HELP}"),
        (at(3, 17, 30), f"Good afternoon, welcome to Test site. We close at 18:00 today. {HELP}"),
        (
            at(3, 18),
            "Good evening, welcome to Test site. "
            f"We are closed for today, but I can still answer questions. {HELP}",
        ),
        (at(5, 18), f"Good evening, welcome to Test site. {HELP}"),
        (
            at(2, 12),
            "Good afternoon, welcome to Test site. "
            f"We are closed today, but I can still answer questions. {HELP}",
        ),
    ],
)
async def test_the_hour_decides(when: datetime, text: str) -> None:
    assert await greeted(Session(at=when)) == Greeting(text)


async def test_the_hour_is_the_sites_own() -> None:
    answer = await greeted(Session(at=at(3, 11), zone=TOKYO.key))
    assert answer is not None
    assert answer.text.startswith("Good evening")
    assert "closed for today" in answer.text


async def test_it_speaks_german() -> None:
    answer = await greeted(
        Session(language="de-AT", at=at(3, 8)),
        welcome={"de": "willkommen im Museum am Kai"},
    )
    expected = f"Guten Morgen, willkommen im Museum am Kai. Wir öffnen heute um 10:00. {HILFE}"
    assert answer == Greeting(expected)


async def test_another_language_is_left_to_the_built_in_greeting() -> None:
    assert await greeted(Session(language="sv-SE")) == Greeting(GREETINGS["sv"])


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ja", "おはようございます。Test siteへようこそ。本日は10:00に開館します。私は"),
        ("zh", "上午好，欢迎来到Test site。今天10:00开门。我是电脑助手。"),
        ("ar", "صباح الخير، أهلًا بكم في Test site. نفتح اليوم الساعة 10:00. أنا مساعد حاسوبي."),
        ("pt-BR", "Bom dia, damos-lhe as boas-vindas: Test site. Hoje abrimos às 10:00. Sou"),
    ],
)
async def test_sentences_are_joined_as_the_language_does(language: str, text: str) -> None:
    answer = await greeted(Session(language=language, at=at(3, 8)))
    assert answer is not None
    assert answer.text.startswith(text)


async def test_only_an_entrance_welcomes() -> None:
    upstairs = Session(place="the first floor", at=at(3, 12))
    answer = await greeted(upstairs, entrances=["entrance"])
    assert answer == Greeting(f"Good afternoon. This is the first floor. {HELP}")
    answer = await greeted(Session(at=at(3, 12)), entrances=["entrance"])
    assert answer is not None
    assert "welcome to" in answer.text


async def test_a_name_with_braces_is_only_a_name() -> None:
    answer = await greeted(Session(site_name="{self}", at=at(3, 12)))
    assert answer is not None
    assert "welcome to {self}." in answer.text


async def test_a_closed_day_is_closed() -> None:
    answer = await greeted(Session(at=at(3, 12)), closed_days=["2026-03-03"])
    assert answer is not None
    assert "We are closed today" in answer.text


async def test_the_model_is_told_date_and_hours_in_sentences() -> None:
    table = {"wednesday": "08:30-12:00", "closed_days": ["2026-12-25"]}
    async with running(
        {"lobby_greeting": lobby_greeting}, plugins={"lobby_greeting": table}
    ) as made:
        (text,) = await made.hooks.instructions(Session(at=at(3, 14, 5)))
    assert text.splitlines() == [
        "Now it is 14:05 on Tuesday, 3 March 2026.",
        "Today (Tuesday) we are open from 10:00 to 18:00.",
        "Tomorrow (Wednesday) we are open from 08:30 to 12:00.",
        "On Mondays we are closed.",
        "On Tuesdays we are open from 10:00 to 18:00.",
        "On Wednesdays we are open from 08:30 to 12:00.",
        "On Thursdays we are open from 10:00 to 20:00.",
        "On Fridays we are open from 10:00 to 18:00.",
        "On Saturdays we are open from 10:00 to 18:00.",
        "On Sundays we are open from 10:00 to 18:00.",
        "On 25 December 2026 we are closed.",
    ]


@pytest.mark.parametrize(
    ("language", "question", "title", "first", "hours"),
    [
        ("en", "When do you open?", "Opening hours", "Monday", "Closed"),
        ("en", "what are your opening HOURS", "Opening hours", "Monday", "Closed"),
        ("de", "Wie lange haben Sie heute geöffnet?", "Öffnungszeiten", "Montag", "Geschlossen"),
        ("fr", "Vous êtes ouverts dimanche ?", "Horaires d’ouverture", "Lundi", "Fermé"),
        ("es", "¿A qué hora abren?", "Horario", "Lunes", "Cerrado"),
        ("pt", "A que horas fecham?", "Horário", "Segunda-feira", "Fechado"),
        ("uk", "О котрій ви зачиняєтеся?", "Години роботи", "Понеділок", "Зачинено"),
        ("ar", "متى تفتحون؟", "ساعات العمل", "الاثنين", "مغلق"),
        ("ja", "何時から開いていますか？", "開館時間", "月曜日", "休館"),
        ("zh", "你们几点关门？", "开放时间", "星期一", "不开放"),
    ],
)
async def test_a_question_about_hours_shows_the_week(
    templates: Templates, language: str, question: str, title: str, first: str, hours: str
) -> None:
    async with running({"lobby_greeting": lobby_greeting}) as made:
        ((_, card),) = await made.hooks.cards(Session(language=language), turn(question))
    assert (card.kind, card.title, card.id) == ("list", title, "opening-hours")
    week = card.data["items"]
    assert week[0] == {"title": first, "aside": hours}
    assert week[3]["aside"] == "10:00-20:00"
    assert len(week) == 7
    html = templates.render_card(card)
    assert html.count("<li>") == 7
    assert "10:00-20:00" in html


@pytest.mark.parametrize(
    ("language", "event"),
    [
        ("en", turn("Where is the cafe?")),
        ("en", turn("We are open until six.", speaker="avatar")),
        ("fr", turn("Où est la ferme ?")),
        ("sv", turn("Are you open?")),
    ],
)
async def test_anything_else_shows_no_card(language: str, event: Any) -> None:
    async with running({"lobby_greeting": lobby_greeting}) as made:
        assert await made.hooks.cards(Session(language=language), event) == []
        assert made.kinds == []


@pytest.mark.parametrize(
    "hours", ["18-10", "18:00-10:00", "10:00", "ten to six", 10, "25:00-26:00"]
)
def test_hours_that_are_none_say_how_to_write_them(hours: object) -> None:
    table = {"lobby_greeting": {"monday": hours}}
    with pytest.raises(SettingsError, match=r'plugins\.lobby_greeting\.monday: .*"10:00-18:00"'):
        hooked({"lobby_greeting": lobby_greeting}, plugins=table)


def test_it_is_short_enough_to_copy() -> None:
    source = (demo_plugins() / "lobby_greeting/__init__.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) < 150
