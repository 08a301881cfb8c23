"""One Voice Live session."""
