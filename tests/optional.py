"""Marks of tests that need an optional package, which not every machine has."""

import importlib.util

import pytest

from agents.understanding.encoder_fast import PACKAGE

needs_fast = pytest.mark.skipif(
    importlib.util.find_spec(PACKAGE) is None,
    reason="the extra `fast` is not installed here (Linux on ARM has no wheel of it)",
)
