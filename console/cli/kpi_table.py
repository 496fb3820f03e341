"""The measures as tables for people."""

import shutil
import sys

from console.cli.kpi import heading
from console.cli.printing import cell, out, screen
from console.format import line
from console.measuring import DIMENSION, aim, by_name, number, spread, verdict
from data.measures.report import Report

MAIN = (
    "tickets", "first_contact_resolution", "auto_resolution", "handle_time", "first_response",
    "resolution_time", "csat", "escalation_rate", "reopened", "cost_per_ticket", "approvals",
    "decision_time", "approved_unchanged", "rejected",
)  # fmt: skip
"""The columns of the table by parts, the most important first; as many as fit are shown."""

_COLUMN = 15
"""Cells of one of them."""


def print_report(report: Report) -> None:
    """The measures of the whole period, then those of its parts."""
    out(heading(report))
    out("")
    _print_total(report)
    if report.by is not None:
        out("")
        _print_groups(report)


def _width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 160


def _print_total(report: Report) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    wide = _width() >= 110
    for name in ("measure", "value", "target", "", "count", *(["of the times"] if wide else [])):
        right = name in ("value", "count")
        table.add_column(cell(name), justify="right" if right else "left", no_wrap=True)
    for value in report.total:
        glyph, word, _ = verdict(value)
        row = [
            value.measure.title,
            number(value.measure, value.value),
            aim(value),
            f"{glyph} {word}".strip(),
            f"{value.count:,}",
            *([spread(value)] if wide else []),
        ]
        table.add_row(*[cell(text) for text in row])
    screen().print(table)


def _print_groups(report: Report) -> None:
    from rich import box
    from rich.table import Table

    assert report.by is not None
    if not report.groups:
        out(f"by {report.by}: no data")
        return
    longest = max(len(line(group.name, 24)) for group in report.groups)
    fit = max(1, (_width() - longest - 2) // _COLUMN)
    names = MAIN[:fit]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(cell(DIMENSION[report.by].lower()), no_wrap=True)
    total = {value.measure.name: value.measure for value in report.total}
    for name in names:
        table.add_column(cell(total[name].short.lower()), justify="right", no_wrap=True)
    for group in report.groups:
        values = by_name(group)
        row = [line(group.name, 24)]
        for name in names:
            glyph = verdict(values[name])[0]
            row.append(f"{number(values[name].measure, values[name].value)} {glyph or ' '}")
        table.add_row(*[cell(text) for text in row])
    screen().print(table)
    if len(names) < len(MAIN):
        out("--json and --csv hold the other measures; a wider terminal shows more of them.")
