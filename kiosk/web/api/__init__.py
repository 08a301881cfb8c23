"""The JSON interface below /api: everything the dashboard does, for programs."""
