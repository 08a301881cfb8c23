"""The conversation a session holds."""
