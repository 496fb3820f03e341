"""Notes of what came: one at a time, after what the person is being told of their own work."""

from console.arrivals import Note
from console.everyday import Everyday

NOTE_SECONDS = 8.0

AT_ONCE = 2
"""Notes in one; what is beyond them stands in the lists anyway."""

_RANK = {"information": 0, "warning": 1, "error": 2}


class NoteLine:
    """Notes that wait until the one that stands has had its time."""

    def __init__(self, app: Everyday) -> None:
        """With nothing to tell."""
        self._app = app
        self._notes: list[Note] = []
        self._waits = False

    def hear(self, notes: list[Note]) -> None:
        """Tell of these, at once if nothing stands."""
        self._notes += [note for note in notes if note not in self._notes]
        if not self._waits:
            self._tell_when_free()

    def _tell_when_free(self) -> None:
        rests = self._app.note_rests
        self._waits = rests > 0
        if self._waits:
            self._app.set_timer(rests, self._tell_when_free)
            return
        worst = sorted(self._notes, key=lambda note: -_RANK[note.severity])
        told, self._notes = worst[:AT_ONCE], []
        if told:
            words = "\n".join(note.text for note in told)
            severity = told[0].severity
            self._app.notify(words, severity=severity, markup=False, timeout=NOTE_SECONDS)
