"""The typed writes: their arguments, what they touch, and whether they can be undone."""
