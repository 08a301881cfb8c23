"""Themes: how a site's screens look, as values that are checked and become a stylesheet."""
