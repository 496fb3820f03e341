"""Work of low priority in a thread beside a worker's own: again and again, until it is stopped."""

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

PAUSE_SECONDS = 1.0
"""Between two looks for something to do."""

BREATH_SECONDS = 0.02
"""Between two pieces, so that the worker's own threads come first."""

log = logging.getLogger(__name__)

Look = Callable[[Callable[[], bool]], bool]
"""Does what there is; whether there may be more at once. It is given what to call between two
pieces, which is True when it shall end."""


class Beside:
    """One such thread."""

    def __init__(self, name: str, look: Look, pause: float = PAUSE_SECONDS) -> None:
        """Not yet started; `pause` seconds lie between two looks."""
        self._look, self._pause, self._stop = look, pause, threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the piece in hand."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._pause):
            try:
                while self._look(lambda: self._stop.wait(BREATH_SECONDS)):
                    pass
            except SQLAlchemyError:
                # Out of reach for now; the worker tells of that itself.
                continue
            except Exception:
                log.exception("%s failed; it is tried again", self._thread.name)
                self._stop.wait(self._pause * 30)
