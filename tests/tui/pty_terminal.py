"""A program in a real pseudo-terminal, with the screen that a person would see."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyte

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "down": "\x1b[B",
    "up": "\x1b[A",
    "ctrl+c": "\x03",
    "ctrl+p": "\x10",
    "f2": "\x1bOQ",
}

PATIENCE_SECONDS = 60.0
"""For whatever is awaited, on a slow and busy machine."""


class PtyTerminal:
    """One program on a terminal of its own; what it shows is read by a thread."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        *,
        columns: int = 80,
        lines: int = 24,
        **environment: str,
    ) -> None:
        """Start `command`, whose home is in `folder`."""
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._seen = threading.Condition()
        self.sent = bytearray()
        """Everything that the program wrote."""
        self._master, slave = pty.openpty()
        self._size(columns, lines)
        self.before = termios.tcgetattr(slave)
        self._slave = slave
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        homes = {
            name: str(folder / "home")
            for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
        }
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env=kept | homes | {"TERM": "xterm-256color", "PYTHONUTF8": "1"} | environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def _read(self) -> None:
        while True:
            try:
                found = os.read(self._master, 65536)
            except OSError:
                return
            if not found:
                return
            with self._seen:
                self.sent += found
                self._stream.feed(found)
                self._seen.notify_all()

    @property
    def text(self) -> str:
        """What stands on the screen now."""
        with self._seen:
            return "\n".join(line.rstrip() for line in self._screen.display)

    def until(
        self, *awaited: "str | Callable[[str], object]", seconds: float = PATIENCE_SECONDS
    ) -> str:
        """Wait until all of this stands on the screen, or holds of it, at once; the screen then.

        A screen is read while it is drawn: what belongs to one picture is awaited in one call.
        """
        deadline = time.monotonic() + seconds
        while True:
            shown = self.text
            missing = [
                each
                for each in awaited
                if not (each in shown if isinstance(each, str) else each(shown))
            ]
            if not missing:
                return shown
            left = deadline - time.monotonic()
            assert left > 0, f"{missing!r} did not come true; the screen was:\n{shown}"
            with self._seen:
                self._seen.wait(min(left, 0.2))

    def until_gone(self, text: str) -> str:
        """Wait until a text stands on the screen no more."""
        return self.until(lambda shown: text not in shown)

    def press(self, *keys: str) -> None:
        """Press keys, by name or as they are."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())
            if key == "escape":
                # What follows at once would be read as one sequence with it.
                time.sleep(0.3)

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size."""
        with self._seen:
            self._screen.resize(lines, columns)
            self._size(columns, lines)

    def signal(self, number: int) -> None:
        """Send the program a signal."""
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """Take the terminal away, as a lost connection does."""
        self.signal(signal.SIGHUP)

    def ended(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Wait for the program's end; its exit code."""
        code = self.process.wait(timeout=seconds)
        time.sleep(0.2)
        return code

    @property
    def written(self) -> str:
        """Everything that the program wrote, as text."""
        with self._seen:
            return self.sent.decode("utf-8", "replace")

    def after_screen(self) -> str:
        """What was written after the program gave the screen back."""
        return self.written.rpartition("\x1b[?1049l")[2]

    def is_sane(self) -> bool:
        """Whether the terminal is as it was: modes, cursor, no mouse reports, the usual screen."""
        written = self.written
        pairs = [("\x1b[?1049l", "\x1b[?1049h"), ("\x1b[?25h", "\x1b[?25l")]
        pairs += [(f"\x1b[?{mode}l", f"\x1b[?{mode}h") for mode in (1000, 1003, 1004, 2004)]
        given_back = all(written.rfind(off) > written.rfind(on) for off, on in pairs)
        return given_back and _modes(termios.tcgetattr(self._slave)) == _modes(self.before)

    def close(self) -> None:
        """End the program if it still runs, and give the terminal up."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._slave)
        os.close(self._master)
        self._reader.join(5)


def _modes(attributes: list[Any]) -> list[Any]:
    return attributes[:4]


def handrail(*arguments: object) -> list[str]:
    """The command line that runs the program with this interpreter, as its script does."""
    return python("from console.main import main; main()", *arguments)


def python(code: str, *arguments: object) -> list[str]:
    """A program of a few lines."""
    return [sys.executable, "-P", "-c", code, *[str(each) for each in arguments]]
