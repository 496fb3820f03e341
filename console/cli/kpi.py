"""`handrail kpi`: the measures over a period, for people, programs and monitoring."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from console.cli.options import AsJson, Db
from console.cli.printing import out, say
from data.errors import HandrailError

if TYPE_CHECKING:
    from data.measures.period import Period
    from data.measures.report import Report
    from data.measures.rollup import Progress
    from data.store import Store

By = Literal["intent", "agent", "channel", "model", "day", "week", "month"]

EVERYTHING = "all"


def kpi(
    db: Db = None,
    since: Annotated[
        str,
        typer.Option(
            "--since",
            metavar="DAY",
            help="The first day: 2026-03-09, yesterday, such as 7d or 4w with today, or all.",
        ),
    ] = "30d",
    until: Annotated[
        str, typer.Option("--until", metavar="DAY", help="The last day, included; UTC.")
    ] = "today",
    by: Annotated[By | None, typer.Option("--by", help="Also apart, by this.")] = None,
    as_json: AsJson = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="A row for each measure, and for each part of --by.")
    ] = False,
    html: Annotated[
        str | None,
        typer.Option(
            "--html",
            metavar="FILE",
            help="Write one page that loads nothing from elsewhere; - is standard output.",
            show_default=False,
        ),
    ] = None,
    prometheus: Annotated[
        Path | None,
        typer.Option(
            "--prometheus",
            metavar="FILE",
            help="Write Prometheus text, as its node exporter collects it.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print the measures: how well tickets are resolved, how fast, at what cost, by whom.

    Each with its target, whether it is met, and the count behind it; `no data` is not zero. A
    resolution counts only when an action was read back or the customer confirmed it. Days are UTC.
    Targets are set in the settings file.
    """
    if as_json + as_csv + (html == "-") > 1:
        raise HandrailError("one thing at a time on standard output: --json, --csv or --html -")
    from console.bootstrap import open_session
    from console.settings import load_settings

    targets = load_settings().targets
    session = open_session(db, create=False)
    try:
        store = session.store
        _count(store)
        period = _period(store, since, until)
        from data.measures.report import measures

        report = measures(store, period, by=by, targets=targets)
        days = measures(store, period, by="day", targets=targets) if html else None
        now = store.clock.now()
    finally:
        session.close()
    from console.cli import kpi_files

    if prometheus is not None:
        kpi_files.write(prometheus, kpi_files.prometheus_of(report))
        say(f"written: {prometheus}")
    if html is not None:
        from console.cli.kpi_page import page_of

        assert days is not None
        page = page_of(report, days, now)
        if html == "-":
            out(page)
        else:
            kpi_files.write(Path(html), page)
            say(f"written: {html}")
    if as_json:
        kpi_files.print_document(report, now)
    elif as_csv:
        sys.stdout.write(kpi_files.csv_of(report))
    elif html is None and prometheus is None:
        from console.cli.kpi_table import print_report

        print_report(report)


def _count(store: "Store") -> None:
    """Bring the measures up to date, and tell how far they are where that takes long."""
    from data.measures.rollup import catch_up

    shown = sys.stderr.isatty()

    def tell(progress: "Progress") -> None:
        if shown:
            told = f"\r\x1b[Kcounting what happened: {progress.share:.0%}"
            print(told, end="", file=sys.stderr, flush=True)

    try:
        reached = catch_up(store, on_batch=tell)
    finally:
        if shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    if reached.done < reached.newest:
        say("what happened lately is not counted: this login only reads; an operator's kpi does it")


def _period(store: "Store", since: str, until: str) -> "Period":
    from data.measures.period import Period, day_of
    from data.measures.report import whole_period

    now = store.clock.now()
    last = day_of(until, now)
    if since.strip().lower() == EVERYTHING:
        whole = whole_period(store)
        first = min(whole.first, last) if whole else last
        return Period(first, last)
    return Period(day_of(since, now), last)


def heading(report: "Report") -> str:
    """What is measured, in a line."""
    period = report.period
    days = "1 day" if period.days == 1 else f"{period.days:,} days"
    return f"{period.first} to {period.last} ({days}, UTC)"
