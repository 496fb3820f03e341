"""`handrail init`: a workspace, empty or with a scenario's world, clock and tickets."""

from pathlib import Path
from typing import Annotated

import typer

from console.cli.options import AsJson, Db
from console.cli.printing import out, print_json, say

ScenarioFile = Annotated[
    Path | None,
    typer.Option(
        "--scenario",
        metavar="FILE",
        help="Take over the scenario's back office, clock and tickets.",
        show_default=False,
    ),
]


def init(db: Db = None, scenario: ScenarioFile = None, as_json: AsJson = False) -> None:
    """Create a workspace: an empty one, or one that holds a scenario's world and tickets.

    Nothing is written if the scenario has a mistake, or if there is a workspace already.
    """
    from console.bootstrap import make_workspace

    made = make_workspace(db, scenario)
    if made.trials:
        named = ", ".join(f"{intent}: {mode}" for intent, mode in made.trials.items())
        say(f"the scenario has intents on trial; for this workspace put `trials: {{{named}}}` "
            "into a policy.yaml beside it")  # fmt: skip
    if as_json:
        print_json({"workspace": made.place, "tickets": made.tickets})
        return
    out(f"made {made.place}")
    if made.tickets:
        out(f"{len(made.tickets)} ticket(s) queued: {', '.join(made.tickets)}")
        out("next: `handrail work --until-idle`, or `handrail` for the console")
    else:
        out("next: `handrail ingest FILE`, or `handrail` for the console")
