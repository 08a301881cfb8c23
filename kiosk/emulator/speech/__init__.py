"""Voices, ears and voice activity, each behind an interface."""
