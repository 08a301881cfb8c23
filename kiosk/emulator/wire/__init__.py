"""Events as the SDK's models describe them."""
