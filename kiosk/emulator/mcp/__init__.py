"""MCP servers a session declares: connected, listed, called with or without approval."""
