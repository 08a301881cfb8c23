"""What to say or call next."""
