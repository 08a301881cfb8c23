"""How the visitor sees and hears the avatar."""
