"""Whether a ticket goes to a person at once, or into one that is open already."""

from datetime import timedelta

from agents.connectors.protocols import Row
from agents.engine.journal import Journal
from agents.engine.parts import Parts
from agents.engine.snapshot import (
    Snapshot,
    earlier_tickets,
    open_tickets_of,
    take_snapshot,
)
from agents.engine.thought import Thought
from agents.facts.case import moment
from agents.understanding.kinds import FAMILY_OF, intent_of
from agents.understanding.language import is_foreign
from agents.understanding.reading import Reading
from agents.understanding.triage import FOREIGN
from data.vocabulary import AgentName, Identity, IssueState, Sentiment


def person_at_once(
    parts: Parts, journal: Journal, snapshot: Snapshot, thought: Thought, fresh: list[Reading]
) -> tuple[str, str] | None:
    """Whether the ticket goes to a person at once, by which rule and why (E1 to E5, I3)."""
    rules, identified = parts.policy.escalate, thought.identified
    triggers = {kind: words for reading in fresh for kind, words in reading.triggers.items()}
    dangers = sorted(set(triggers) - {"human_request"})
    if dangers:
        return "E2", f"{dangers[0].replace('_', ' ')}: {triggers[dangers[0]][:200]}"
    if "human_request" in triggers:
        return "E3", "the customer asks for a person"
    for reading in fresh:
        angry = reading.sentiment is Sentiment.ANGRY and reading.anger > rules.anger_over
        if angry and reading.urgency > rules.urgency_over:
            return "E1", f"angry ({reading.anger:.2f}) and urgent ({reading.urgency:.2f})"
    foreign = next((r.language for r in fresh if is_foreign(r.language)), None)
    if foreign is not None and not snapshot.issues:
        return "E4", f"{FOREIGN} ({foreign})"
    if not thought.matters:
        return "E4", "no support request is recognised"
    new = [m for m in thought.matters if m.stored is None]
    if not snapshot.issues and new and max(m.confidence for m in new) < rules.confidence_under:
        return "E4", f"triage is not sure enough ({max(m.confidence for m in new):.2f})"
    wanted = any(
        issue["state"] == IssueState.AWAITING_CUSTOMER and issue["rule"] == "I4"
        for issue in snapshot.issues
    )
    if identified.cannot and (wanted or identified.identity is Identity.UNKNOWN):
        return "I3", "the customer cannot verify who they are"
    if (
        identified.tries >= parts.policy.identity.tries
        and identified.identity is not Identity.STRONG
    ):
        return "I3", f"{identified.tries} messages gave details that do not fit"
    customer = identified.customer
    if customer and not snapshot.issues:
        since = rules.repeat_days
        intents = {intent_of(m.kind) for m in thought.matters}
        window = snapshot.ticket["opened_at"] - timedelta(days=since)
        past = parts.reader.past_tickets(customer["id"])
        for intent in intents:
            count = sum(
                1
                for p in past
                if p["intent"] == intent
                and window <= (moment(p["at"]) or window) <= snapshot.ticket["opened_at"]
            )
            earlier = earlier_tickets(parts.store, snapshot.ticket, customer["id"], since)
            count += sum(1 for t in earlier if intent in t["intents"])
            if count + 1 >= rules.repeat_tickets:
                counted = {"intent": intent.value, "count": count + 1, "days": since}
                journal.note("repeat", AgentName.COORDINATOR.value, counted)
                return "E5", f"ticket {count + 1} on {intent} within {since} days"
    return None


def same_complaint(parts: Parts, snapshot: Snapshot, thought: Thought) -> Row | None:
    """The open ticket of the customer that says the same already (N2)."""
    from agents.understanding.features import ACCURATE

    customer = thought.identified.customer
    for other in open_tickets_of(
        parts.store, snapshot.ticket, customer["id"] if customer else None
    ):
        there = take_snapshot(parts.store, other["id"])
        families = {FAMILY_OF.get(i["kind"]) for i in there.issues}
        mine = {FAMILY_OF.get(m.kind) for m in thought.matters}
        if not there.messages or not mine or not mine <= families:
            continue
        texts = [thought.readings[0].text[:600], there.messages[0]["body"][:600]]
        vectors = ACCURATE.embed(texts)
        kinds = {i["kind"] for i in there.issues}
        alike = float(vectors[0] @ vectors[1])
        if alike >= (0.35 if {m.kind for m in thought.matters} <= kinds else 0.5):
            return other
    return None
