"""Live accounts: what is there, what a build would change, and changing it (extra `aws`).

Invariant: only what carries the project's mark of ownership is changed or removed. Credentials are
those that the SDK finds by itself; nothing here reads, shows or keeps them.
"""
