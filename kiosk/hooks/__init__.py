"""The plugin system: typed specs, our own isolated caller, loading."""
