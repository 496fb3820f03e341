"""What `handrail train` prints: how good a model is on held-out tickets, and which there are."""

from typing import Any

from rich.table import Table
from rich.text import Text

from console.cli.printing import out, print_json, screen
from console.format import counted, line

MOST_LABELS = 25
_HEADS = {"intent": "intent", "issue": "issue", "sentiment": "sentiment"}


def tell_report(report: dict[str, Any]) -> None:
    """Print the report of a training, for a person."""
    fitted = f"fitted on {counted(report['rows'], 'ticket')} by {report['features']} features"
    out(f"{report['version']}: {fitted}, measured on held-out ones")
    for name, head in report["heads"].items():
        out("")
        out(
            f"{_HEADS[name]}: accuracy {head['accuracy']:.3f}, calibration error "
            f"{head['ece']:.3f}, {counted(head['rows'], 'ticket')}, "
            f"{counted(len(head['labels']), 'label')}"
        )
        screen().print(_labels(head))
        _tell_confused(head)
        _tell_few(head)
    out("")
    out(f"to a person, for being unlike the others or unsure: {report['to_person']:.1%}")
    if report["left_to_packaged"]:
        kept = " and ".join(report["left_to_packaged"])
        out(f"left to the packaged model, which tells it as well or has too few to beat: {kept}")
    for names, tickets in list(report["contradictory"].items())[:5]:
        out(f"one and the same text labelled {line(names)}: {tickets:,} times")
    _tell_compared(report["compared"])


def _labels(head: dict[str, Any]) -> Table:
    table = Table("label", box=None, pad_edge=False)
    for name in ("tickets", "recall", "precision"):
        table.add_column(name, justify="right")
    rows = sorted(head["labels"], key=lambda row: row["recall"])
    for row in rows[:MOST_LABELS]:
        precise = "" if row["precision"] is None else f"{row['precision']:.2f}"
        label = Text(line(row["label"]), no_wrap=True, overflow="ellipsis")
        table.add_row(label, f"{row['rows']:,}", f"{row['recall']:.2f}", precise)
    if len(rows) > MOST_LABELS:
        table.add_row(Text(f"and {len(rows) - MOST_LABELS} better ones"), "", "", "")
    return table


def _tell_confused(head: dict[str, Any]) -> None:
    if head["confused"]:
        out("most confused:")
    for row in head["confused"][:5]:
        out(f"  {line(row['label'])} taken for {line(row['said'])}: {row['rows']:,}")


def _tell_few(head: dict[str, Any]) -> None:
    if head["too_few"]:
        names = ", ".join(f"{line(name)} ({rows})" for name, rows in head["too_few"].items())
        out(f"too few tickets to be measured: {names}")
    if head["left_out"]:
        names = ", ".join(line(name) for name in head["left_out"])
        out(f"left out, with a single ticket: {names}")


def _tell_compared(compared: dict[str, Any]) -> None:
    out(
        f"beside {compared['with']} on {counted(compared['rows'], 'ticket')}: accuracy "
        f"{compared['before']:.3f} before, {compared['now']:.3f} now"
    )
    if compared["note"]:
        out(f"  {line(compared['note'])}")
    if compared["changed"]:
        out("what changed:")
    for row in compared["changed"][:8]:
        out(
            f"  {row['from']} to {row['to']}: {counted(row['rows'], 'ticket')}, "
            f"{row['right']:,} put right, {row['wrong']:,} made wrong"
        )


def tell_models(models: list[dict[str, Any]], in_use: str | None, *, as_json: bool) -> None:
    """Print the models of a workspace, the packaged one first."""
    shown = in_use or "packaged"
    if as_json:
        print_json({"in_use": shown, "models": models})
        return
    table = Table("", "version", "features", "made", "by", box=None, pad_edge=False)
    for name in ("tickets", "accuracy", "calibration error"):
        table.add_column(name, justify="right")
    table.add_row("*" if in_use is None else "", "packaged", "", "", "", "", "", "")
    for model in models:
        mark = "*" if model["version"] == in_use else ""
        if "problem" in model:
            table.add_row(mark, Text(model["version"]), "", Text(line(model["problem"])))
            continue
        head = model["heads"]["intent"]
        table.add_row(
            mark, Text(model["version"]), model.get("features", "accurate"),
            model["at"][:16].replace("T", " "), Text(line(model["by"])), f"{model['rows']:,}",
            f"{head['accuracy']:.3f}", f"{head['ece']:.3f}",
        )  # fmt: skip
    screen().print(table)
