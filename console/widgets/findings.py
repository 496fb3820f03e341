"""What the agents found in a ticket, what they planned, and how it ended."""

from datetime import datetime
from typing import Any

from textual.content import Content

from console.format import ACTION, ago, label, line, money, passage
from console.widgets.preview import lines, text, tint, value
from data.queries.reasons import Reason, why_nothing
from data.queries.rows import ActionRow, HandoffRow, IssueRow, TicketDetail

_ISSUES = {"open": "○", "awaiting_customer": "◇", "resolved": "✓", "escalated": "▲"}
_SUMMARY = {"needs": "Needs", "tried": "Tried", "missing": "Missing", "next": "Next"}


def _share(found: float | None) -> str:
    return "?" if found is None else f"{found:.0%}"


def _triage(detail: TicketDetail) -> list[Content]:
    ticket = detail.ticket
    if detail.confidence is None and not ticket.intents:
        return [text(("The agents have not read this ticket yet.", "dim"))]
    tone = f"{line(detail.sentiment) or 'unknown'} tone"
    if detail.anger:
        tone += f" (anger {_share(detail.anger)})"
    return [
        text(
            (", ".join(ticket.intents) or "no intent", "bold"),
            f" · {tone} · urgency {_share(detail.urgency)} · sure {_share(detail.confidence)}"
            f" · language {line(detail.language, 10)}",
        )
    ]


def _issue(issue: IssueRow) -> list[Content]:
    glyph = _ISSUES.get(issue.state, "○")
    rows = [
        text(
            (f"{glyph} {line(issue.kind).replace('_', ' ')}", "bold"),
            f" · {line(issue.intent)} · {line(issue.state).replace('_', ' ')}",
            f" · rule {line(issue.rule)}" if issue.rule else "",
            f" · {_share(issue.confidence)} sure",
        )
    ]
    rows.append(text("  cause: ", passage(issue.cause) if issue.cause else "not known yet"))
    if issue.evidence:
        rows.append(
            text(
                (
                    "  evidence: " + ", ".join(line(str(e), 80) for e in issue.evidence),
                    "dim",
                )
            )
        )
    if issue.skill:
        rows.append(text(f"  goes to: {line(issue.skill)}"))
    return rows


def action_line(action: ActionRow) -> Content:
    """One action with its state, in a line or two."""
    glyph, state, tone = ACTION[action.state]
    rows = [
        text(
            (f"{glyph} {state}", tint(tone)),
            "  ",
            (label(action.name), "bold"),
            f" {money(action.amount, action.currency)}".rstrip(),
            f" · by {line(action.decided_by, 40)}" if action.decided_by else "",
        )
    ]
    why = action.problem or action.decision_reason
    if why:
        rows.append(text((f"  {line(why)}", "dim")))
    return lines(rows)


def handoff_lines(handoff: HandoffRow, now: datetime) -> list[Content]:
    """A hand-over: to whom, why, and the summary for whoever takes it."""
    kind = line(handoff.kind).replace("_", " ")
    to = f" to {line(handoff.assigned_to)}" if handoff.assigned_to else ""
    taken = f" · accepted by {line(handoff.accepted_by)}" if handoff.accepted_by else ""
    wait = f" · about {handoff.wait_minutes} min" if handoff.wait_minutes is not None else ""
    rows = [
        text((f"▲ {kind}{to}", "bold $text-error"), f" · skill {line(handoff.skill)}{wait}{taken}"),
        text(f"  {line(handoff.reason)} · {ago(handoff.queued_at, now)}"),
    ]
    for name, title in _SUMMARY.items():
        found: Any = handoff.summary.get(name) or []
        for sentence in found if isinstance(found, list) else [found]:
            rows.append(text((f"  {title}: ", "bold"), value(sentence)))
    return rows


def _nothing(reason: Reason, detail: TicketDetail) -> list[Content]:
    """Why nothing was carried out, or nothing yet; the text only where the outcome has not it."""
    yet = " yet" if reason.code == "awaiting" else ""
    why = reason.code.replace("_", " ") if not yet else "it waits"
    rule = f" · rule {line(reason.rule)}" if reason.rule else ""
    rows = [text((f"Why nothing was done{yet}", "bold underline"), f"  {why}{rule}")]
    if reason.text != (detail.outcome or {}).get("text"):
        rows.append(text(passage(reason.text)))
    return rows


def findings_of(detail: TicketDetail, now: datetime) -> Content:
    """Triage, issues, plan, outcome and hand-over of a ticket."""
    rows = _triage(detail)
    for issue in detail.issues:
        rows += [text(""), *_issue(issue)]
    actions = [a for a in detail.actions if a.superseded_by is None]
    if actions:
        rows += [text(""), text(("Plan", "bold underline"))]
        rows += [action_line(action) for action in actions]
    if detail.outcome:
        rule = detail.outcome.get("rule")
        said = detail.outcome.get("text") or detail.outcome.get("code") or ""
        rows += [
            text(""),
            text(("Outcome", "bold underline"), f"  rule {value(rule)}" if rule else ""),
        ]
        rows.append(text(passage(str(said))))
    nothing = why_nothing(detail)
    if nothing is not None:
        rows += [text(""), *_nothing(nothing, detail)]
    for handoff in detail.handoffs:
        rows += [text(""), *handoff_lines(handoff, now)]
    if detail.merged_into:
        rows += [text(""), text(f"Merged into {line(detail.merged_into)}")]
    for run in detail.runs:
        if run.problem:
            rows += [
                text(""),
                text((f"! run {run.number}: {line(run.problem)}", "bold $text-error")),
            ]
    return lines(rows)
