"""Who takes which message, and where secrets come from."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from kiosk.alerts.channels.base import secret_of, wants
from kiosk.errors import StartupError
from kiosk.settings.alerts import AlertmanagerSettings, TeamsSettings
from tests.unit.alerts.alerting import notice

TEAMS = TeamsSettings(type="teams", url=SecretStr("https://flow.example/x"))


def test_by_site_and_severity() -> None:
    only = TEAMS.model_copy(update={"sites": ["main"], "severity": "critical"})
    assert wants(only, notice())
    assert not wants(only, notice(site="north"))
    assert not wants(only, notice(severity="warning"))
    assert not wants(TEAMS, notice(severity="info"))
    assert wants(only, notice(kind="test", site="", severity="info"))


def test_what_is_over_is_told_where_it_is_asked_for_and_not_at_night() -> None:
    over = notice(kind="resolved")
    asks = TEAMS.model_copy(update={"resolved": True})
    assert not wants(TEAMS, over)
    assert wants(asks, over)
    assert not wants(asks, over.model_copy(update={"quiet": True}))
    machine = AlertmanagerSettings(type="alertmanager", url="https://alerts.example")
    assert wants(machine, over.model_copy(update={"quiet": True}))


def test_secrets_come_from_the_setting_or_its_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from a file\n", encoding="utf-8")
    assert secret_of("x", SecretStr("given"), None) == "given"
    assert secret_of("x", None, file) == "from a file"
    assert secret_of("x", None, None) is None
    with pytest.raises(StartupError, match="cannot be read") as caught:
        secret_of("alerts.channels.ops", None, tmp_path / "gone")
    assert "alerts.channels.ops" in str(caught.value)
