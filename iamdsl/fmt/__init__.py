"""From tree to text: one canonical layout."""
