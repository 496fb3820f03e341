"""Correcting what triage said of a ticket; what people say stays, and triage can learn from it."""

import re
from dataclasses import asdict, dataclass

from agents.authority import check_may_act
from agents.errors import NotDecidable
from agents.service.acts import Acts
from data.corrections import CORRECTED, corrected
from data.errors import HandrailError
from data.store import NewEvent
from data.vocabulary import AgentName, Intent, Role, Sentiment

_ISSUE = re.compile(r"[\w][\w .:/&'()?-]{0,59}")
"""A name for a kind of issue; it goes into the log, which holds nobody's words."""


@dataclass(frozen=True)
class Correction:
    """What a person says of a ticket; None where triage is left as it was."""

    intent: Intent | None = None
    issue: str | None = None
    """A name of the team's own for what is asked."""
    sentiment: Sentiment | None = None
    urgency: float | None = None


class Correcting(Acts):
    """Acts that say what triage should have said."""

    def correct(self, ticket_id: str, correction: Correction, *, by: str) -> dict[str, object]:
        """Set what triage got wrong, which the agents then leave as it is; what changed.

        HandrailError for an issue that is no name or an urgency outside of 0 to 1; NotDecidable if
        nothing changes.
        """
        _check(correction)
        told = {name: value for name, value in asdict(correction).items() if value is not None}
        with self.store.write() as tx:
            check_may_act(self._person(tx, by), Role.OPERATOR, "correct triage")
            ticket = tx.ticket(ticket_id)
            was = {"issue": None, **corrected(tx.connection, ticket_id)}
            was |= {name: ticket[name] for name in ("intent", "sentiment", "urgency")}
            new = {name: value for name, value in told.items() if value != was[name]}
            if not new:
                raise NotDecidable("nothing to correct: it says so already")
            data = {"to": new, "from": {name: was[name] for name in new}, "by": by}
            tx.append(NewEvent(CORRECTED, AgentName.OPERATOR.value, data, ticket_id))
            columns = {name: value for name, value in new.items() if name != "issue"}
            if "intent" in new:
                others = [i for i in ticket["intents"] if i not in (new["intent"], was["intent"])]
                columns["intents"] = [new["intent"], *others]
            if columns:
                tx.set_ticket(ticket_id, **columns)
            return new


def _check(correction: Correction) -> None:
    issue, urgency = correction.issue, correction.urgency
    if issue is not None and not _ISSUE.fullmatch(issue):
        raise HandrailError("an issue is a short name, such as late delivery: at most 60 letters")
    if issue is not None and re.search(r"\d{5}|@", issue):
        raise HandrailError("an issue is the name of a kind, not of a customer or an order")
    if urgency is not None and not 0.0 <= urgency <= 1.0:
        raise HandrailError(f"urgency {urgency}: give a number from 0 to 1")
