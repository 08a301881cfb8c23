"""The product's defaults, written as plugins."""
