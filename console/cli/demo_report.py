"""What happened in a demo, as tables or as JSON."""

from typing import TYPE_CHECKING, Any

from console.cli.printing import out, print_table
from console.format import label, money

if TYPE_CHECKING:
    from agents.demo.summary import DemoSummary


def print_summary(summary: "DemoSummary") -> None:
    """How each ticket ended, what was done and decided, who took over, and how long it took."""
    print_table(
        ["ref", "subject", "ended", "rules", "why"],
        [
            (t.ref, t.subject[:44], t.status.replace("_", " "), ", ".join(t.rules), t.why[:70])
            for t in summary.tickets
        ],
    )
    print_table(
        ["action", "state", "number", "sum"],
        [
            (label(name), state, str(number), _sums(summary, name, state))
            for (name, state), number in sorted(summary.actions.items())
        ],
    )
    ended = ", ".join(
        f"{number} {status.replace('_', ' ')}" for status, number in summary.by_status.most_common()
    )
    out(f"tickets      {len(summary.tickets)}: {ended} ({summary.merged} merged into others)")
    decided = ", ".join(f"{number} {kind}" for kind, number in sorted(summary.decisions.items()))
    waiting = f"{summary.waiting} wait"
    out(f"approvals    {summary.asked} asked, decisions: {decided or 'none'}; {waiting}")
    handed = ", ".join(
        f"{number} {skill} ({kind.replace('_', ' ')})"
        for (skill, kind), number in sorted(summary.escalations.items())
    )
    out(f"escalations  {sum(summary.escalations.values())}: {handed or 'none'}")
    middle, longest = summary.seconds
    out(
        f"time         {summary.wall_seconds:.1f} s in all; a ticket {middle * 1000:.0f} ms in the "
        f"middle, {longest * 1000:.0f} ms at most; {summary.events:,} events logged"
    )


def _sums(summary: "DemoSummary", name: str, state: str) -> str:
    return ", ".join(
        money(amount, currency)
        for (of, in_state, currency), amount in sorted(summary.money.items())
        if (of, in_state) == (name, state)
    )


def summary_document(summary: "DemoSummary", place: str) -> dict[str, Any]:
    """The same as JSON; money in minor units."""
    middle, longest = summary.seconds
    return {
        "workspace": place,
        "finished": summary.finished,
        "tickets": [
            {
                "id": t.id,
                "ref": t.ref,
                "name": t.name,
                "subject": t.subject,
                "status": t.status,
                "rules": t.rules,
                "why": t.why,
                "seconds": round(t.seconds, 4),
            }
            for t in summary.tickets
        ],
        "by_status": dict(summary.by_status),
        "merged": summary.merged,
        "actions": [
            {"action": name, "state": state, "number": number}
            for (name, state), number in sorted(summary.actions.items())
        ],
        "money": [
            {"action": name, "state": state, "currency": currency, "amount": amount}
            for (name, state, currency), amount in sorted(summary.money.items())
        ],
        "approvals": {
            "asked": summary.asked,
            "decisions": dict(summary.decisions),
            "waiting": summary.waiting,
        },
        "escalations": [
            {"skill": skill, "kind": kind, "number": number}
            for (skill, kind), number in sorted(summary.escalations.items())
        ],
        "seconds": {
            "wall": round(summary.wall_seconds, 2),
            "ticket_median": round(middle, 4),
            "ticket_longest": round(longest, 4),
        },
        "events": summary.events,
    }
