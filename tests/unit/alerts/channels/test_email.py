"""E-mail to a real SMTP server: STARTTLS and password, refusals, no header from a name."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kiosk.alerts.channels.base import ChannelError
from kiosk.alerts.channels.email import EmailChannel, message_of
from kiosk.errors import StartupError
from kiosk.settings.alerts import EmailSettings
from tests.unit.alerts.alerting import notice
from tests.unit.alerts.receiving import HOST, PASSWORD, Post, certificate, post_office

ZONE = ZoneInfo("Europe/Lisbon")


def settings_for(office: Post, **values: Any) -> EmailSettings:
    fields: dict[str, Any] = {
        "type": "email",
        "host": HOST,
        "port": office.port,
        "tls": "none",
        "sender": "kiosk@museum.example",
        "to": ["desk@museum.example", "it@museum.example"],
        "timeout_s": 5,
    }
    return EmailSettings.model_validate(fields | values)


async def test_a_message_arrives_whole() -> None:
    async with post_office() as office:
        await EmailChannel("mail", settings_for(office), ZONE).send(notice())
        (mail,), (to,) = office.got, office.to
    assert mail["Subject"] == "[critical] Museum: Lobby West is not connected"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == "<notice_1@museum.example>"
    assert to == ["desk@museum.example", "it@museum.example"]
    text = mail.get_content()
    assert "What to do: Look whether it has power." in text
    assert "https://kiosk.example/operator/alerts" in text


async def test_with_starttls_and_a_password_from_a_file(tmp_path: Path) -> None:
    pem = await asyncio.to_thread(certificate, tmp_path)
    secret = tmp_path / "password"
    await asyncio.to_thread(secret.write_text, PASSWORD + "\n")
    login = {"tls": "starttls", "ca_file": pem, "user": "kiosk", "password_file": secret}

    async def channel(office: Post, **other: Any) -> EmailChannel:
        # A server makes its channels in a thread, too: they read files.
        return await asyncio.to_thread(
            EmailChannel, "mail", settings_for(office, **(login | other)), ZONE
        )

    async with post_office(pem) as office:
        await (await channel(office)).send(notice())
        assert office.encrypted == [True]
        # A wrong password is mended by people: the message is not lost for it.
        wrong = await channel(office, password="wrong", password_file=None)
        with pytest.raises(ChannelError, match="535") as refused:
            await wrong.send(notice())
        assert refused.value.again
        # Nor is it given to somebody with another certificate, or sent in clear.
        untrusting = await channel(office, ca_file=None)
        with pytest.raises(ChannelError) as untrusted:
            await untrusting.send(notice())
        assert untrusted.value.again
        assert len(office.got) == 1
    async with post_office() as clear:
        uncovered = await channel(clear)
        with pytest.raises(ChannelError):
            await uncovered.send(notice())
        assert clear.got == []


async def test_addresses_that_are_refused_for_good_are_not_tried_again() -> None:
    async with post_office() as office:
        channel = EmailChannel("mail", settings_for(office), ZONE)
        office.refuses = "550 nobody here"
        with pytest.raises(ChannelError) as never:
            await channel.send(notice())
        office.refuses = "450 come back later"
        with pytest.raises(ChannelError) as later:
            await channel.send(notice())
    assert not never.value.again
    assert later.value.again
    with pytest.raises(ChannelError) as gone:
        await channel.send(notice())
    assert gone.value.again


def test_the_name_of_a_screen_makes_no_header() -> None:
    item = notice().items[0].model_copy(update={"what": "West\r\nBcc: all@museum.example"})
    mail = message_of(notice(items=(item,)), settings_for(Post(port=25)), ZONE)
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]


def test_a_missing_authority_says_so(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="ca_file"):
        EmailChannel("mail", settings_for(Post(port=25), ca_file=tmp_path / "gone.pem"), ZONE)
