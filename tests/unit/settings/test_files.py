"""What is secret comes from the file its variable names, or the start stops with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.errors import SettingsError
from kiosk.settings import load_settings
from kiosk.settings.files import MAX_BYTES

KEY = "a-key-that-nobody-may-see"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder."""
    monkeypatch.chdir(tmp_path)


def refused() -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.__cause__ is None
    return str(caught.value)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_secret_is_what_its_file_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    (tmp_path / "secret").write_bytes(f" {KEY}{end}".encode())
    monkeypatch.setenv("KIOSK_UPSTREAM__API_KEY_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("KIOSK_ACCESS__SECRET_FILE", "secret")
    settings = load_settings()
    for given in (settings.upstream.api_key, settings.access.secret):
        assert given is not None
        assert given.get_secret_value() == f" {KEY}"


def test_the_file_wins_over_kiosk_toml_and_over_the_names_of_other_tools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kiosk.toml").write_text('[upstream]\napi_key = "old"\n', encoding="utf-8")
    (tmp_path / "secret").write_text(KEY, encoding="utf-8")
    monkeypatch.setenv("AZURE_VOICELIVE_API_KEY", "others")
    monkeypatch.setenv("KIOSK_UPSTREAM__API_KEY_FILE", "secret")
    key = load_settings().upstream.api_key
    assert key is not None
    assert key.get_secret_value() == KEY


def test_the_pin_the_database_and_the_tokens_of_tool_servers_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = {
        "KIOSK_ACCESS__SERVICE_PIN": "4711\n",
        "KIOSK_STORAGE__URL": "postgresql+asyncpg://kiosk:word@db/kiosk\n",
        "KIOSK_UPSTREAM__MCP_SERVERS": (
            '[{"label": "shop", "url": "https://shop.example/mcp", "authorization": "Bearer x"}]'
        ),
        "KIOSK_PLUGINS": '{"webhook_sink": {"secret": "whsec_x"}}',
        "KIOSK_ALERTS__CHANNELS": (
            '{"team": {"type": "teams", "url": "https://teams.example/hook"}}'
        ),
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
        monkeypatch.setenv(f"{name}_FILE", name)
    settings = load_settings()
    assert settings.access.service_pin is not None
    assert settings.access.service_pin.get_secret_value() == "4711"
    assert settings.storage.url == "postgresql+asyncpg://kiosk:word@db/kiosk"
    token = settings.upstream.mcp_servers[0].authorization
    assert token is not None
    assert token.get_secret_value() == "Bearer x"
    assert settings.plugins["webhook_sink"] == {"secret": "whsec_x"}
    assert settings.alerts.channels["team"].type == "teams"


def test_a_setting_with_a_file_of_its_own_reads_it_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIOSK_OPERATORS__OIDC__CLIENT_SECRET_FILE", str(tmp_path / "later"))
    oidc = load_settings().operators.oidc
    assert (oidc.client_secret, oidc.client_secret_file) == (None, tmp_path / "later")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read (No such file or directory); write the secret there"),
        (b"", "is empty; write the secret there."),
        (b"\n", "is empty; write the secret there."),
        (KEY.encode() * (MAX_BYTES // len(KEY) + 1), "is larger than 65536 bytes"),
        (KEY.encode() + b"\xff", "it is no text in UTF-8"),
    ],
)
def test_nothing_of_a_file_is_in_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    monkeypatch.setenv("KIOSK_UPSTREAM__API_KEY_FILE", "secret")
    error = refused()
    assert error.startswith("KIOSK_UPSTREAM__API_KEY_FILE: secret ")
    assert said in error
    assert KEY not in error


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("KIOSK_UPSTREAM__MCP_SERVERS", f'[{{"authorization": "{KEY}', "is no JSON"),
        ("KIOSK_PLUGINS", KEY, "is no JSON"),
        ("KIOSK_ACCESS__SERVICE_PIN", KEY, "KIOSK_ACCESS__SERVICE_PIN_FILE): four to twelve"),
    ],
)
def test_nothing_of_a_value_that_does_not_fit_is_in_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str, said: str
) -> None:
    (tmp_path / "secret").write_text(content, encoding="utf-8")
    monkeypatch.setenv(f"{name}_FILE", "secret")
    error = refused()
    assert said in error
    assert KEY not in error


def test_a_folder_and_no_name_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_ACCESS__SECRET_FILE", "/")
    assert "cannot be read (Is a directory)" in refused()
    monkeypatch.setenv("KIOSK_ACCESS__SECRET_FILE", "")
    assert "names no file" in refused()


def test_a_value_and_a_file_are_one_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text(KEY, encoding="utf-8")
    monkeypatch.setenv("KIOSK_UPSTREAM__API_KEY_FILE", "secret")
    monkeypatch.setenv("KIOSK_UPSTREAM__API_KEY", "another")
    assert refused() == (
        "KIOSK_UPSTREAM__API_KEY and KIOSK_UPSTREAM__API_KEY_FILE are both set; remove one of them."
    )


def test_what_is_no_secret_has_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_SITE__NAME_FILE", "secret")
    assert "site.name_file (environment KIOSK_SITE__NAME_FILE): unknown setting" in refused()
    monkeypatch.delenv("KIOSK_SITE__NAME_FILE")
    monkeypatch.setenv("KIOSK_UPSTREAM_FILE", "secret")
    assert "KIOSK_UPSTREAM_FILE is no setting of ours" in refused()
