"""One visit; the heart of the product."""
