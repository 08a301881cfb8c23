"""What an emulator is told to be: replies, limits, faults."""
