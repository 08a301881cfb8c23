"""The drawn avatar and its media."""
