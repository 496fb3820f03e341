"""`handrail show`: one ticket with everything that belongs to it."""

from datetime import datetime
from typing import TYPE_CHECKING

from console.cli.documents import (
    action_document,
    detail_document,
    earlier_revisions,
    event_document,
    standing_actions,
    why,
)
from console.cli.options import As, AsJson, Db, PassphraseStdin, Ticket, Unmasked
from console.cli.preview import preview_lines, undo_line
from console.cli.printing import block, print_json, say_masked, screen
from console.describe import told
from console.format import ACTION, STATUS, ago, cost, label, left, line, moment, money, passage
from console.saving import described
from data.queries.reasons import why_nothing
from data.vocabulary import AGENTS_OWN, EMBEDDED, ActionState

if TYPE_CHECKING:
    from rich.console import Console

    from data.queries.rows import ActionRow, EventRow, TicketDetail


NO_EFFECT = frozenset({
    ActionState.UNDONE, ActionState.REJECTED, ActionState.REFUSED, ActionState.WITHDRAWN,
    ActionState.EXPIRED,
})  # fmt: skip
"""States of an action that leave nothing to undo."""


def show(
    ticket: Ticket,
    db: Db = None,
    as_json: AsJson = False,
    unmasked: Unmasked = False,
    operator: As = None,
    passphrase_stdin: PassphraseStdin = False,
) -> None:
    """Show one ticket: messages, what was found, why it stands so, actions, and the trace.

    Personal data is masked for viewers, and for who has not signed in where that is set up.
    """
    from console.bootstrap import open_session
    from data.queries.masked import masked, masked_events
    from data.queries.queue import find_ticket
    from data.queries.tickets import ticket_detail, ticket_events

    session = open_session(db, operator, create=False)
    try:
        sees = session.sees_personal_data(asked=unmasked, passphrase_stdin=passphrase_stdin)
        ticket_id = find_ticket(session.store, ticket)
        detail = ticket_detail(session.store, ticket_id)
        events = ticket_events(session.store, ticket_id)
        now = session.store.clock.now()
    finally:
        session.close()
    if not sees:
        detail, events = masked(detail), masked_events(events, detail)
        say_masked()
    if as_json:
        print_json(
            {
                "ticket": detail_document(detail),
                "events": [event_document(event) for event in events],
                "actions": [
                    action_document(action, earlier_revisions(detail, action))
                    for action in standing_actions(detail)
                ],
            }
        )
        return
    console = screen()
    print_context(console, detail, now)
    _actions(console, detail, now)
    _handoffs(console, detail)
    _trace(console, events, {action.id: action.name for action in detail.actions})
    _models(console, detail)


def print_context(console: "Console", detail: "TicketDetail", now: datetime) -> None:
    """What was said in a ticket and found out about it."""
    _head(console, detail, now)
    _messages(console, detail)
    _issues(console, detail)


def _title(console: "Console", text: str) -> None:
    console.print()
    console.print(block(text, "bold"))


def _head(console: "Console", detail: "TicketDetail", now: datetime) -> None:
    row = detail.ticket
    glyph, words, _ = STATUS[row.status]
    console.print(block(line(f"{row.ref}  {row.subject}"), "bold"))
    who = f"{row.customer_name or 'unknown customer'} <{row.requester or 'no address'}>"
    tier = f" · {row.tier}" if row.tier else ""
    console.print(block(line(f"{who}{tier} · identity {detail.identity} · {detail.channel}")))
    facts = [f"{glyph} {words}", f"priority {row.priority}", ", ".join(row.intents)]
    facts += [f"tone {detail.sentiment}" if detail.sentiment else "", f"language {detail.language}"]
    facts += [f"opened {ago(row.opened_at, now)}", row.id]
    console.print(block(line(" · ".join(fact for fact in facts if fact))))
    if row.owner != AGENTS_OWN:
        console.print(block(line(f"owner: {row.owner} has taken it from the agents"), "bold"))
    if row.flags:
        console.print(block(line(f"flags: {', '.join(row.flags)}"), "yellow"))
    reason = why(detail)
    if reason:
        rule = (detail.outcome or {}).get("rule")
        console.print(block(line(f"why: {reason}" + (f" (rule {rule})" if rule else ""), 1000)))
    nothing = why_nothing(detail)
    if nothing is not None and nothing.text != reason:
        yet = " yet" if nothing.code == "awaiting" else ""
        what = f"nothing was done{yet} ({nothing.code.replace('_', ' ')}): {nothing.text}"
        console.print(block(line(what, 1000), "dim"))
    if detail.merged_into:
        console.print(block(f"merged into {line(detail.merged_into)}"))


