"""What a session may be set to, and what it is set to."""
