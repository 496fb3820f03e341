"""How rows and rejects look as CSV, JSON Lines and JSON."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from enum import StrEnum

from agents.intake.batch import COLUMNS, Row
from agents.intake.records import Reject

REJECT_COLUMNS = ("line", "why", "raw")


class Layout(StrEnum):
    """The forms in which results are written."""

    CSV = "csv"
    JSONL = "jsonl"
    JSON = "json"


BY_SUFFIX = {
    ".csv": Layout.CSV,
    ".jsonl": Layout.JSONL,
    ".ndjson": Layout.JSONL,
    ".json": Layout.JSON,
}


def opening(layout: Layout) -> str:
    """What stands before the first row."""
    match layout:
        case Layout.CSV:
            return csv_text([COLUMNS])
        case Layout.JSONL:
            return ""
        case Layout.JSON:
            return '{"rows": ['


def rows_text(layout: Layout, rows: list[Row], *, first: bool) -> str:
    """`rows` as text; `first` if none was written before."""
    if not rows:
        return ""
    if layout is Layout.CSV:
        return csv_text([_cell(row[name]) for name in COLUMNS] for row in rows)
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    if layout is Layout.JSONL:
        return "\n".join(lines) + "\n"
    return ("\n" if first else ",\n") + ",\n".join(lines)


def closing(layout: Layout, rejects: Iterable[Reject]) -> Iterator[str]:
    """What stands after the last row, in pieces."""
    if layout is not Layout.JSON:
        return
    yield '\n], "rejected": ['
    comma = "\n"
    for reject in rejects:
        entry = {"line": reject.line, "why": reject.why}
        yield comma + json.dumps(entry, ensure_ascii=False)
        comma = ",\n"
    yield "]}\n"


def rejects_text(rejects: Iterable[Reject]) -> str:
    """Rejects as rows of the rejects file."""
    return csv_text((reject.line, reject.why, reject.raw) for reject in rejects)


def read_rejects(lines: Iterable[str]) -> Iterator[Reject]:
    """The rejects of a rejects file, without what they hold of the input."""
    reader = csv.reader(lines)
    next(reader, None)
    for line, why, _ in reader:
        yield Reject(int(line), why)


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """`rows` as CSV, a line each, ended by a line feed."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, list):
        return ";".join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value
