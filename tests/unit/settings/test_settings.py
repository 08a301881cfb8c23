"""kiosk.toml, environment and overrides become one checked value, or one line for each mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kiosk.errors import SettingsError
from kiosk.settings import Settings, load_settings

AZURE = (
    "AZURE_VOICELIVE_ENDPOINT",
    "AZURE_VOICELIVE_API_KEY",
    "AZURE_COGNITIVE_SERVICES_ENDPOINT",
    "AZURE_COGNITIVE_SERVICES_KEY",
)


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and none of these variables."""
    monkeypatch.chdir(tmp_path)
    for name in AZURE:
        monkeypatch.delenv(name, raising=False)


def write(folder: Path, text: str, name: str = "kiosk.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refused(path: Path | None = None, **overrides: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(path, overrides=overrides)
    return str(caught.value)


# ── where values come from ───────────────────────────────────────────────────────────────────


def test_with_nothing_everything_has_a_default() -> None:
    settings = load_settings()
    assert settings.server.port == 8080
    assert settings.upstream.endpoint is None
    assert [kiosk.id for kiosk in settings.kiosks] == ["main"]


def test_two_loads_share_no_list() -> None:
    one, other = load_settings(), load_settings()
    one.site.languages.append("fr")
    assert other.site.languages == ["en", "de"]
    assert Settings().site.languages == ["en", "de"]


def test_the_file_here_is_read_and_another_when_named(tmp_path: Path) -> None:
    write(tmp_path, "[server]\nport = 9000\n")
    other = write(tmp_path, "[server]\nport = 9001\n", "other.toml")
    assert load_settings().server.port == 9000
    assert load_settings(other).server.port == 9001
    assert load_settings(read_file=False).server.port == 8080


def test_overrides_win_over_the_file_and_the_environment_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, '[server]\nport = 9000\nhost = "0.0.0.0"\n')
    assert load_settings(overrides={"server": {"port": 9002}}).server.port == 9002
    assert load_settings(overrides={"server": {"port": 9002}}).server.host == "0.0.0.0"
    monkeypatch.setenv("KIOSK_SERVER__PORT", "9003")
    settings = load_settings(overrides={"server": {"port": 9002}})
    assert (settings.server.port, settings.server.host) == (9003, "0.0.0.0")


def test_plugins_keep_their_own_tables(tmp_path: Path) -> None:
    write(tmp_path, '[plugins.lobby_greeting]\nmonday = "closed"\n')
    assert load_settings().plugins == {"lobby_greeting": {"monday": "closed"}}


def test_azures_own_names_are_read_and_ours_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_COGNITIVE_SERVICES_ENDPOINT", "https://old.example")
    monkeypatch.setenv("AZURE_COGNITIVE_SERVICES_KEY", "old")
    settings = load_settings()
    assert settings.upstream.endpoint == "https://old.example"
    assert settings.upstream.api_key is not None
    assert settings.upstream.api_key.get_secret_value() == "old"
    monkeypatch.setenv("AZURE_VOICELIVE_ENDPOINT", "https://new.example")
    assert load_settings().upstream.endpoint == "https://new.example"
    given = load_settings(overrides={"upstream": {"endpoint": "https://ours.example"}})
    assert given.upstream.endpoint == "https://ours.example"
    monkeypatch.setenv("KIOSK_UPSTREAM__ENDPOINT", "https://env.example")
    assert load_settings().upstream.endpoint == "https://env.example"


def test_an_empty_azure_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_VOICELIVE_ENDPOINT", "")
    assert load_settings().upstream.endpoint is None


# ── mistakes ─────────────────────────────────────────────────────────────────────────────────


def test_a_file_that_is_not_there_or_no_toml_is_named(tmp_path: Path) -> None:
    assert "none.toml does not exist" in refused(tmp_path / "none.toml")
    assert "bad.toml is not valid TOML" in refused(write(tmp_path, "[server\n", "bad.toml"))
    (tmp_path / "latin.toml").write_bytes(b'[site]\nname = "Caf\xe9"\n')
    assert "latin.toml is not valid TOML" in refused(tmp_path / "latin.toml")
    assert "cannot be read" in refused(tmp_path)


