"""What was said: redacted, delivered, forgotten."""
