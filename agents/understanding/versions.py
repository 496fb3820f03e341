"""How versions of models are spelled, so that nothing takes them for somebody's number."""

_LETTERS = str.maketrans("0123456789abcdef", "bcdfghjlmnqrstvw")
"""Consonants alone make no word; without k and p they begin no key such as `sk-` either."""


def spelled(digest: str) -> str:
    """A digest in hexadecimal, spelled with letters alone; another one is spelled otherwise."""
    return digest.translate(_LETTERS)
