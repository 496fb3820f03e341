"""What is kept of a fault of the console: a report without the words of customers."""

import logging
import os
import platform
import sys
import traceback
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from platformdirs import user_state_path

from data.errors import HandrailError
from data.redaction import redact_text

LINES = 50
"""Lines of our own log in a report."""

KEPT = 20
"""Reports that are kept; the oldest go."""

OURS = ("console", "agents", "data")
"""The loggers whose lines a report holds."""

_TOLD = (
    HandrailError, OSError, ImportError, NameError, AttributeError, TypeError, RecursionError,
    NotImplementedError,
)  # fmt: skip
"""Errors whose words name code, files and types; the words of others may be a customer's."""

_PACKAGES = ("handrail", "textual", "rich", "sqlalchemy", "sqlmodel")
_VARIABLES = ("TERM", "COLORTERM", "TERM_PROGRAM", "LANG", "LC_ALL", "NO_COLOR", "COLUMNS", "LINES")


class ConsoleFailed(HandrailError):
    """The console met a fault of the program; the report says where."""


class Logbook(logging.Handler):
    """The last lines of our own log, masked."""

    def __init__(self) -> None:
        """Empty."""
        super().__init__(logging.INFO)
        self.lines: deque[str] = deque(maxlen=LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line, without the words of an exception that comes with it."""
        if record.name.split(".")[0] not in OURS:
            return
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        kind = f" ({record.exc_info[0].__name__})" if record.exc_info and record.exc_info[0] else ""
        said = " ".join(redact_text(record.getMessage()).split())[:300]
        self.lines.append(f"{at} {record.levelname} {record.name}: {said}{kind}")


def words_of(error: BaseException) -> str:
    """The error's kind, with its words where they cannot be a customer's."""
    kind = type(error).__name__
    if not isinstance(error, _TOLD):
        return f"{kind} (its words are left out: they may be a customer's)"
    said = " ".join(redact_text(str(error)).split())[:300]
    return f"{kind}: {said}" if said else kind


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in found:
        found.append(at)
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return list(reversed(found))


def report_of(
    error: BaseException, lines: list[str], environment: Mapping[str, str] = os.environ
) -> str:
    """Versions, terminal, traceback without values, and the last lines of our log."""
    parts = [f"Handrail report, {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC", ""]
    parts += [f"{package} {_version(package)}" for package in _PACKAGES]
    parts += [f"python {platform.python_version()}", platform.platform(), ""]
    parts += [f"{name}={environment[name]}" for name in _VARIABLES if name in environment]
    parts += ["tmux" if environment.get("TMUX") else "", ""]
    for each in _chain(error):
        for frame in traceback.extract_tb(each.__traceback__):
            parts.append(f"  {frame.filename}:{frame.lineno} in {frame.name}")
            if frame.line:
                parts.append(f"    {frame.line}")
        parts += [words_of(each), ""]
    return "\n".join([*parts, "Last lines of the log:", *lines, ""])


def reports_place() -> Path:
    """The folder for reports."""
    return user_state_path("handrail") / "reports"


def write_report(error: BaseException, lines: list[str], folder: Path) -> Path:
    """Write a report that only its owner can read; OSError if it cannot be kept."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in sorted(folder.glob("report-*.txt"))[: -KEPT + 1]:
        old.unlink(missing_ok=True)
    path = folder / f"report-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.txt"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
        file.write(report_of(error, lines))
    return path


def failed(error: BaseException, lines: list[str], folder: Path) -> ConsoleFailed:
    """The fault in one line that names the report, which is written now."""
    try:
        where = f"a report lies at {write_report(error, lines, folder)}"
    except OSError as problem:
        where = f"no report could be written: {problem.strerror}"
        print("\n".join(report_of(error, lines).splitlines()), file=sys.stderr)  # noqa: T201
    return ConsoleFailed(
        f"the console met a fault of the program ({type(error).__name__}); {where}"
    )
