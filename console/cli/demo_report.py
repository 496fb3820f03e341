"""What happened in a demo, as tables or as JSON."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from console.cli.printing import out, print_table
from console.format import money

if TYPE_CHECKING:
    from agents.demo.summary import DemoSummary


def print_summary(summary: "DemoSummary", *, tickets: bool) -> None:
    """How tickets ended, what was done and decided, who took over, and how long it took."""
    if tickets:
        print_table(
            ["ref", "subject", "ended", "rules", "why"],
            [
                (t.ref, t.subject[:44], _words(t.status), ", ".join(t.rules), t.why[:70])
                for t in summary.tickets
            ],
        )
    print_table(
        ["rule", "tickets", "how they ended"],
        [(rule, str(sum(ends.values())), _counts(ends)) for rule, ends in summary.by_rule.items()],
    )
    print_table(
        ["action", "state", "number", "sum"],
        [
            (name, state, str(number), _sums(summary, name, state))
            for (name, state), number in sorted(summary.actions.items())
        ],
    )
    out(
        f"tickets: {len(summary.tickets)}: {_counts(summary.by_status)}"
        + (f" ({summary.merged} merged into others)" if summary.merged else "")
    )
    out(
        f"approvals: {summary.asked} asked; decisions: {_counts(summary.decisions) or 'none'}; "
        f"{summary.waiting} wait"
    )
    handed = ", ".join(
        f"{number} {skill} ({_words(kind)})"
        for (skill, kind), number in sorted(summary.escalations.items())
    )
    out(f"escalations: {sum(summary.escalations.values())}: {handed or 'none'}")
    middle, longest = summary.seconds
    out(
        f"time: {summary.wall_seconds:.1f} s in all; a ticket {middle * 1000:.0f} ms in the "
        f"middle, {longest * 1000:.0f} ms at most; {summary.events:,} events logged"
    )


def _words(name: str) -> str:
    return name.replace("_", " ")


def _counts(counted: Counter[str]) -> str:
    return ", ".join(f"{number} {_words(name)}" for name, number in counted.most_common())


def _sums(summary: "DemoSummary", name: str, state: str) -> str:
    return ", ".join(
        money(amount, currency)
        for (of, in_state, currency), amount in sorted(summary.money.items())
        if (of, in_state) == (name, state)
    )


def summary_document(summary: "DemoSummary", place: str | None) -> dict[str, Any]:
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
        "by_rule": {rule: dict(ends) for rule, ends in summary.by_rule.items()},
        "actions": [
            {
                "action": name,
                "state": state,
                "count": number,
                "money": {
                    currency: amount
                    for (of, in_state, currency), amount in sorted(summary.money.items())
                    if (of, in_state) == (name, state)
                },
            }
            for (name, state), number in sorted(summary.actions.items())
        ],
        "approvals": {
            "asked": summary.asked,
            "decisions": dict(summary.decisions),
            "waiting": summary.waiting,
        },
        "escalations": [
            {"skill": skill, "kind": kind, "count": number}
            for (skill, kind), number in sorted(summary.escalations.items())
        ],
        "seconds": {
            "wall": round(summary.wall_seconds, 2),
            "ticket_median": round(middle, 4),
            "ticket_longest": round(longest, 4),
        },
        "events": summary.events,
    }
