"""Alerts: rules over facts, a state machine, and messages that are not lost on their way."""
