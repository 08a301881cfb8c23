"""Generated docs are fresh and complete; what they say about settings is true."""

from __future__ import annotations

import inspect
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docs import generate
from docs.hook_reference import hook_functions
from docs.settings_reference import COMMAND, Section, Setting, known_variables, sections
from kiosk.settings import load_settings

ROOT = generate.ROOT
ALL = [(section, setting) for section in sections() for setting in section.settings]
# Reads one variable after the other in a process of its own: the environment is only read there.
LOAD = """
import json, os, sys
from kiosk.errors import SettingsError
from kiosk.settings import load_settings
plain = load_settings().model_dump()
for name, value in json.load(sys.stdin).items():
    os.environ[name] = value
    try:
        if load_settings().model_dump() != plain:
            print(f"{name}={value} is not the default")
    except SettingsError as error:
        print(f"{name}={value}: {error}")
    del os.environ[name]
"""


def test_generated_files_are_fresh() -> None:
    stale = [
        str(path.relative_to(ROOT))
        for path, text in generate.outputs().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], f"run {COMMAND}"


def test_an_edit_inside_a_region_is_stale_and_prose_is_not(tmp_path: Path) -> None:
    for name in ("docs", "deploy"):
        shutil.copytree(ROOT / name, tmp_path / name)
    page = tmp_path / "docs/settings.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("# Settings", "# All settings", 1), encoding="utf-8")
    assert generate.outputs(tmp_path)[page] == page.read_text(encoding="utf-8")
    page.write_text(text.replace("| `8080` |", "| `8081` |", 1), encoding="utf-8")
    assert generate.outputs(tmp_path)[page] == text


def test_a_lost_region_is_named(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    (tmp_path / "docs/events.md").write_text("# Domain events\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="events"):
        generate.outputs(tmp_path)


@pytest.mark.parametrize(("section", "setting"), ALL, ids=[s.path for _, s in ALL])
def test_every_setting_is_described(section: Section, setting: Setting) -> None:
    assert section.doc, "each table needs a docstring"
    assert setting.description.endswith("."), "each field needs description='One sentence.'"


def test_every_hook_message_and_event_is_described() -> None:
    hooks = hook_functions()
    assert hooks
    for function in hooks:
        assert inspect.getdoc(function), function.__name__
    for page in ("signaling.md", "events.md", "hooks.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        assert "\nNone\n" not in text, f"{page} has something without a docstring"


def test_the_environment_file_holds_the_defaults() -> None:
    lines = (ROOT / "deploy/env.example").read_text(encoding="utf-8").splitlines()
    found = [m for line in lines if (m := re.fullmatch(r"#(KIOSK_[A-Z0-9_]+)=(.*)", line))]
    ours = [s for _, s in ALL if not s.in_list]
    files = {s.env_file for s in ours} - {""}
    assert "KIOSK_UPSTREAM__API_KEY_FILE" in files
    assert {m[1] for m in found} == {s.env for s in ours} | files | {"KIOSK_KEY_VAULT"}
    # A key of an optional table alone would bring the table to life.
    alone = {s.env for section, s in ALL if section.optional}
    values = {m[1]: m[2].strip("'") for m in found if m[2] and m[1] not in alone}
    # One of the voices' own keys needs that voice's type beside it.
    kinds = [s for section, s in ALL if section.path == "upstream.voice"]
    for name in {s.env for s in kinds}:
        values.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-c", LOAD],
        input=json.dumps(values),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=ROOT / "docs",
        env={"LANG": "C.UTF-8"},
    )
    assert done.stdout == ""


def test_variables_are_known_by_their_names() -> None:
    known = known_variables()
    assert {"KIOSK_SERVER__PORT", "KIOSK_UPSTREAM__AVATAR__CHARACTER", "KIOSK_VISIT"} <= known
    assert {"KIOSK_KEY_VAULT", "KIOSK_ACCESS__SERVICE_PIN_FILE", "KIOSK_PLUGINS_FILE"} <= known
    assert "KIOSK_KIOSKS__ID" not in known
    assert "KIOSK_SITE__NAME_FILE" not in known


def test_the_example_in_settings_md_works(tmp_path: Path) -> None:
    text = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    example = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert example is not None
    file = tmp_path / "kiosk.toml"
    file.write_text(example[1], encoding="utf-8")
    settings = load_settings(file)
    assert [kiosk.id for kiosk in settings.kiosks] == ["entrance", "gallery-2"]
    assert settings.upstream.avatar.character == "lisa"
