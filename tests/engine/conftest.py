"""What the tests of the engine share: desks, whose tickets replay as they were recorded."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from data.replay.checking import check_all
from tests.engine.desk import Desk

Open = Callable[..., Desk]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Open]:
    """Opens a desk with the world of a packaged scenario."""
    opened: list[Desk] = []

    def open_desk(scenario: str = "b1-duplicate-charge", **options: Any) -> Desk:
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        opened.append(Desk(folder, scenario, **options))
        return opened[-1]

    yield open_desk
    differences = [
        difference
        for one in opened if one.checked
        for difference in check_all(one.store).differences
    ]  # fmt: skip
    for one in opened:
        one.close()
    assert differences == []
