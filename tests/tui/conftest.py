"""What the tests of the console share: open workspaces."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.screens import deciding
from tests.tui.world import TestSession, make_session


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has only just come up can be decided at once: tests press faster than people."""
    monkeypatch.setattr(deciding, "REST_SECONDS", 0.001)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[TestSession]:
    """A session on a filled workspace."""
    made = make_session(tmp_path)
    yield made
    made.close()


@pytest.fixture
def empty_session(tmp_path: Path) -> Iterator[TestSession]:
    """A session on a workspace without tickets."""
    made = make_session(tmp_path, filled=False)
    yield made
    made.close()
