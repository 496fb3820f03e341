"""`handrail replay --check`: whether replays come to the states that were recorded."""

from typing import TYPE_CHECKING

import typer

from console.cli.printing import Progress, block, print_json, screen
from console.format import line

if TYPE_CHECKING:
    from data.store import Store


def check(store: "Store", ticket: str | None, *, as_json: bool) -> None:
    """Check one ticket, or all; exit 1 naming the first step of each that differs."""
    from data.queries.queue import find_ticket
    from data.replay.checking import check_all, check_ticket

    if ticket is not None:
        found = check_ticket(store, find_ticket(store, ticket))
    else:
        progress = Progress("tickets replayed")
        try:
            found = check_all(store, progress.at)
        finally:
            progress.clear()
    if as_json:
        print_json(
            {
                "tickets": found.tickets,
                "steps": found.steps,
                "compared": found.marks,
                "differences": [
                    {"ticket": d.ticket_id, "step": d.step, "what": d.what}
                    for d in found.differences
                ],
            }
        )
    else:
        console = screen()
        for each in found.differences:
            console.print(block(line(f"! {each.ticket_id} step {each.step}: {each.what}", 1000)))
        told = f"tickets: {found.tickets:,}; steps replayed: {found.steps:,}; "
        told += f"recorded states compared: {found.marks:,}; "
        console.print(block(told + f"different: {len(found.differences):,}"))
    if found.differences:
        raise typer.Exit(1)
