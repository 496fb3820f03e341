"""Pictures of settled views; look at every one that changes."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from tests.tui.driving import console, opened, press
from tests.tui.world import TestSession

Compare = Callable[..., bool]

VIEWS: dict[str, tuple[tuple[int, int], str, list[str]]] = {
    "desk-160": ((160, 48), "textual-dark", ["j"]),
    "desk-160-light": ((160, 48), "textual-light", ["g", "a", "j"]),
    "findings-160": ((160, 48), "textual-dark", ["end", "g", "f"]),
    "desk-120": ((120, 36), "textual-dark", ["j", "g", "t"]),
    "approvals-120-light": ((120, 36), "textual-light", ["g", "a", "space", "space"]),
    "approval-120": ((120, 36), "textual-dark", ["j", "a"]),
    "help-120": ((120, 36), "textual-dark", ["question_mark"]),
    "queue-80": ((80, 24), "textual-dark", []),
    "approvals-80": ((80, 24), "textual-dark", ["g", "a"]),
    "confirm-80": ((80, 24), "textual-dark", ["g", "a", "j", "a"]),
    "reject-80-light": ((80, 24), "textual-light", ["g", "a", "r"]),
    "edit-80": ((80, 24), "textual-dark", ["g", "a", "j", "e"]),
    "search-80": ((80, 24), "textual-dark", ["slash", *"status:x"]),
    "answer-160": ((160, 48), "textual-dark", ["j", "c", "tab"]),
    "answer-80": ((80, 24), "textual-dark", ["j", "c", "tab"]),
    "escalations-120": ((120, 36), "textual-dark", ["g", "e"]),
    "propose-80": ((80, 24), "textual-dark", ["j", "p", "enter"]),
    "goto-80": ((80, 24), "textual-dark", ["g"]),
}


def before(theme: str, keys: list[str]) -> Callable[[Pilot[Any]], Awaitable[None]]:
    async def run(pilot: Pilot[Any]) -> None:
        pilot.app.theme = theme
        await opened(pilot)
        await press(pilot, *keys)
        for widget in pilot.app.screen.query("Input, TextArea"):
            if isinstance(widget, Input | TextArea):
                widget.cursor_blink = False
        await press(pilot)
        await pilot.pause(0.1)

    return run


@pytest.mark.parametrize("name", VIEWS)
def test_view(name: str, session: TestSession, snap_compare: Compare) -> None:
    size, theme, keys = VIEWS[name]
    app = console(session)
    assert snap_compare(app, terminal_size=size, run_before=before(theme, keys))


@pytest.mark.parametrize("size", [(80, 24), (20, 5)])
def test_empty(size: tuple[int, int], empty_session: TestSession, snap_compare: Compare) -> None:
    app = console(empty_session)
    assert snap_compare(app, terminal_size=size, run_before=before("textual-dark", []))
