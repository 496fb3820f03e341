"""Pictures of the screens that decide; look at every one that changes."""

from collections.abc import Callable

import pytest

from tests.tui.driving import console
from tests.tui.test_pictures import before
from tests.tui.waiting import add_resets, add_unknown, set_columns, with_undo
from tests.tui.world import TestSession

Compare = Callable[..., bool]

VIEWS: dict[str, tuple[tuple[int, int], str, list[str]]] = {
    "together-160": ((160, 48), "textual-dark", ["g", "a", "j", "j", "enter", "j", "space"]),
    "capped-80": ((80, 24), "textual-dark", ["g", "a"]),
    "several-80": ((80, 24), "textual-dark", ["g", "a", "space", "space", "space", "space", "a"]),
    "undo-120": ((120, 36), "textual-light", ["v", "end", "enter", "end", "u"]),
    "settle-80": ((80, 24), "textual-dark", ["U"]),
    "stop-80": ((80, 24), "textual-dark", ["S", "enter", "S"]),
    "stopped-160": ((160, 48), "textual-light", ["S", "enter", "g", "a"]),
}


@pytest.mark.parametrize("name", VIEWS)
def test_view(name: str, session: TestSession, snap_compare: Compare) -> None:
    add_resets(session, 5)
    add_unknown(session)
    with_undo(session, people_needed=2)
    reached = "1,000.00 EUR a day is the cap for issue_credit, and 990.00 EUR went today"
    set_columns(session, "a_credit", role_needed="supervisor", people_needed=2, problem=reached)
    size, theme, keys = VIEWS[name]
    app = console(session)
    assert snap_compare(app, terminal_size=size, run_before=before(theme, keys))
