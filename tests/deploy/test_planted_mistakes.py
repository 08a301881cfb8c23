"""A mistake planted in each deploy file is found by the check that `make check` runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from deploy import check

DEPLOY = Path(check.__file__).parent
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine"
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(
        shutil.copytree(DEPLOY, tmp_path / "deploy", ignore=shutil.ignore_patterns("__pycache__"))
    )


def plant(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{name} changed; this test plants its mistake at {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_files_as_they_are_pass(copy: Path) -> None:
    assert check.check(copy) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "finding"),
    [
        pytest.param("Dockerfile", "USER 10001:10001", "USER kiosk", "USER", id="named user"),
        pytest.param("Dockerfile", "USER 10001:10001\n", "", "USER", id="root"),
        pytest.param("Dockerfile", "WORKDIR /site", "WORKDIR site", "DL3000", id="relative folder"),
        pytest.param(
            "Dockerfile", 'ENTRYPOINT ["kiosk"]', "ENTRYPOINT kiosk", "exec form", id="shell form"
        ),
        pytest.param("Dockerfile", "HEALTHCHECK", "# HEALTH", "HEALTHCHECK", id="no health check"),
        pytest.param(
            "Dockerfile", "KIOSK_SERVER__HOST", "KIOSK_SERVER__HOTS", "no setting", id="variable"
        ),
        pytest.param("compose.yaml", "read_only:", "readonly:", "readonly", id="unknown key"),
        pytest.param(
            "compose.yaml", "cap_drop:\n      - ALL", "cap_drop: ALL", "cap_drop", id="type"
        ),
        pytest.param(
            "compose.yaml", "services:\n", "services:\n\n\n\n", "empty-lines", id="layout"
        ),
        pytest.param(
            "compose.yaml", "TRUSTED_PROXIES", "TRUSTED_PROXYS", "no setting", id="compose variable"
        ),
        pytest.param("Caddyfile", "reverse_proxy", "reverse_poxy", "reverse_poxy", id="directive"),
        pytest.param("Caddyfile", "\tencode", "  encode", "fmt", id="formatting"),
        pytest.param("env.example", "#KIOSK_SERVER__PORT", "#KIOSK_SERVER__PROT", "PROT", id="env"),
        pytest.param("env.example", "SITE_TLS=", "SITE_TLS ", "NAME=value", id="env line"),
        pytest.param(
            "kiosk-browser/policies.json",
            "AutoplayAllowlist",
            "AutoplayAllowList",
            "List",
            id="key",
        ),
        pytest.param(
            "kiosk-browser/policies.json",
            '"AudioCaptureAllowedUrls": ["https:',
            '"AudioCaptureAllowedUrls": ["http:',
            "http:",
            id="microphone without HTTPS",
        ),
        pytest.param(
            "kiosk-browser/policies.json",
            '"VideoCaptureAllowed": false\n',
            "",
            "JSON",
            id="not JSON",
        ),
        pytest.param(
            "kiosk-browser/kiosk-browser",
            '--app="$SCREEN_URL"',
            "--app=$SCREEN_URL",
            "SC2086",
            id="quoting",
        ),
        pytest.param(
            "kiosk-browser/browser.env.example", "SCREEN_URL=", "SCREEN_URL: ", "NAME=", id="colon"
        ),
        pytest.param("systemd/kiosk-admin", '"$@"', "$@", "SC2068", id="arguments split"),
        pytest.param("systemd/kiosk-admin", "STORAGE__URL", "STORAGE__ULR", "setting", id="admin"),
        pytest.param(
            "systemd/avatar-kiosk.service",
            "NoNewPrivileges=",
            "NoNewPriviledges=",
            "NoNewPriviledges",
            marks=needs_systemd,
            id="unknown directive",
        ),
        pytest.param(
            "systemd/avatar-kiosk.service",
            "ProtectSystem=strict",
            "ProtectSystem=stricct",
            "stricct",
            marks=needs_systemd,
            id="unknown value",
        ),
        pytest.param(
            "systemd/avatar-kiosk.service",
            "ProtectHome=yes\n",
            "",
            "exposure level",
            marks=needs_systemd,
            id="fence taken down",
        ),
        pytest.param(
            "systemd/avatar-kiosk.service",
            "KIOSK_STORAGE__URL",
            "KIOSK_STORAGE_URL",
            "no setting",
            id="unit variable",
        ),
        pytest.param(
            "kiosk-browser/kiosk-browser.service",
            "[Install]",
            "[Instal]",
            "Instal",
            marks=needs_systemd,
            id="unknown section",
        ),
    ],
)
def test_a_planted_mistake_is_found(
    copy: Path, name: str, old: str, new: str, finding: str
) -> None:
    plant(copy, name, old, new)
    found = check.check(copy, name)
    assert any(finding in line for line in found), found


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml", "systemd/avatar-kiosk.service"])
def test_a_missing_file_is_found(copy: Path, name: str) -> None:
    (copy / name).unlink()
    assert any("is missing" in line for line in check.check(copy, name))


def test_a_missing_program_is_said_and_fails_nothing(
    copy: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert check.check(copy, "systemd/avatar-kiosk.service") == []
    assert "systemd-analyze is not on this machine" in capsys.readouterr().out


def test_the_units_keep_what_the_relay_needs() -> None:
    # aiortc's DTLS allocates writable and executable memory for its callbacks (pyOpenSSL, cffi).
    text = (DEPLOY / "systemd/avatar-kiosk.service").read_text(encoding="utf-8")
    assert "\nMemoryDenyWriteExecute=" not in text
    assert "AF_NETLINK" in text
    # A device allow list would keep the browser from the graphics card.
    screen = (DEPLOY / "kiosk-browser/kiosk-browser.service").read_text(encoding="utf-8")
    assert "\nProtectClock=" not in screen
    assert "\nPrivateDevices=" not in screen
