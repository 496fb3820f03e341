"""What everybody's work needs, and whether it can be used: the back office, room, a lock.

The back office is looked at beside the work, since a look may take long; what cannot be seen by
looking (a disk on which nothing more can be written) is told by those who met it.
"""

import threading
import time
from collections.abc import Callable

from data.errors import HandrailError

LOOK_SECONDS = 2.0
"""Between two looks."""

PAUSE_SECONDS = 2.0
"""No ticket is begun for so long after one met what passes by itself."""

AGAIN = "tickets wait, and are tried again until it passes"
WAITING = "tickets wait until it answers"


class Reach:
    """Looks again and again until it is stopped; `problem` is what was found or met."""

    def __init__(
        self, look: Callable[[], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`look` reads something small, and raises HandrailError where that fails."""
        self._look, self._clock = look, clock
        self._found: str | None = None
        self._met: tuple[str, float] | None = None
        self._soon, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="reach", daemon=True)

    @property
    def problem(self) -> str | None:
        """What keeps tickets from being worked on, in one line; None if all is well."""
        met = self._met
        return self._found or (met[0] if met is not None else None)

    @property
    def pausing(self) -> bool:
        """Whether no ticket should be begun now."""
        met = self._met
        return self._found is not None or (met is not None and self._clock() < met[1])

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def meet(self, problem: str) -> None:
        """A ticket met what passes by itself: let nothing be begun for a while."""
        self._met = (f"{problem}; {AGAIN}", self._clock() + PAUSE_SECONDS)

    def passed(self) -> None:
        """A ticket was worked on: what was met before has passed."""
        self._met = None

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
                self._found = None
            except HandrailError as problem:
                self._found = f"{problem}; {WAITING}"
            self._soon.wait(LOOK_SECONDS)
            self._soon.clear()


class Voice:
    """Says what is wrong once, in one line, and once that it has passed."""

    def __init__(self, say: Callable[[str], None], passed: str) -> None:
        """Say through `say`; `passed` is what is said in the end."""
        self._say, self._passed = say, passed
        self._said: str | None = None
        self._lock = threading.Lock()

    def tell(self, problem: str | None) -> None:
        """This is wrong now; None: nothing is."""
        with self._lock:
            said, self._said = self._said, problem
        if problem is not None and problem != said:
            self._say(" ".join(problem.split()))
        elif problem is None and said is not None:
            self._say(self._passed)
