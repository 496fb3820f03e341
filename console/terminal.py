"""What is said to the terminal itself: notifications of the desktop, the clipboard in tmux."""

import os
import subprocess
from collections.abc import Mapping, MutableMapping

from console.format import line

LONGEST = 200
"""Characters of a notification."""

PATIENCE_SECONDS = 2


def without_colours(environment: MutableMapping[str, str] = os.environ) -> None:
    """Have Textual send no colours to a terminal that has none; called before it is imported.

    It takes one that tells nothing of itself for one with all colours.
    """
    term = environment.get("TERM", "").lower()
    if term in ("", "dumb", "unknown") or term.startswith("vt") or term.endswith("-m"):
        environment.setdefault("TEXTUAL_COLOR_SYSTEM", "standard")
        environment.setdefault("NO_COLOR", "1")


def in_tmux(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether tmux stands between us and the terminal."""
    return bool(environment.get("TMUX"))


def notification(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """The sequence (OSC 9) that has the terminal notify the desktop.

    Within tmux it is wrapped to be passed on, which tmux does where `allow-passthrough` is set.
    """
    sequence = f"\x1b]9;{line(text, LONGEST)}\x07"
    if in_tmux(environment):
        doubled = sequence.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{doubled}\x1b\\"
    return sequence


def give_to_tmux(text: str) -> None:
    """Put the text into tmux's own buffer too, and by it into the terminal's clipboard.

    As it is set up by default, tmux ignores the sequence (OSC 52) of a program inside it.
    """
    command = ["tmux", "load-buffer", "-w", "-"]
    try:
        subprocess.run(
            command, input=text.encode(), capture_output=True, timeout=PATIENCE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return
