"""The quota that insight and alerts share is one setting, and the old name says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.errors import SettingsError
from kiosk.settings import load_settings


def test_the_quota_is_one_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings().alerts.avatar_starts_per_minute == 2


@pytest.mark.parametrize("by", ["file", "environment"])
def test_the_old_name_says_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if by == "file":
        file = tmp_path / "kiosk.toml"
        file.write_text("[insight]\navatar_starts_per_minute = 5\n", encoding="utf-8")
    else:
        monkeypatch.setenv("KIOSK_INSIGHT__AVATAR_STARTS_PER_MINUTE", "5")
    with pytest.raises(SettingsError, match=r"insight \(.+\): .*as alerts\.avatar_starts"):
        load_settings()
