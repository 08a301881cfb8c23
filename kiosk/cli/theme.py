"""`kiosk theme`: makes a theme, lists those there are, measures one."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kiosk.cli import running
from kiosk.cli.options import CONFIG, settings_of
from kiosk.errors import KioskError
from kiosk.themes.making import ACCENT, new_theme
from kiosk.themes.theme import FILE, find_theme, load_theme, measured, read_values, themes_in


@click.group()
def theme() -> None:
    """Make and check how the screens look."""


@theme.command("new")
@click.argument("name")
@click.option("--accent", default=ACCENT, show_default=True, help="The site's colour, as #rrggbb.")
@click.option("--dark", is_flag=True, help="Light words on a dark ground.")
@click.option(
    "--logo",
    type=click.Path(path_type=Path, dir_okay=False),
    help="An .svg, .png or .webp to copy into it.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("themes"),
    show_default=True,
    help="Where the site's themes are.",
)
def theme_new(name: str, accent: str, dark: bool, logo: Path | None, folder: Path) -> None:
    """Write a theme whose colours come from one accent and can all be read."""
    try:
        written = new_theme(name, folder, accent=accent, logo=logo, dark=dark)
        made = load_theme(folder / name)
    except KioskError as error:
        running.fail(error)
    for path in written:
        click.echo(f"wrote {path}")
    if made.values.colours.accent.lower() != accent.lower():
        click.echo(
            f"The accent became {made.values.colours.accent}, the nearest shade of {accent} that "
            "can be read on the theme's grounds."
        )
    click.echo("")
    click.echo("Put this into kiosk.toml:")
    click.echo("")
    click.echo("  [site]")
    click.echo(f'  theme = "{name}"')
    click.echo(f'  themes = "{folder}"')
    click.echo("")
    click.echo("Look at it while you change it: kiosk demo --config kiosk.toml --reload")
    click.echo(f"and open /operator/themes/{name}")


@theme.command("list")
@CONFIG
def theme_list(config: Path | None) -> None:
    """List the themes: the site's, then those that come with the product."""
    site = settings_of(config).site
    for folder in themes_in(site.themes):
        try:
            values = load_theme(folder).values
        except KioskError as error:
            click.echo(f"{folder.name}\tWRONG: {error}")
        else:
            used = " (in use)" if folder.name == site.theme else ""
            click.echo(f"{folder.name}\t{values.name}{used}\t{values.about}")


@theme.command("check")
@click.argument("path")
@CONFIG
def theme_check(path: str, config: Path | None) -> None:
    """Measure every pair of colours of a theme: its folder, or the name of one."""
    folder = Path(path)
    try:
        if not folder.is_dir():
            folder = find_theme(path, settings_of(config).site.themes).folder
        pairs = measured(read_values(folder / FILE))
        for pair in pairs:
            sign = "ok   " if pair.passes else "WRONG"
            fix = "" if pair.passes else f"  nearest that passes: {pair.nearest}"
            click.echo(
                f"{sign} {pair.ratio:5.1f}:1 (needs {pair.least:g}:1)  {pair.what}  "
                f"{pair.colour} on {pair.ground}{fix}"
            )
        if not all(pair.passes for pair in pairs):
            sys.exit(1)
        load_theme(folder)
    except KioskError as error:
        running.fail(error, code=1)
