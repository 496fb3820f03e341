"""A ticket's past: what its log says of it after each step, and whether its rows said the same."""
