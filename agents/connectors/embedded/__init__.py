"""The embedded back office: an SQLite database of its own, with rules of its own."""
