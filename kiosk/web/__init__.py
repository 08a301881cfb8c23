"""HTTP and WebSocket surface: addresses, pages, sockets. No business rules."""
