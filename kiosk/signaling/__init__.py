"""The browser wire: messages and the state machine of one kiosk socket. Pure, no I/O."""
