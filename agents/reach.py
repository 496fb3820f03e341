"""Whether the back office answers; looked at beside the work, since a look may take long."""

import threading
from collections.abc import Callable

from data.errors import HandrailError

LOOK_SECONDS = 2.0
"""Between two looks."""

WAITING = "tickets wait until it answers"


class Reach:
    """Looks again and again until it is stopped; `problem` is what the last look found."""

    def __init__(self, look: Callable[[], object]) -> None:
        """`look` reads something small, and raises HandrailError where that fails."""
        self._look = look
        self._soon, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="reach", daemon=True)
        self.problem: str | None = None
        """Why the back office does not answer, in one line; None while it does."""

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def doubt(self) -> None:
        """Something failed: look at once."""
        self._soon.set()

    def stop(self) -> None:
        """End; waits for a look that is under way, but not long."""
        self._stopping.set()
        self._soon.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._look()
                self.problem = None
            except HandrailError as problem:
                self.problem = f"{problem}; {WAITING}"
            self._soon.wait(LOOK_SECONDS)
            self._soon.clear()
