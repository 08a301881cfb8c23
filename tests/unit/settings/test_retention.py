"""How long what is kept: for all, for one site, never longer than the visit itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kiosk.errors import SettingsError
from kiosk.settings import Settings, load_settings
from kiosk.settings.retention import Days, ever


def settings(**retention: Any) -> Settings:
    kiosks = [{"id": "a", "name": "A"}, {"id": "b", "name": "B", "site": "north"}]
    values = {"kiosks": kiosks, "retention": retention}
    return load_settings(overrides=values, read_file=False)


def test_a_site_keeps_what_it_says_and_the_rest_as_all() -> None:
    found = settings(sites={"north": {"transcripts_days": 0}}).retention
    assert found.of("main") == Days(30, 400, 14, 30)
    assert found.of("north") == Days(0, 400, 14, 30)


def test_words_are_not_kept_longer_than_their_visit() -> None:
    assert settings(visits_days=7).retention.of("main").transcripts == 7


def test_who_has_no_policy_stores_everything() -> None:
    assert ever("any") == Days(1, 1, 1, 1)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"nightly_at": "25:00"}, "retention.nightly_at: write a time of day"),
        ({"audit_days": 3}, "retention.audit_days"),
        ({"sites": {"nort": {}}}, "retention.sites: no kiosk is at the site 'nort'"),
        ({"sites": {"north": {"audit_days": 30}}}, "unknown setting"),
    ],
)
def test_what_cannot_be_is_said(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        settings(**wrong)


def test_a_file_says_it_in_tables(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_text(
        '[[kiosks]]\nid = "b"\nname = "B"\nsite = "north"\n[sites.north]\n'
        "[retention]\nvisitor_code = true\n[retention.sites.north]\ntranscripts_days = 1\n"
    )
    assert load_settings(path).retention.of("north").transcripts == 1
