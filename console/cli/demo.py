"""`handrail demo`: a company with customers and tickets that arrive while one watches."""

import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.demo_report import print_summary, summary_document
from console.cli.options import As, AsJson, PlaybookFolder, PolicyFile
from console.cli.printing import out, print_json, say
from console.format import line
from console.thinking import ApiBase, Brain, Model, model_choice

if TYPE_CHECKING:
    from agents.demo.run import Demo, Happened
    from agents.demo.summary import DemoSummary
    from console.bootstrap import Rules

PREFIX = "handrail-demo-"
"""What the folder of a demo begins with, where none is named."""

Place = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="PATH|URL",
        help="Where to make the demo's workspace (default: a new temporary folder).",
        show_default=False,
    ),
]


def demo(
    headless: Annotated[
        bool,
        typer.Option("--headless", help="Without a screen, to the end, with a scripted operator."),
    ] = False,
    tickets: Annotated[
        bool, typer.Option("--tickets", help="Headless: also how each ticket ended, and why.")
    ] = False,
    pace: Annotated[
        float, typer.Option("--pace", min=0.1, max=100, help="How fast tickets arrive; 2: twice.")
    ] = 1.0,
    db: Place = None,
    operator: As = None,
    policy: PolicyFile = None,
    playbooks: PlaybookFolder = None,
    brain: Brain = None,
    model: Model = None,
    api_base: ApiBase = None,
    as_json: AsJson = False,
) -> None:
    """Make a fresh demo workspace and open the console on it, with tickets arriving.

    Without a terminal, or with --headless, it runs to the end, prints what happened, and leaves
    nothing behind unless --db names a place.
    """
    from agents.demo.run import FILE, demo_at
    from console.bootstrap import Rules

    rules = Rules(policy, playbooks, model_choice(brain, model, api_base))
    if headless or as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        with _place(db, FILE) as place:
            _report(_run_through(place, rules), db, tickets=tickets, as_json=as_json)
        return
    place = db or str(Path(tempfile.mkdtemp(prefix=PREFIX)) / FILE)
    say("making the demo company …")
    _watch(demo_at(place, places=rules.places), rules, operator, pace)


@contextmanager
def _place(db: str | None, file: str) -> Iterator[str]:
    """Where a demo without a screen is made: the named place, or one that is gone afterwards."""
    if db is not None:
        yield db
        return
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        yield str(Path(folder) / file)


def _run_through(place: str, rules: "Rules") -> "DemoSummary":
    from agents.demo.run import demo_at, run_demo

    began, arrived = time.monotonic(), 0
    made = demo_at(place, places=rules.places)

    def tell(happened: "Happened") -> None:
        nonlocal arrived
        arrived += happened.kind == "arrived"
        if happened.kind == "arrived" and (arrived % 10 == 0 or arrived == len(made.tickets)):
            spent = time.monotonic() - began
            say(f"{arrived} of {len(made.tickets)} tickets have arrived ({spent:.1f} s)")

    return run_demo(made, tell, began=began, places=rules.places)


def _report(summary: "DemoSummary", place: str | None, *, tickets: bool, as_json: bool) -> None:
    if as_json:
        print_json(summary_document(summary, place))
    else:
        print_summary(summary, tickets=tickets)
        if place:
            out(f"Look at it: handrail tickets --db {line(place, 1000)}")
    if not summary.finished:
        say("handrail: the time was up before everything had come to rest")
        raise typer.Exit(1)


def _watch(made: "Demo", rules: "Rules", operator: str | None, pace: float) -> None:
    from agents.demo.feed import feed
    from console.bootstrap import open_session
    from console.cli.screen import show_console

    session = open_session(made.place, operator, create=False, rules=rules)
    stop = threading.Event()
    arriving = threading.Thread(
        target=feed, args=(session.service, made.tickets, stop, pace), name="demo", daemon=True
    )
    try:
        arriving.start()
        show_console(session)
    finally:
        stop.set()
        arriving.join(5)
        session.close()
    out(f"the demo's workspace stays: handrail tickets --db {made.place}")
