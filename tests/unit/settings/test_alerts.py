"""Settings of alerts: channels by kind, secrets where they belong, rules and quiet hours."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from kiosk.settings import load_settings
from kiosk.settings.alerts import AlertSettings, EmailSettings

EMAIL = {"type": "email", "host": "mail.example", "sender": "a@b.example", "to": ["c@d.example"]}


def alerts(**values: Any) -> AlertSettings:
    return AlertSettings.model_validate(values)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"channels": {"ops": EMAIL | {"user": "kiosk"}}}, "go together"),
        (
            {"channels": {"ops": EMAIL | {"user": "k", "password": "p", "tls": "none"}}},
            "travels in clear",
        ),
        ({"channels": {"ops": EMAIL | {"to": ["nobody"]}}}, "name@example.org"),
        ({"channels": {"ops": EMAIL | {"sender": "a@b\r\nBcc: c@d"}}}, "pattern"),
        ({"channels": {"Ops!": EMAIL}}, "small letters"),
        ({"channels": {"ops": {"type": "pigeon"}}}, "email"),
        ({"channels": {"ops": {"type": "teams"}}}, "either url or url_file"),
        ({"channels": {"ops": {"type": "webhook", "url": "https://x"}}}, "either secret"),
        ({"quiet": {"main": "late"}}, "no span of time"),
        ({"rules": {"unheard_of": {}}}, "rules"),
        ({"rules": {"disk": {"limit": -1}}}, "rules"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(values: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        alerts(**values)
    assert text in str(caught.value)


def test_quiet_hours_by_site_or_for_all() -> None:
    settings = alerts(quiet={"main": "22:00-07:00", "*": "00:00-05:00"})
    assert settings.quiet_hours("main") is not settings.quiet_hours("north")
    assert settings.quiet_hours("") is not None
    assert alerts(quiet={"main": "22:00-07:00"}).quiet_hours("north") is None


def test_a_rule_has_what_is_set_and_nothing_else() -> None:
    settings = alerts(rules={"disk": {"limit": 5}})
    assert settings.rule("disk").limit == 5
    assert settings.rule("clock").limit is None
    assert settings.rule("clock").on


def test_a_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_ALERTS__CHANNELS__OPS__PASSWORD", "a secret")
    monkeypatch.setenv("KIOSK_ALERTS__RULES__DISK__LIMIT", "5")
    given = {"alerts": {"channels": {"ops": EMAIL | {"user": "kiosk"}}}}
    settings = load_settings(overrides=given, read_file=False).alerts
    channel = settings.channels["ops"]
    assert isinstance(channel, EmailSettings)
    assert channel.password is not None
    assert channel.password.get_secret_value() == "a secret"
    assert "a secret" not in repr(settings)
    assert settings.rule("disk").limit == 5
