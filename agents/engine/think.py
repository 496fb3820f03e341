"""From unread messages to a plan: triage, identity, who must have it, specialists, one plan."""

from agents.engine.evidence import customer_context
from agents.engine.journal import Journal
from agents.engine.model_triage import read_by_model
from agents.engine.parts import Parts
from agents.engine.routing import person_at_once, same_complaint
from agents.engine.snapshot import (
    Snapshot,
)
from agents.engine.specialists import investigate
from agents.engine.thought import Thought
from agents.engine.understand import (
    beside_thanks,
    flags_of,
    ground_readings,
    identify_writer,
    language_to_answer,
    log_triage,
    matters_of,
    noise_of,
    triage_messages,
)
from agents.privacy.nonce import veil_for
from agents.understanding.secrets import MASK
from data.names import parts_of


def think(parts: Parts, journal: Journal, snapshot: Snapshot) -> Thought:
    """Read what the customer wrote, look into the records, and find what to do about each issue."""
    ticket = snapshot.ticket
    readings = triage_messages(parts, snapshot)
    asking, asked_before = journal.asking, ticket["read_count"] > 0
    if asking is None:
        log_triage(journal, snapshot, readings)
    journal.names = parts_of(ticket["customer_name"])
    identified = identify_writer(parts, journal, snapshot, readings, asked=asked_before)
    if identified.customer:
        journal.names = parts_of(identified.customer["name"])
    if asking is not None:
        # Who writes is known first, so that the model reads nobody's name.
        desk = asking.desk(parts.policy, veil_for(parts.store, ticket, identified.customer))
        readings = read_by_model(asking, desk, journal, snapshot, readings)
        log_triage(journal, snapshot, readings)
    fresh = readings[ticket["read_count"] :] or readings[-1:]
    fresh = [beside_thanks(snapshot, reading) for reading in fresh]
    thought = Thought(
        readings=readings,
        identified=identified,
        language=ticket["language"]
        if asking is not None and asked_before
        else language_to_answer(parts, readings, identified.customer),
        flags=flags_of(ticket, readings),
        secrets=any(MASK in m["body"] for m in snapshot.messages[ticket["read_count"] :]),
        sentiment=fresh[-1].sentiment if asked_before else readings[0].sentiment,
    )
    # Nothing unread: a record changed, and what was said last has had its say.
    thought.noise = noise_of(snapshot, fresh) if snapshot.unread else None
    if thought.noise and not (thought.noise == "spam" and identified.customer):
        return thought
    # Of whom nothing was known before, what they said earlier is looked up only now.
    late = identified.customer is not None and asked_before and ticket["customer_id"] is None
    earlier = readings[: ticket["read_count"]] if late else []
    grounded = ground_readings(parts, journal, snapshot, thought, [*earlier, *fresh])
    earlier, fresh = grounded[: len(earlier)], grounded[len(earlier) :]
    if thought.noise and not any(reading.issues for reading in fresh):
        return thought
    thought.noise = None
    thought.matters = matters_of(snapshot, earlier, fresh, thought)
    thought.person = person_at_once(parts, journal, snapshot, thought, fresh)
    if thought.person:
        return thought
    if not asked_before:
        thought.merge_into = same_complaint(parts, snapshot, thought)
        if thought.merge_into:
            return thought
    thought.context = customer_context(parts, journal, snapshot, thought)
    investigate(parts, journal, snapshot, thought, fresh)
    return thought
