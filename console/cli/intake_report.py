"""How far an intake is, and what a batch triage came to, on standard error."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from agents.intake.batch import Tally
from agents.intake.source import Source
from console.cli.intake_options import say
from console.cli.measure_report import tell_measured
from console.format import cost, counted, line

_PLAIN_EVERY = 5.0
"""Seconds between lines where standard error is no terminal."""

_BAR = 30


class _Pace:
    """How fast records go, and how long the rest will take."""

    def __init__(
        self, sources: Sequence[Source], done: int, limit: int | None, total: int | None
    ) -> None:
        self._sources, self._start, self._limit, self._total = sources, done, limit, total
        sizes = [source.size for source in sources]
        self._bytes = sum(size for size in sizes if size) if all(sizes) else None
        self._began = time.monotonic()

    def fraction(self, done: int) -> float | None:
        """How much of the input is done, 0 to 1; None if it cannot be told."""
        if self._total:
            return min(1.0, done / self._total)
        parts = []
        read = sum(source.offset for source in self._sources)
        # Reading runs ahead: what is read to its end need not be done.
        if self._bytes and read < self._bytes:
            parts.append(read / self._bytes)
        if self._limit:
            parts.append(done / self._limit)
        return min(1.0, max(parts)) if parts else None

    def text(self, done: int) -> str:
        """Count, rate and remaining time."""
        elapsed = max(time.monotonic() - self._began, 1e-6)
        rate = (done - self._start) / elapsed
        text = f"{counted(done, 'record')}, {rate:,.{0 if rate >= 10 else 1}f}/s"
        fraction = self.fraction(done)
        fresh = done - self._start
        if fraction and fresh and done:
            begun = self._start / done * fraction
            left = elapsed * (1 - fraction) / max(fraction - begun, 1e-6)
            text += f", {fraction:.0%}, {_span(left)} left"
        return text


def _span(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


@contextmanager
def follow(
    sources: Sequence[Source],
    *,
    done: int = 0,
    limit: int | None = None,
    total: int | None = None,
    quiet: bool = False,
) -> Iterator[Callable[[int], None]]:
    """Show how far it is, each time the given function is told how many records are done.

    Without a `total` of records, it is how much of the inputs was read.
    """
    pace = _Pace(sources, done, limit, total)
    if quiet:
        yield lambda done: None
        return
    if not sys.stderr.isatty():
        yield _plain_lines(pace)
        return
    columns = (BarColumn(bar_width=_BAR), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("starting", total=None)

        def show(done: int) -> None:
            fraction = pace.fraction(done)
            total = None if fraction is None else 1.0
            progress.update(bar, total=total, completed=fraction or 0, description=pace.text(done))

        yield show


def _plain_lines(pace: _Pace) -> Callable[[int], None]:
    last = time.monotonic()

    def show(done: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _PLAIN_EVERY:
            last = time.monotonic()
            say(pace.text(done))

    return show


def summarize(tally: Tally) -> None:
    """Print what a batch triage came to: counts, what needs people, how sure it is."""
    console = Console(stderr=True, highlight=False)
    if tally.rows:
        console.print(_intents(tally))
        console.print(_confidence(tally))
    if tally.escalated_reasons:
        console.print(_reasons(tally))
    if tally.measured is not None and (tally.measured.rows or tally.measured.left_out):
        tell_measured(tally.measured, console)
    parts = [counted(tally.rows, "row"), f"{tally.escalated:,} to a person"]
    if tally.noise:
        parts.append(f"{tally.noise:,} closed as noise")
    parts.append(f"{tally.rejected:,} rejected")
    if tally.stored or tally.duplicates:
        there = there_already(tally.duplicates, tally.changed, tally.changed_ids)
        parts.append(f"{tally.stored:,} stored, {there}")
    if tally.by_model or tally.stood_in or tally.cost_micros:
        parts.append(f"{tally.by_model:,} by the model for {cost(tally.cost_micros)}")
        if tally.stood_in:
            parts.append(
                f"{tally.stood_in:,} by the embedded triage in its place "
                f"({_because(tally.stood_in_because)})"
            )
    if tally.cut:
        parts.append(f"{counted(tally.cut, 'long text')} read in part")
    console.print(", ".join(parts), soft_wrap=True)


def tell_idle(tally: Tally) -> bool:
    """Whether a language model did none of the rows that it was to do; then it is said, and why."""
    if tally.by_model or not tally.stood_in:
        return False
    (why, _), *_ = tally.stood_in_because.most_common(1)
    say(f"handrail triage: the model did none of {counted(tally.stood_in, 'row')}, mostly as {why}")
    return True


def _because(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{rows:,} as {line(why)}" for why, rows in Counter(reasons).most_common())


def there_already(known: int, changed: int, ids: Sequence[str]) -> str:
    """How many tickets are there already, and which of them have another text."""
    if not changed:
        return f"{known:,} there already"
    named = ", ".join(line(ref, 40) for ref in ids) + (", …" if changed > len(ids) else "")
    return (
        f"{known:,} there already, {changed:,} of them with another text, left as it was ({named})"
    )


def _intents(tally: Tally) -> Table:
    table = Table("intent", box=None, pad_edge=False)
    for name in ("rows", "share", "to a person"):
        table.add_column(name, justify="right")
    for intent, rows in tally.intents.most_common():
        share = f"{rows / tally.rows:.0%}"
        table.add_row(intent, f"{rows:,}", share, f"{tally.escalated_intents[intent]:,}")
    return table


def _confidence(tally: Tally) -> Table:
    title = f"confidence (mean {tally.mean_confidence:.2f})"
    table = Table(title, "", box=None, pad_edge=False)
    table.add_column("rows", justify="right")
    highest = max(tally.confidence_bins)
    for tenth, rows in enumerate(tally.confidence_bins):
        bar = "█" * max(1, round(_BAR * rows / highest)) if rows else ""
        table.add_row(f"{tenth / 10:.1f} to {(tenth + 1) / 10:.1f}", bar, f"{rows:,}")
    return table


def _reasons(tally: Tally) -> Table:
    table = Table("to a person, because", box=None, pad_edge=False)
    table.add_column("rows", justify="right")
    for reason, rows in tally.escalated_reasons.most_common():
        table.add_row(Text(line(reason or "no reason given")), f"{rows:,}")
    return table
