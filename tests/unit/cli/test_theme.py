"""`kiosk theme`: makes one that works, lists, and measures one down to the nearest colour."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from kiosk.cli.main import main


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["theme", *words])
    return done.exit_code, done.output


def test_a_theme_is_made_listed_and_measured(tmp_path: Path) -> None:
    folder = tmp_path / "themes"
    code, said = run("new", "north", "--accent", "#e2001a", "--folder", str(folder))
    assert code == 0
    assert f"wrote {folder / 'north' / 'theme.toml'}" in said
    assert 'theme = "north"' in said
    assert "nearest shade of #e2001a" in said

    config = tmp_path / "kiosk.toml"
    config.write_text(f'[site]\ntheme = "north"\nthemes = "{folder}"\n')
    code, said = run("list", "--config", str(config))
    assert code == 0
    assert "north\tNorth (in use)" in said
    assert [line.partition("\t")[0] for line in said.splitlines()][1:] == [
        "bright",
        "dark",
        "gallery",
    ]

    assert run("check", "north", "--config", str(config))[0] == 0
    path = folder / "north" / "theme.toml"
    path.write_text(path.read_text().replace('ink_soft = "#', 'ink_soft = "#999999" # "#'))
    code, said = run("check", str(folder / "north"))
    assert code == 1
    assert "WRONG   2.7:1 (needs 7:1)  colours.ink_soft on colours.surface" in said
    assert "nearest that passes: #" in said
    assert "WRONG: " in run("list", "--config", str(config))[1]


def test_mistakes_end_with_a_sentence(tmp_path: Path) -> None:
    code, said = run("new", "dark", "--folder", str(tmp_path))
    assert (code, "a theme of ours" in said) == (2, True)
    code, said = run("check", "nobody")
    assert (code, "known are bright, dark, gallery" in said) == (1, True)
