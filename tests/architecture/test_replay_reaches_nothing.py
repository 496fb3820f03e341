"""Trap 16: replay reads the log and has no way to an executor or an outside system."""

import subprocess
import sys

WRITES = ("agents.engine.executor", "agents.engine.writing", "agents.connectors.embedded.writer")


def test_trap_16_what_replays_never_loads_what_writes() -> None:
    """In a process of its own: what `handrail replay` imports, to the last module."""
    code = (
        "import sys\n"
        "import console.cli.replay, data.queries.tickets, console.bootstrap\n"
        f"print([name for name in {WRITES!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
