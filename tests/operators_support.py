"""What tests of signing in share."""

from argon2 import PasswordHasher

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Argon2id with the least that it takes: checks nothing but that the parts fit together."""
