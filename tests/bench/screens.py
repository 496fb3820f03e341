"""Programs on a pseudo-terminal: when they paint first, how soon after a key, and their memory."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyte

ROOT = Path(__file__).resolve().parents[2]
SIZE = (160, 48)
PATIENCE = 60.0
BURST = 0.002
"""Seconds within which more output belongs to the same paint."""

QUIET = 0.5
"""Seconds without output after which a program is taken to have painted everything."""


class Program:
    """One program on a terminal of its own, and what its screen shows."""

    def __init__(self, command: list[str], **environment: str) -> None:
        """Start it."""
        self.begun = time.perf_counter()
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:  # the program
            os.chdir(ROOT)
            os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor", **environment})
            os.execv(command[0], command)
        columns, lines = SIZE
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)

    def read(self, seconds: float) -> float | None:
        """Take in what it writes next, at once; when the last of it came, or None if nothing
        did."""
        burst, came, wait = bytearray(), None, seconds
        while select.select([self._terminal], [], [], wait)[0]:
            try:
                burst += os.read(self._terminal, 1 << 16)
            except OSError:
                break
            came, wait = time.perf_counter(), BURST
        self._stream.feed(bytes(burst))
        return came

    def until_shown(self, text: str) -> float:
        """Seconds from the start until a text stands on its screen."""
        while time.perf_counter() - self.begun < PATIENCE:
            came = self.read(1.0)
            if came is not None and any(text in line for line in self._screen.display):
                return came - self.begun
        raise TimeoutError(f"{text!r} was not painted; the screen: {self._screen.display[:5]}")

    def until_quiet(self) -> None:
        """Wait until it paints no more, or goes on painting for ten seconds."""
        end = time.perf_counter() + 10
        while time.perf_counter() < end and self.read(QUIET) is not None:
            pass

    def lit(self) -> int:
        """The line whose row is under the cursor: by its edge, or by its background."""
        columns, lines = 3, range(SIZE[1])
        buffer = self._screen.buffer
        for y in lines:
            if any(buffer[y][x].data == "▌" for x in range(columns)):
                return y
        backgrounds = [buffer[y][2].bg for y in lines]
        usual = max(set(backgrounds[2:]), key=backgrounds.count)
        return next((y for y in lines if y and backgrounds[y] != usual), -1)

    def send(self, *keys: str) -> None:
        """Press keys whose paint is not waited for."""
        for key in keys:
            os.write(self._terminal, key.encode())
            self.read(0.05)

    def press(self, key: str) -> float:
        """Seconds from a key to the paint that moves the cursor."""
        before, pressed = self.lit(), time.perf_counter()
        os.write(self._terminal, key.encode())
        while time.perf_counter() - pressed < PATIENCE:
            came = self.read(1.0)
            if came is not None and self.lit() != before:
                return came - pressed
        raise TimeoutError("a key moved nothing")

    def memory(self) -> float:
        """Megabytes that it holds by itself or shares, as the system counts them."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(resident.split()[1]) / 1024

    def end(self) -> None:
        """Kill it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._terminal)


@contextmanager
def program(command: list[str], **environment: str) -> Iterator[Program]:
    """A program that is ended with the block."""
    running = Program(command, **environment)
    try:
        yield running
    finally:
        running.end()


def console(db: Path) -> list[str]:
    """The command that opens the console, as its script does."""
    code = "from console.main import main; main()"
    return [sys.executable, "-P", "-c", code, "--db", str(db), "--no-worker"]


def bare(rows: int, updates: int = 0) -> list[str]:
    """The command that shows a table and nothing else."""
    return [sys.executable, "-P", str(ROOT / "tests/bench/bare.py"), str(rows), str(updates)]
