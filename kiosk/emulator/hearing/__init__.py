"""From microphone bytes to turns."""
