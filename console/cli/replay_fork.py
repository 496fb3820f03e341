"""`handrail replay TICKET --fork STEP`: how it would have gone with something changed."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.printing import Progress, print_json, say, say_masked, screen
from console.format import line
from data.queries.rows import ActionRow
from data.vocabulary import EMBEDDED

if TYPE_CHECKING:
    from agents.forking.fork import Changed, Forked
    from console.bootstrap import Rules, Session
    from data.store import Store

DECIDE = ("approve", "reject")

ForkStep = Annotated[
    int | None,
    typer.Option(
        "--fork",
        min=1,
        metavar="STEP",
        help="Go on from this step in a shadow copy, and compare how it ends.",
        show_default=False,
    ),
]
ForkSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="In the fork: decide=approve, decide=reject, or an argument of the action that is "
        "decided at the step or next, such as amount=1000.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Asked:
    """What the command line says of a fork."""

    step: int | None
    settings: list[str]
    brain: str | None
    model: str | None
    api_base: str | None
    policy: Path | None
    playbooks: Path | None

    def check(self) -> None:
        """BadParameter for what changes a fork where none is asked for."""
        if self.step is None and (self.settings or self.brain or self.model):
            raise typer.BadParameter("that changes a fork: add --fork STEP")

    def rules(self, thought: str) -> "Rules":
        """The rules and the brain that the fork goes on with; `thought` is the newest run's.

        Where none is named, a model goes on only where one had thought.
        """
        from console.bootstrap import Rules
        from console.thinking import model_choice

        named = self.brain or self.model
        model = None
        if named or thought != EMBEDDED:
            model = model_choice(self.brain, self.model, self.api_base)
        return Rules(self.policy, self.playbooks, model)

    @property
    def changed(self) -> "Changed":
        """What is changed; BadParameter for settings that do not fit together."""
        from agents.forking.fork import Changed
        from console.cli.edits import changed_arguments

        edits, named, decide = [], dict[str, Any](), None
        for setting in self.settings:
            name, equals, value = setting.partition("=")
            if not equals or not name.strip():
                raise _wrong(f"{line(setting)!r} is not NAME=VALUE")
            named[name.strip()] = value
            if name.strip() == "decide":
                decide = value.strip()
            else:
                edits.append(setting)
        if decide is not None and decide not in DECIDE:
            raise _wrong(f"decide={line(decide)}: it is one of {', '.join(DECIDE)}")
        if decide == "reject" and edits:
            raise _wrong("what is rejected has no arguments to change; leave one of them out")

        def arguments(action: ActionRow) -> dict[str, Any]:
            return changed_arguments(action, edits)

        named |= {
            name: str(value)
            for name in ("brain", "model", "policy", "playbooks")
            if (value := getattr(self, name)) is not None
        }
        return Changed(decide, arguments if edits else None, named)


def thought(store: "Store", ticket_id: str) -> str:
    """The brain of the ticket's newest run."""
    from data.queries.tickets import ticket_detail

    runs = ticket_detail(store, ticket_id).runs
    return runs[-1].brain if runs else EMBEDDED


def _wrong(problem: str) -> typer.BadParameter:
    return typer.BadParameter(problem, param_hint="--set")


def fork_ticket(
    session: "Session", ticket_id: str, asked: Asked, *, sees: bool, as_json: bool
) -> None:
    """Go on from a step in a shadow copy and print both ways side by side."""
    from data.queries.masked import masked, names_of
    from data.queries.tickets import ticket_detail

    assert asked.step is not None
    progress = Progress("events in the fork")
    try:
        rules = asked.rules(thought(session.store, ticket_id))
        forked = session.fork(
            ticket_id, asked.step, asked.changed, rules, on_turn=lambda n: progress.at(n, n)
        )
    finally:
        progress.clear()
    if not sees:
        forked = masked(forked, names_of(ticket_detail(session.store, ticket_id)))
        say_masked()
    if as_json:
        print_json(forked.as_json())
    else:
        _print(forked)


def _print(forked: "Forked") -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from console.forked import compared, told_changed, told_left_out

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("", "", "as it was", "in the fork"):
        table.add_column(Text(name), overflow="fold")
    for row in compared(forked):
        cells = ("≠" if row.differs else " ", row.name, row.original, row.fork)
        table.add_row(*[Text(text) for text in cells])
    console = screen()
    told = told_changed(forked)
    console.print(Text(f"ticket {forked.ticket_id} from step {forked.base}, {told}"))
    console.print(table)
    for each in told_left_out(forked):
        say(each)
