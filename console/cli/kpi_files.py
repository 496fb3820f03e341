"""The measures for programs: JSON, CSV and Prometheus text."""

import csv
import io
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from console.cli.printing import print_json, stamp
from data.errors import HandrailError
from data.measures.definitions import Unit
from data.measures.report import Report, Value

_SUFFIX = {
    Unit.SHARE: "_ratio",
    Unit.SECONDS: "_seconds",
    Unit.POINTS: "_points",
    Unit.MESSAGES: "_messages",
    Unit.USD: "_usd",
    Unit.NUMBER: "",
}


def _found(value: Value) -> dict[str, Any]:
    """What was found, as JSON shows it."""
    found: dict[str, Any] = {"value": value.value, "count": value.count, "met": value.met}
    if value.measure.times:
        found |= {"median": value.middle, "p90": value.most}
    return found


def print_document(report: Report, now: datetime) -> None:
    """Everything as one JSON document."""
    document: dict[str, Any] = {
        "since": report.period.first.isoformat(),
        "until": report.period.last.isoformat(),
        "at": stamp(now),
        "measures": {
            value.measure.name: {
                "title": value.measure.title,
                "definition": value.measure.definition,
                "unit": value.measure.unit.value,
                **_found(value),
                "counted": value.measure.counted,
                "target": value.target,
                "aim": value.measure.aim or None,
            }
            for value in report.total
        },
    }
    if report.by is not None:
        document["by"] = report.by
        document["groups"] = [
            {"name": group.name, "measures": {v.measure.name: _found(v) for v in group.values}}
            for group in report.groups
        ]
    print_json(document)


def csv_of(report: Report) -> str:
    """A header and a row for each measure, of all tickets first and then of each part."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(
        ["since", "until", "by", "part", "measure", "unit", "value", "count", "target", "met",
         "median", "p90"]
    )  # fmt: skip
    for by, part, values in _parts(report):
        for value in values:
            rows.writerow(
                [report.period.first, report.period.last, by, _safe(part), value.measure.name,
                 value.measure.unit.value, _told(value.value), value.count, _told(value.target),
                 "" if value.met is None else str(value.met).lower(), _told(value.middle),
                 _told(value.most)]
            )  # fmt: skip
    return written.getvalue()


def _parts(report: Report) -> Iterator[tuple[str, str, tuple[Value, ...]]]:
    yield "", "", report.total
    for group in report.groups:
        yield report.by or "", group.name, group.values


def _told(number: float | None) -> str:
    return "" if number is None else f"{number:.6g}" if number < 1e6 else f"{number:.0f}"


def _safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def prometheus_of(report: Report) -> str:
    """The measures as gauges, with labels for the parts; what has no data is left out."""
    lines: list[str] = []
    days = report.period.days
    for at, value in enumerate(report.total):
        measure = value.measure
        name = f"handrail_{measure.name}{_SUFFIX[measure.unit]}"
        lines += [f"# HELP {name} {_help(measure.definition)}", f"# TYPE {name} gauge"]
        counts = [f"# HELP {name}_count {_help(measure.counted)}", f"# TYPE {name}_count gauge"]
        for by, part, values in _parts(report):
            labels = f'{{days="{days}"' + (f',{by}="{_label(part)}"' if by else "") + "}"
            if values[at].value is not None:
                lines.append(f"{name}{labels} {values[at].value!r}")
            counts.append(f"{name}_count{labels} {values[at].count}")
        if value.target is not None:
            lines += [
                f"# HELP {name}_target {_help(f'Aimed for: {measure.aim} this.')}",
                f"# TYPE {name}_target gauge",
                f"{name}_target {value.target!r}",
            ]
        if measure.unit is not Unit.NUMBER:
            lines += counts
    return "\n".join(lines) + "\n"


def _help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", " ")


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def write(path: Path, text: str) -> None:
    """Write a file at one stroke, so that nobody reads half of it; HandrailError if that fails."""
    place = Path(os.path.realpath(path))
    try:
        handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            os.chmod(temporary, place.stat().st_mode & 0o7777 if place.exists() else 0o644)
            os.replace(temporary, place)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as problem:
        raise HandrailError(
            f"{path} cannot be written: {problem.strerror}; name another file"
        ) from problem
