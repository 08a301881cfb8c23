"""Finding and checking plugins: real files, real packages, and a sentence for every mistake."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from kiosk.errors import PluginLoadError, SettingsError, StartupError
from kiosk.hooks.manager import PluginSet, metadata_version, plugins_folder
from kiosk.hooks.markers import hookimpl
from tests.unit.hooks.hooking import load, settings_with

GREETS = """
from kiosk.hooks.markers import hookimpl

@hookimpl
def greeting():
    return {word!r}
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


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


def test_a_folder_that_is_none_is_named() -> None:
    settings = settings_with(Path("/nowhere/plugins"))
    with pytest.raises(SettingsError, match=r"hooks\.dir: /nowhere/plugins is no folder"):
        plugins_folder(settings)


def test_an_error_while_importing_names_file_line_and_way_out(tmp_path: Path) -> None:
    path = write(tmp_path, "broken.py", "x = 1\n\ny = x.missing\n")
    before = set(sys.modules)  # another test's plugin of this name may be among them
    with pytest.raises(PluginLoadError) as caught:
        load(folder=tmp_path)
    sentence = str(caught.value)
    assert "plugin broken does not import: AttributeError" in sentence
    assert f"({path}:3)" in sentence
    assert "--block-plugin broken" in sentence
    assert not [name for name in set(sys.modules) - before if name.endswith("_broken")]


def test_a_syntax_error_names_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, "broken.py", "def greeting(:\n")
    with pytest.raises(PluginLoadError, match="SyntaxError") as caught:
        load(folder=tmp_path)
    assert f"({path}:1)" in str(caught.value)


@pytest.mark.parametrize("kind", ["SystemExit", "BaseException"])
def test_a_plugin_that_exits_while_importing_does_not_end_the_server(
    tmp_path: Path, kind: str
) -> None:
    write(tmp_path, "leaves.py", f"raise {kind}(3)\n")
    with pytest.raises(PluginLoadError, match=f"leaves does not import: {kind}"):
        load(folder=tmp_path)


# ── entry points ─────────────────────────────────────────────────────────────────────────────


def install(folder: Path, module: str, text: str, entry: str) -> None:
    """Install a distribution as pip would leave it."""
    write(folder, f"{module}.py", text)
    info = f"{module}-1.2.dist-info"
    write(folder, f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.2\n")
    write(folder, f"{info}/entry_points.txt", f"[avatar_kiosk.plugins]\n{entry} = {module}\n")
    write(folder, f"{info}/RECORD", f"{module}.py,,\n{info}/METADATA,,\n")


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


def test_an_installed_distribution_that_does_not_import_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", "kiosk_broken", "import nothing_of_that_name\n", "crm")
    monkeypatch.syspath_prepend(tmp_path / "site")
    with pytest.raises(PluginLoadError, match=r"plugin crm \(kiosk_broken\) does not import"):
        load(folder=tmp_path)
    assert names(load(folder=tmp_path, hooks={"block": ["crm"]})) == []


# ── what is refused ──────────────────────────────────────────────────────────────────────────


def test_a_misspelt_hook_is_refused_with_a_guess() -> None:
    class Misspelt:
        @hookimpl
        def greting(self) -> str:
            return "hello"

    with pytest.raises(PluginLoadError, match=r"no hook greting; did you mean greeting\?"):
        load({"p": Misspelt()})


def test_an_unknown_hook_without_a_likeness_points_to_the_reference() -> None:
    class Unknown:
        @hookimpl
        def zzz(self) -> None:
            return None

    with pytest.raises(PluginLoadError, match=r"no hook zzz; see docs/hooks\.md"):
        load({"p": Unknown()})


def test_an_argument_the_hook_does_not_have_is_refused() -> None:
    class Wants:
        @hookimpl
        def greeting(self, weather: str) -> str:
            return weather

    with pytest.raises(
        PluginLoadError, match=r"greeting has no argument weather\. There are "
    ) as e:
        load({"p": Wants()})
    assert "site, session; name those you need." in str(e.value)
    assert "hookimpl definition" not in str(e.value)


def test_an_argument_that_is_nearly_right_is_asked_about() -> None:
    class Nearly:
        @hookimpl
        def greeting(self, sesion: str) -> str:
            return sesion

    with pytest.raises(PluginLoadError, match=r"no argument sesion; did you mean session\?"):
        load({"p": Nearly()})


def test_a_wrong_hook_in_a_file_has_its_line(tmp_path: Path) -> None:
    for text, place in (
        ("@hookimpl\ndef greting(): ...\n", "bad.py:2): there is no hook greting"),
        ("@hookimpl\ndef greeting(visitor): ...\n", "bad.py:2): greeting has no argument visitor"),
        ("@hookimpl\nasync def register_tools(): ...\n", "bad.py:2): register_tools is `async"),
    ):
        write(tmp_path, "bad.py", f"from kiosk.hooks.markers import hookimpl\n{text}")
        with pytest.raises(PluginLoadError) as caught:
            load(folder=tmp_path)
        assert place in str(caught.value)


def test_wrappers_are_refused() -> None:
    class Wraps:
        @hookimpl(wrapper=True)
        def greeting(self) -> Any:
            return (yield)

    with pytest.raises(PluginLoadError, match="greeting is a wrapper"):
        load({"p": Wraps()})


@pytest.mark.parametrize("hook", ["register_tools", "register_settings", "lifespan"])
def test_an_async_hook_that_would_be_dropped_is_refused(hook: str) -> None:
    async def later() -> None:
        return None

    plugin = ModuleType("later")
    setattr(plugin, hook, hookimpl(later))
    with pytest.raises(PluginLoadError, match=f"{hook} is `async def`"):
        load({"p": plugin})


def test_a_plugin_without_hooks_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "forgot.py", "def greeting():\n    return 'unmarked'\n")
    with pytest.raises(PluginLoadError, match=r"forgot .*implements no hook; mark .*@hookimpl"):
        load(folder=tmp_path)


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


