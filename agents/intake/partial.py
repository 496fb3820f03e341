"""Results in a file that appears whole or not at all, and can be gone on with after a stop."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from agents.intake.batch import Row, Tally
from agents.intake.layouts import (
    REJECT_COLUMNS,
    Layout,
    closing,
    csv_text,
    opening,
    read_rejects,
    rejects_text,
    rows_text,
)
from agents.intake.records import Reject, safe
from data.errors import HandrailError

_VERSION = 1


class Unwritable(HandrailError):
    """The result cannot be written where it was asked for."""


def beside(out: Path) -> tuple[Path, Path, Path, Path, Path, Path]:
    """The files that a run with the result `out` writes or removes: `out`, its rejects, both of
    them unfinished, the note on how far it is, and that note while it is written."""
    ends = ("", ".rejects.csv", ".partial", ".rejects.csv.partial", ".partial.note")
    one, two, three, four, five = (Path(f"{out}{end}") for end in ends)
    return one, two, three, four, five, Path(f"{five}.new")


def is_finished(out: Path) -> bool:
    """Whether `out` is there and no stopped run with it as its result."""
    whole, _, partial, *_ = beside(out.resolve())
    return whole.is_file() and not partial.exists()


class FileSink:
    """Writes beside the file `out` until all is there, then takes its place.

    After each batch a note beside it says how far the input is done, so that `resume` goes on from
    there, whatever became of the batch after it.
    """

    def __init__(self, out: Path, layout: Layout, job: dict[str, Any], *, resume: bool) -> None:
        """Write to `out`; `job` names the inputs and options, which a resumed run must share."""
        (
            self.out, self.rejects, self._partial, self._partial_rejects, self._note, self._fresh,
        ) = beside(out.resolve())  # fmt: skip
        self._layout, self._job = layout, json.loads(json.dumps(job))
        self.tally = Tally()
        """What was done before, where a run is resumed."""
        self.done = 0
        """Records of the input whose results are safe."""
        with self._plainly():
            if self.out.is_dir():
                raise Unwritable(
                    f"{safe(str(self.out))}: it is a folder; name a file for the result"
                )
            begun = self._partial.exists()
            self._rows = held(self._partial)
            try:
                note = self._read_note() if resume else None
                if note is None:
                    self._begin()
                else:
                    self._go_on(note, begun=begun)
            except BaseException:
                if not begun:
                    self._partial.unlink(missing_ok=True)
                self._rows.close()
                raise

    def add(self, rows: list[Row], rejects: list[Reject], tally: Tally) -> None:
        """Write a batch, and then how far the input is done."""
        before = tally.rows - len(rows)
        with self._plainly():
            self._rows.write(rows_text(self._layout, rows, first=before == 0).encode())
            self._refused.write(rejects_text(rejects).encode())
            self._write_note(tally)
        self.tally, self.done = tally, tally.done

    def finish(self) -> None:
        """Put the result, and the rejects if there are any, in their places."""
        with self._plainly():
            self._refused.close()
            with self._partial_rejects.open(encoding="utf-8", newline="") as refused:
                for piece in closing(self._layout, read_rejects(refused)):
                    self._rows.write(piece.encode())
            self._rows.flush()
            os.fsync(self._rows.fileno())
            if self.out.exists():
                shutil.copymode(self.out, self._partial)
            if self.tally.rejected:
                os.replace(self._partial_rejects, self.rejects)
            else:
                self._partial_rejects.unlink()
                self.rejects.unlink(missing_ok=True)
            os.replace(self._partial, self.out)
            self._note.unlink(missing_ok=True)
            self._rows.close()

    def keep(self) -> bool:
        """Stop here; whether there is something that can be gone on with."""
        if not self.done:
            self._remove()
        self._close()
        return bool(self.done)

    def discard(self) -> None:
        """Leave nothing of this run."""
        self._remove()
        self._close()

    def _close(self) -> None:
        for file in (self._rows, self._refused):
            # What a full disk does not take is after the last note, so nothing is lost by it.
            with suppress(OSError):
                file.close()

    def _remove(self) -> None:
        for path in (self._partial, self._partial_rejects, self._note):
            path.unlink(missing_ok=True)

    def _begin(self) -> None:
        self._refused: BinaryIO = self._partial_rejects.open("wb")
        self._note.unlink(missing_ok=True)
        _cut(self._rows, 0)
        self._rows.write(opening(self._layout).encode())
        self._refused.write(csv_text([REJECT_COLUMNS]).encode())

    def _go_on(self, note: dict[str, Any], *, begun: bool) -> None:
        if note.get("version") != _VERSION or note.get("job") != self._job:
            raise HandrailError(
                f"{safe(str(self.out))}: the stopped run had other inputs or options, or a file "
                "changed since; leave --resume out to begin again"
            )
        if not begun or self._partial.stat().st_size < note["bytes"]:
            raise HandrailError(f"{safe(str(self._partial))} is gone; leave --resume out")
        self._refused = self._partial_rejects.open("r+b")
        _cut(self._rows, note["bytes"])
        _cut(self._refused, note["reject_bytes"])
        self.tally = Tally.restored(note["tally"])
        self.done = self.tally.done

    def _read_note(self) -> dict[str, Any] | None:
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError:
            note = {}
        return note if isinstance(note, dict) else {}

    def _write_note(self, tally: Tally) -> None:
        self._rows.flush()
        self._refused.flush()
        note = {
            "version": _VERSION,
            "job": self._job,
            "bytes": self._rows.tell(),
            "reject_bytes": self._refused.tell(),
            "tally": tally.stored_form(),
        }
        self._fresh.write_text(json.dumps(note), encoding="utf-8")
        os.replace(self._fresh, self._note)

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        """Say what the system refuses in a line."""
        try:
            yield
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise Unwritable(f"{safe(str(self.out))}: cannot be written: {reason}") from problem


def held(path: Path) -> BinaryIO:
    """The file, made if it is not there, for this process alone to write until it is closed, also
    by a kill; Unwritable if another writes there now."""
    while True:
        file = path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise Unwritable(
                f"{safe(str(path))}: another run writes there now; wait for its end, or name "
                "another file with -o"
            ) from None
        except OSError:
            return file  # a file system without locks
        # Who held it before may have put it in its place, or taken it away, meanwhile.
        if path.exists() and os.path.samestat(path.stat(), os.fstat(file.fileno())):
            return file
        file.close()


def _cut(file: BinaryIO, size: int) -> None:
    file.truncate(size)
    file.seek(size)
