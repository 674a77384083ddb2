"""Data files, JSON and TOML, as text: where their values stand, and why one cannot be read."""