def _messages(console: "Console", detail: "TicketDetail") -> None:
    _title(console, "Messages")
    for message in detail.messages:
        name = f" {line(message.name)}" if message.name else ""
        console.print(block(f"{moment(message.at)} {message.author}{name}", "dim"))
        console.print(block(_indented(passage(message.body))))
        for file in detail.attachments:
            if file.message_id == message.id:
                console.print(block(f"  ⎘ {described(file)}", "dim"))


def _indented(text: str) -> str:
    return "\n".join(f"  {each}" for each in text.splitlines())


def _issues(console: "Console", detail: "TicketDetail") -> None:
    if not detail.issues:
        return
    _title(console, "Findings")
    for issue in detail.issues:
        rule = f" · rule {issue.rule}" if issue.rule else ""
        sure = f" · {issue.confidence:.0%} sure" if issue.confidence else ""
        kind = issue.kind.replace("_", " ")
        console.print(block(line(f"{issue.intent}: {kind} · {issue.state}{rule}{sure}")))
        if issue.cause:
            console.print(block(_indented(f"cause: {line(issue.cause, 1000)}")))
        if issue.evidence:
            shown = ", ".join(str(reference) for reference in issue.evidence)
            console.print(block(_indented(f"evidence: {line(shown, 1000)}"), "dim"))


def _actions(console: "Console", detail: "TicketDetail", now: datetime) -> None:
    standing = standing_actions(detail)
    _title(console, "Actions" if standing else "Actions: none")
    for action in standing:
        glyph, words, _ = ACTION[action.state]
        target, amount = line(action.target), money(action.amount, action.currency)
        named = " ".join(part for part in (label(action.name), target, amount) if part)
        console.print(block(f"{glyph} {named} · {words}"))
        console.print(block(_indented(line(f"{action.id} · {action.reason}", 1000)), "dim"))
        for text in _decided(action, now):
            console.print(block(_indented(line(text, 1000))))
        for text in preview_lines(action):
            console.print(block(_indented(f"  {text}")))
        if action.state not in NO_EFFECT and not action.undoes:
            console.print(block(_indented(undo_line(action, now)), "dim"))
        for old in earlier_revisions(detail, action):
            shown = f"replaces {old.id} ({old.problem or old.state.value})"
            console.print(block(_indented(line(shown)), "dim"))


def _decided(action: "ActionRow", now: datetime) -> list[str]:
    found = []
    if action.decided_by:
        said = f": {action.decision_reason}" if action.decision_reason else ""
        found.append(f"decided by {action.decided_by}{said}")
    elif action.state == "proposed":
        people = f"{action.people_needed} people" if action.people_needed > 1 else "one person"
        given = ", ".join(d.operator for d in action.decisions)
        so_far = f"; so far {given}" if given else ""
        found.append(f"asks {people}, {left(action.expires_at, now)}{so_far}")
    if action.problem:
        found.append(f"problem: {action.problem}")
    return found


def _handoffs(console: "Console", detail: "TicketDetail") -> None:
    for handoff in detail.handoffs:
        _title(console, "Handed to a person")
        to = handoff.assigned_to or f"whoever has the skill {handoff.skill}"
        wait = f" · about {handoff.wait_minutes} min" if handoff.wait_minutes else ""
        kind = handoff.kind.replace("_", " ")
        wait += f" · accepted by {handoff.accepted_by}" if handoff.accepted_by else ""
        console.print(block(line(f"{kind} to {to}{wait} · {handoff.reason}", 1000)))
        for name, sentences in handoff.summary.items():
            for sentence in sentences if isinstance(sentences, list) else [sentences]:
                console.print(block(_indented(line(f"{name}: {sentence}", 1000))))


def _trace(console: "Console", events: "list[EventRow]", names: dict[str, str]) -> None:
    _title(console, "Trace")
    for event in events:
        at = event.at.strftime("%m-%d %H:%M:%S")
        console.print(block(f"{at} {event.agent:<11} {line(told(event, names))}"))


def _models(console: "Console", detail: "TicketDetail") -> None:
    """What a model's part in each run took, and where the embedded brain stood in."""
    for run in detail.runs:
        if run.brain != EMBEDDED:
            took = f"{run.tokens:,} tokens · {cost(run.cost_micros)}"
            problem = f" · ! {run.problem}" if run.problem else ""
            console.print(block(line(f"run {run.number} · {run.brain} · {took}{problem}", 1000)))