# ── settings ─────────────────────────────────────────────────────────────────────────────────


class Opening(BaseModel):
    model_config = ConfigDict(extra="forbid")

    hour: int = Field(10, ge=0, le=23)


class WithSettings:
    @hookimpl
    def register_settings(self, register: Any) -> None:
        register(Opening)


def test_a_plugins_table_is_checked_and_given_to_it() -> None:
    loaded = load({"opening": WithSettings()}, plugins={"opening": {"hour": 9}})
    assert loaded.sites["opening"].settings(Opening).hour == 9
    assert load({"opening": WithSettings()}).sites["opening"].settings(Opening).hour == 10


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"hour": 25}, r"plugins\.opening\.hour: Input should be less than or equal to 23"),
        ({"huor": 9}, r"plugins\.opening\.huor: the plugin has no such setting"),
    ],
)
def test_a_wrong_value_or_key_names_itself(table: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        load({"opening": WithSettings()}, plugins={"opening": table})


class Odd(BaseModel):
    """Settings whose check breaks, and one that is read by another name."""

    colour: str = "red"
    of: str = Field("", alias="from")

    @field_validator("colour")
    @classmethod
    def _known(cls, value: str) -> str:
        return {"red": "#f00"}[value]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.of == "nowhere":
            raise ValueError("from somewhere")
        return self


class OddTable:
    @hookimpl
    def register_settings(self, register: Any) -> None:
        register(Odd)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (
            {"colour": "s3cret"},
            r"^plugins.odd: its check failed with KeyError \(test_manager.py:\d+",
        ),
        ({"from": "nowhere"}, r"^plugins.odd: Value error, from somewhere\.$"),
        ({"of": "here"}, r"^plugins.odd.of: the plugin has no such setting\.$"),
    ],
)
def test_a_check_that_breaks_is_one_sentence(table: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        load({"odd": OddTable()}, plugins={"odd": table})


def test_a_setting_may_be_read_by_another_name() -> None:
    loaded = load({"odd": OddTable()}, plugins={"odd": {"from": "here"}})
    assert loaded.sites["odd"].settings(Odd).of == "here"


def test_a_table_nobody_reads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\[plugins\.openning\]: no such plugin is loaded"):
        load({"opening": WithSettings()}, folder=tmp_path, plugins={"openning": {"hour": 9}})
    with pytest.raises(SettingsError, match=r"\[plugins\.greets\]: the plugin has no settings"):
        load({"greets": Greets()}, plugins={"greets": {"hour": 9}})


def test_the_table_of_a_blocked_plugin_may_stay(tmp_path: Path) -> None:
    plugins = {"opening": WithSettings()}
    tables = {"opening": {"hour": 99}}
    loaded = load(plugins, folder=tmp_path, plugins=tables, hooks={"block": ["opening"]})
    assert names(loaded) == []


def test_settings_are_one_model() -> None:
    class Two:
        @hookimpl
        def register_settings(self, register: Any) -> None:
            register(Opening)
            register(Opening)

    class NoModel:
        @hookimpl
        def register_settings(self, register: Any) -> None:
            register({"hour": 9})

    for plugin in (Two(), NoModel()):
        with pytest.raises(StartupError, match="registers one pydantic model"):
            load({"p": plugin})


def test_register_settings_that_raises_stops_the_start_and_names_the_plugin() -> None:
    class Raises:
        @hookimpl
        def register_settings(self, register: Any) -> None:
            raise KeyError("hour")

    with pytest.raises(StartupError, match=r"plugin p failed in register_settings: KeyError"):
        load({"p": Raises()})
