"""Panes and lists; each shows what the store holds."""
