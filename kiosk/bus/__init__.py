"""What is live and shared: events, commands, leases, presence."""
