"""Trap 16: replay reads the log and has no way to an executor or an outside system."""

import subprocess
import sys

import pytest

WRITES = (
    "agents.engine.executor",
    "agents.engine.writing",
    "agents.connectors.embedded.writer",
    "agents.runtime.worker",
)
"""What carries actions out."""

OUTSIDE = ("agents", "console", "litellm", "dbos", "textual")
"""What the fold and the check know nothing of at all."""


def loaded(imports: str, names: tuple[str, ...]) -> list[str]:
    """Which of these modules a process of its own has, to the last one, after these imports."""
    code = f"import sys\nimport {imports}\nprint(*[n for n in {names!r} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    "imports",
    [
        "console.cli.replay, console.cli.replay_check, data.queries.tickets, console.bootstrap",
        "console.screens.replay, console.widgets.timeline, console.replaying",
    ],
    ids=["command", "screen"],
)
def test_trap_16_what_replays_never_loads_what_writes(imports: str) -> None:
    assert loaded(imports, WRITES) == []


def test_trap_16_states_are_folded_and_checked_by_what_knows_no_agent() -> None:
    imports = "data.replay.fold, data.replay.past, data.replay.checking, data.replay.marking"
    assert loaded(imports, OUTSIDE) == []
