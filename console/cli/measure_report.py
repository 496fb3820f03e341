"""How triage compares with labels, as tables."""

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from console.format import counted, line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from agents.intake.measuring import Measured

MOST_LABELS = 30
"""Labels with a line of their own; the rest is in the report file."""

NAMED = 3
"""Labels that are named of those that triage cannot say."""

MATRIX = 12
"""Up to so many labels, and answers, the confusion is shown as a matrix."""


def tell_measured(measured: "Measured", console: "Console") -> None:
    """Print accuracy, what is taken for what, and what people would have at each confidence."""
    for told in _foreword(measured):
        console.print(Text(told), soft_wrap=True)
    if not measured.rows:
        return
    truths = list(dict.fromkeys(row["label"] for row in measured.by_label()))
    said = sorted({told for _, told in measured.pairs})
    if len(truths) <= MATRIX and len(said) <= MATRIX:
        console.print(_matrix(measured, truths, said))
    else:
        console.print(_worst(measured))
    console.print(_confidences(measured))


def _foreword(measured: "Measured") -> "Iterator[str]":
    left = sum(measured.left_out.values())
    if measured.rows:
        skipped = f", {measured.unlabelled:,} without a label" if measured.unlabelled else ""
        error = measured.calibration_error
        calibrated = "" if error is None else f"calibration error {error:.3f}, "
        yield (
            f"against {line(measured.column)}: accuracy {measured.accuracy:.3f}, {calibrated}"
            f"{counted(measured.rows, 'row')}{skipped}"
        )
    if left:
        named = ", ".join(line(label, 40) for label, _ in measured.left_out.most_common(NAMED))
        more = ", …" if len(measured.left_out) > NAMED else ""
        some, are = len(measured.left_out), "is" if len(measured.left_out) == 1 else "are"
        yield (
            f"{some:,} of {counted(measured.labels, 'label')} ({named}{more}) {are} none that "
            f"triage can say, {counted(left, 'row')} left out; train on them, or map them"
        )
    if measured.is_mixed:
        intents = measured.rows - measured.of_issues
        yield (
            f"labels of two kinds: {intents:,} compared with the intent, {measured.of_issues:,} "
            "with the issue"
        )
    if measured.rows and not measured.comparable:
        yield "none of its labels is an intent or an issue that triage told; is it the column?"


def _matrix(measured: "Measured", truths: list[str], said: list[str]) -> Table:
    columns = [*[t for t in truths if t in said], *[s for s in said if s not in truths]]
    table = Table("label, triage said", box=None, pad_edge=False)
    for told in columns:
        table.add_column(Text(line(told)), justify="right")
    table.add_column("recall", justify="right")
    for row in measured.by_label():
        cells = [f"{measured.pairs[row['label'], told]:,}" for told in columns]
        table.add_row(Text(line(row["label"])), *cells, f"{row['recall']:.2f}")
    return table


def _worst(measured: "Measured") -> Table:
    table = Table("label", box=None, pad_edge=False)
    for name in ("rows", "recall", "precision"):
        table.add_column(name, justify="right")
    table.add_column("most often taken for")
    rows = sorted(measured.by_label(), key=lambda row: row["recall"])
    for row in rows[:MOST_LABELS]:
        precise = "" if row["precision"] is None else f"{row['precision']:.2f}"
        taken = f"{line(row['taken_for'])} ({row['taken_for_rows']})" if row["taken_for"] else ""
        table.add_row(
            Text(line(row["label"])), f"{row['rows']:,}", f"{row['recall']:.2f}", precise,
            Text(taken),
        )  # fmt: skip
    if len(rows) > MOST_LABELS:
        table.add_row(Text(f"and {len(rows) - MOST_LABELS} better ones"), "", "", "", "")
    return table


def _confidences(measured: "Measured") -> Table:
    table = Table("handed to people below", box=None, pad_edge=False)
    for name in ("rows", "share", "wrong among the rest"):
        table.add_column(name, justify="right")
    for row in measured.at_each_confidence():
        error = "" if row["error"] is None else f"{row['wrong']:,} ({row['error']:.1%})"
        table.add_row(
            f"{row['confidence']:.2f}", f"{row['to_people']:,}", f"{row['share']:.0%}", error
        )
    return table
