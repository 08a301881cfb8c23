"""The Voice Live emulator: a server of its own that knows the wire and nothing of the product."""
