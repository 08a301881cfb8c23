"""Finding and checking plugins: real files, real packages, and a sentence for every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.errors import PluginLoadError, SettingsError
from kiosk.hooks.manager import PluginSet, load_plugins, metadata_version, plugins_folder
from kiosk.hooks.markers import hookimpl
from kiosk.settings import load_settings
from tests.unit.hooks.hooking import ManualClock, install, load, settings_with, write

GREETS = """
from kiosk.hooks.markers import hookimpl

@hookimpl
def greeting():
    return {word!r}
"""


def names(loaded: PluginSet) -> list[str]:
    return [plugin.name for plugin in loaded.plugins]


def greetings(loaded: PluginSet) -> list[str]:
    """What each plugin would greet with, in the order they are asked."""
    return list(loaded.pm.hook.greeting(site=None, session=None))


class Greets:
    @hookimpl
    def greeting(self) -> str:
        return "hello"


# ── the folder ───────────────────────────────────────────────────────────────────────────────


def test_files_and_packages_of_the_folder_are_loaded_by_name(tmp_path: Path) -> None:
    write(tmp_path, "zebra.py", GREETS.format(word="z"))
    write(tmp_path, "ant/__init__.py", "from .words import greeting\n__version__ = '2.1'\n")
    write(tmp_path, "ant/words.py", GREETS.format(word="a"))
    write(tmp_path, "ant/templates/cards/ant.html", "<p></p>")
    write(tmp_path, "_private.py", "raise SystemExit")
    write(tmp_path, "notes.txt", "no plugin")
    write(tmp_path, "data/plan.toml", "")
    loaded = load(folder=tmp_path)
    assert names(loaded) == ["ant", "zebra"]
    ant, zebra = loaded.plugins
    assert ant.origin == str(tmp_path / "ant" / "__init__.py")
    assert ant.version == "2.1"
    assert ant.templates == tmp_path / "ant" / "templates"
    assert ant.static is None
    assert ant.hooks == zebra.hooks == ("greeting",)
    assert zebra.templates is None


def test_two_servers_with_two_folders_keep_their_plugins_apart(tmp_path: Path) -> None:
    write(tmp_path, "a/hello.py", GREETS.format(word="a"))
    write(tmp_path, "b/hello.py", GREETS.format(word="b"))
    one, other = load(folder=tmp_path / "a"), load(folder=tmp_path / "b")
    assert greetings(one) == ["a"]
    assert greetings(other) == ["b"]


def test_a_file_and_a_package_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "hello.py", GREETS.format(word="a"))
    write(tmp_path, "hello/__init__.py", GREETS.format(word="b"))
    with pytest.raises(PluginLoadError, match=r"hello is there twice: .*; rename one"):
        load(folder=tmp_path)
    assert names(load(folder=tmp_path, hooks={"block": ["hello"]})) == []


def test_a_folder_that_is_none_is_named() -> None:
    settings = settings_with(Path("/nowhere/plugins"))
    with pytest.raises(SettingsError, match=r"hooks\.dir: /nowhere/plugins is no folder"):
        plugins_folder(settings)


# ── entry points ─────────────────────────────────────────────────────────────────────────────


def test_an_installed_distribution_is_loaded_before_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", "kiosk_crm", GREETS.format(word="crm"), "crm")
    monkeypatch.syspath_prepend(tmp_path / "site")
    write(tmp_path, "plugins/local.py", GREETS.format(word="local"))
    loaded = load(folder=tmp_path / "plugins")
    assert names(loaded) == ["crm", "local"]
    assert loaded.plugins[0].version == "1.2"
    assert loaded.plugins[0].origin == "kiosk_crm"
    assert greetings(loaded) == ["local", "crm"], "the site's folder is asked first"


def test_one_that_is_given_stands_for_the_installed_one_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Given:
        @hookimpl
        def greeting(self) -> str:
            return "given"

    install(tmp_path / "site", "kiosk_crm", GREETS.format(word="installed"), "crm")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert greetings(load({"crm": Given()})) == ["given"]
    assert names(load(hooks={"installed": False})) == []


# ── what is refused ──────────────────────────────────────────────────────────────────────────


def test_two_plugins_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "hello.py", GREETS.format(word="a"))
    with pytest.raises(PluginLoadError, match=r"plugin hello \(given\) has the name of another"):
        load({"hello": Greets()}, folder=tmp_path)


# ── block and off ────────────────────────────────────────────────────────────────────────────


def test_a_blocked_plugin_is_not_even_imported(tmp_path: Path) -> None:
    write(tmp_path, "broken.py", "raise RuntimeError\n")
    write(tmp_path, "fine.py", GREETS.format(word="fine"))
    assert names(load(folder=tmp_path, hooks={"block": ["broken"]})) == ["fine"]


def test_a_built_in_can_be_blocked() -> None:
    builtins = {"greeting": Greets(), "other": Greets()}
    assert names(load(builtins=builtins, hooks={"block": ["greeting"]})) == ["other"]


def test_off_leaves_the_built_ins_only(tmp_path: Path) -> None:
    write(tmp_path, "broken.py", "raise RuntimeError\n")
    loaded = load(folder=tmp_path, builtins={"greeting": Greets()}, hooks={"off": True})
    assert names(loaded) == ["greeting"]
    assert loaded.plugins[0].origin == "built in"
    assert loaded.plugins[0].version == metadata_version()


def test_a_name_to_block_that_nobody_has_is_told_with_its_likeness(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", "kiosk_crm", GREETS.format(word="crm"), "crm")
    monkeypatch.syspath_prepend(tmp_path / "site")
    write(tmp_path, "plugins/hello.py", GREETS.format(word="a"))
    hooks = {"block": ["crm", "helo", "greeting", "zzz"]}
    loaded = load(folder=tmp_path / "plugins", builtins={"greeting": Greets()}, hooks=hooks)
    assert names(loaded) == ["hello"]
    assert loaded.not_blocked == [
        "hooks.block (--block-plugin): no plugin is named helo; did you mean hello?",
        "hooks.block (--block-plugin): no plugin is named zzz; there are crm, greeting, hello.",
    ]
    # Nothing of the folder is known then.
    assert load(hooks={"block": ["zzz"], "off": True}).not_blocked == []


def test_a_name_to_block_has_the_place_it_was_written_at(tmp_path: Path) -> None:
    file = write(tmp_path, "kiosk.toml", '[hooks]\nblock = ["zzz"]\n')
    loaded = load_plugins(load_settings(file), ManualClock(), builtins={})
    assert f"hooks.block ({file}:2): no plugin is named zzz" in loaded.not_blocked[0]
