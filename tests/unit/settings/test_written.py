"""Where settings were written: lines of TOML however it is laid out, variables, the vault."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.settings import load_settings
from kiosk.settings.written import Places, flat, from_environment, line_of

TEXT = """\
# plugins.menu.hour = 1
title = "[plugins.menu]"

[plugins.menu]
text = \"\"\"
hour = 9
[plugins.menu.late]
\"\"\"

  hour = 10
"quoted key" = 1
times.from = 9
days = [
  "mon", # hour
  "tue",
]
inline = { a = 1, b = { c = 2 } }

[[kiosks]]
id = "one"
[[kiosks]]
id = "two"

[plugins]
shop.hour = 3
"""


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("title",), 2),
        (("plugins", "menu"), 4),
        (("plugins", "menu", "text"), 5),
        (("plugins", "menu", "hour"), 10),
        (("plugins", "menu", "quoted key"), 11),
        (("plugins", "menu", "times", "from"), 12),
        (("plugins", "menu", "days"), 13),
        (("plugins", "menu", "days", 1), 13),
        (("plugins", "menu", "inline", "b", "c"), 17),
        (("kiosks", 1), 21),
        (("kiosks", 1, "id"), 22),
        (("kiosks", 2), 0),
        (("plugins", "menu", "late"), 0),
        (("plugins", "menu", "hour", "deeper"), 0),
    ],
)
def test_the_line_of_a_setting(key: tuple[str | int, ...], line: int) -> None:
    text = TEXT.partition("[plugins]\n")[0]  # a table may not be opened twice
    assert line_of(text, key) == line


def test_a_text_that_is_no_toml_has_no_lines() -> None:
    assert line_of("= 1\n", ("a",)) == 0


def test_a_long_file_is_searched_in_a_few_readings() -> None:
    lines = "".join(f"[plugins.p{number}]\nhour = 1\n" for number in range(1000))
    assert line_of(lines, ("plugins", "p900", "hour")) == 1802


FILES = {"KIOSK_UPSTREAM__API_KEY_FILE", "KIOSK_PLUGINS_FILE"}


def test_the_environment_wins_over_the_file_as_it_does_for_values(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text("[plugins.menu]\nhour = 1\nday = 2\nyear = 3\n")
    env = {
        "KIOSK_PLUGINS__MENU__HOUR": "9",
        "KIOSK_PLUGINS__SHOP": '{"open": true, "rows": {"most": 1}}',
        "kiosk_plugins__menu__day": "{no json",
        "KIOSK_KIOSKS": '[{"id": 1}]',
        "KIOSK_UPSTREAM__API_KEY_FILE": "/run/key",
        "KIOSK_PLUGINS_FILE": "/run/plugins",
        "PATH": "/bin",
    }
    places = Places(file, from_environment(env, "KIOSK_", files=FILES))
    assert places.of("plugins", "menu", "hour") == "environment KIOSK_PLUGINS__MENU__HOUR"
    assert places.of("plugins", "menu", "day") == "environment kiosk_plugins__menu__day"
    assert places.of("plugins", "menu", "year") == f"{file}:4"
    assert places.of("plugins", "menu", "else") == f"{file}:1"
    assert places.of("plugins", "shop", "rows", "most") == "environment KIOSK_PLUGINS__SHOP"
    assert places.of("plugins", "shop") == "environment KIOSK_PLUGINS__SHOP"
    assert places.of("plugins", "cafe") == ""
    assert places.of("upstream", "api_key") == "environment KIOSK_UPSTREAM__API_KEY_FILE"
    assert places.of("kiosks", 0, "id") == "environment KIOSK_KIOSKS"
    file.unlink()
    assert places.of("plugins", "menu", "year") == "environment KIOSK_PLUGINS__MENU__HOUR"


def test_values_that_a_program_brings_along_were_written_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text('[hooks]\nblock = ["a"]\nslow_ms = 9\n')
    settings = load_settings(file, overrides={"hooks": {"block": ["b"]}})
    assert settings.place_of("hooks", "block") == ""
    assert settings.place_of("hooks", "slow_ms") == f"{file}:3"
    assert settings.model_copy(deep=True).place_of("hooks", "slow_ms") == f"{file}:3"
    assert load_settings(read_file=False).place_of("hooks", "slow_ms") == ""


def test_nested_tables_are_paths() -> None:
    assert list(flat({"a": {"b": 1, "c": {}}, "d": [1]})) == [("a", "b"), ("a", "c"), ("d",)]
