"""Measurements of two things in one run; `python -m benchmarks --help`."""