def test_every_mistake_has_its_line_and_the_file_is_named(tmp_path: Path) -> None:
    text = "[server]\nport = 99999\nprot = 1\n[site]\nlanguages = []\n"
    file = write(tmp_path, f"{text}[serverr]\n")
    first, *lines = refused(file).splitlines()
    assert first == f"Settings are wrong ({file}):"
    assert f"  server.prot ({file}:3): unknown setting; remove it or correct its name." in lines
    assert f"  serverr ({file}:6): unknown setting; remove it or correct its name." in lines
    assert any(line.startswith(f"  server.port ({file}:2): Input should be") for line in lines)
    assert any(line.startswith(f"  site.languages ({file}:5): ") for line in lines)
    assert len(lines) == 4


def test_a_table_of_another_kind_is_no_traceback(tmp_path: Path) -> None:
    assert "server" in refused(write(tmp_path, "server = 3\n"))
    assert "upstream" in refused(write(tmp_path, "upstream = 3\n"))
    assert "plugins" in refused(write(tmp_path, "plugins = [1]\n"))


def test_a_misspelt_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_SEVER__PORT", "1")
    assert "KIOSK_SEVER__PORT is no setting of ours" in refused()
    monkeypatch.delenv("KIOSK_SEVER__PORT")
    monkeypatch.setenv("KIOSK_SERVER__PROT", "1")
    assert "server.prot (environment KIOSK_SERVER__PROT): unknown setting" in refused()


def test_a_wrong_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_UPSTREAM__API_KEY", "secret-4711")
    monkeypatch.setenv("KIOSK_UPSTREAM__ENDPOINT", "http://secret-4711.example")
    sentence = refused()
    at = "upstream.endpoint (environment KIOSK_UPSTREAM__ENDPOINT): "
    assert f"{at}a plain-text address is for the emulator" in sentence
    monkeypatch.setenv("AZURE_VOICELIVE_ENDPOINT", "http://secret-4711.example")
    monkeypatch.delenv("KIOSK_UPSTREAM__ENDPOINT")
    assert "upstream.endpoint (environment AZURE_VOICELIVE_ENDPOINT): a plain" in refused()
    monkeypatch.delenv("AZURE_VOICELIVE_ENDPOINT")
    assert "secret-4711" not in sentence
    assert "secret-4711" not in repr(load_settings(overrides={"access": {"secret": "s"}}))


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (
            {"visit": {"max_s": 3000, "extensions": 2}},
            "visit.max_s and its extensions are longer than 3300 s",
        ),
        (
            {"site": {"staff": {"fr": "À gauche."}}},
            "site.staff: fr is none of site.languages",
        ),
        (
            {"visit": {"idle_s": 600, "max_s": 600}},
            "visit.max_s must be longer than visit.idle_s + visit.idle_warning_s",
        ),
        (
            {"upstream": {"turn_detection": {"type": "none"}}},
            "upstream.turn_detection.type = 'none' needs site.talk = 'push'",
        ),
        (
            {"kiosks": [{"id": "a", "name": "A"}, {"id": "a", "name": "B"}]},
            "kiosks: two screens have the same id",
        ),
        (
            {"kiosks": [{"id": "a", "name": "A", "language": "fr"}]},
            "kiosks: a has a language that its languages lack",
        ),
        ({"kiosks": []}, "kiosks: List should have at least 1 item"),
        ({"site": {"time_zone": "Lisbon"}}, "site.time_zone: it is no IANA time zone"),
        ({"site": {"time_zone": "../../etc/passwd"}}, "site.time_zone: it is no IANA time zone"),
        ({"site": {"time_zone": ""}}, "site.time_zone: it is no IANA time zone"),
    ],
)
def test_what_does_not_fit_together_is_refused(overrides: dict[str, Any], sentence: str) -> None:
    assert sentence in refused(**overrides)


def test_manual_turns_go_with_push_to_talk() -> None:
    tables = {"upstream": {"turn_detection": {"type": "none"}}, "site": {"talk": "push"}}
    assert load_settings(overrides=tables).site.talk == "push"
