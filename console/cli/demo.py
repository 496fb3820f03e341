"""`handrail demo`: a company with customers and tickets that arrive while one watches."""

import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.demo_report import print_summary, summary_document
from console.cli.options import As, AsJson, PlaybookFolder, PolicyFile
from console.cli.printing import out, print_json, say
from console.format import line

if TYPE_CHECKING:
    from agents.demo.run import Demo, Happened
    from console.bootstrap import Rules

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
    pace: Annotated[
        float, typer.Option("--pace", min=0.1, max=100, help="How fast tickets arrive; 2: twice.")
    ] = 1.0,
    db: Place = None,
    operator: As = None,
    policy: PolicyFile = None,
    playbooks: PlaybookFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make a fresh demo workspace and open the console on it, with tickets arriving.

    Without a terminal, or with --headless, it runs to the end and prints what happened.
    """
    from agents.demo.run import FILE, demo_at
    from console.bootstrap import Rules

    place = db or str(Path(tempfile.mkdtemp(prefix="handrail-demo-")) / FILE)
    rules = Rules(policy, playbooks)
    if headless or as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        _run_through(place, rules, as_json=as_json)
        return
    say("making the demo company …")
    _watch(demo_at(place, places=rules.places), rules, operator, pace)


def _run_through(place: str, rules: "Rules", *, as_json: bool) -> None:
    import time

    from agents.demo.run import demo_at, run_demo

    began = time.monotonic()
    made = demo_at(place, places=rules.places)

    def tell(happened: "Happened") -> None:
        say(f"{time.monotonic() - began:5.1f} s  {happened.kind:<8}  {line(happened.text)}")

    summary = run_demo(made, tell, began=began, places=rules.places)
    if as_json:
        print_json(summary_document(summary, place))
    else:
        print_summary(summary)
        out(f"look at it: handrail tickets --db {place}")
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
