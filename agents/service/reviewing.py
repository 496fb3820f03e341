"""What people say of quality scores: agreeing with them, or correcting them."""

from typing import Any

from sqlalchemy import select, update

from agents.authority import Person, check_may_act
from agents.errors import NotDecidable
from agents.quality.standing import standing_of
from agents.service.acts import Acts
from agents.understanding.visible import visible
from data.queries.quality import QUALITY, newest_reviews
from data.store import NewEvent, Transaction
from data.tables import QualityReview
from data.vocabulary import AgentName, QualityName, Role

REVIEWED = "quality.reviewed"
"""The kind of event by which the log knows of it; the note is its payload."""

SAME = 0.05
"""A correction by no more than this agrees."""


class Reviewing(Acts):
    """The review queue of quality checks."""

    def agree_on_quality(
        self,
        ticket_id: str,
        *,
        by: str,
        name: QualityName | None = None,
        note: str = "",
        check_id: str | None = None,
    ) -> float | None:
        """Agree with one score, or with all that there are; the overall score that stands then.

        NotDecidable if the ticket was not checked, has no such score, or is not as it was on the
        screen (`check_id`).
        """
        with self.store.write() as tx:
            row, person = self._reviewable(tx, ticket_id, by, check_id)
            names = [name] if name else [QualityName(c["name"]) for c in row["checks"]]
            scored = [(n, found) for n in names if (found := _score(row, n)) is not None]
            if not scored:
                raise NotDecidable(f"there is no score of {name or 'this ticket'} to agree with")
            for one, found in scored:
                self._say(tx, row, person, one, found, note, agreed=True)
            return self._settle(tx, row)

    def correct_quality(
        self,
        ticket_id: str,
        name: QualityName,
        score: float,
        *,
        by: str,
        note: str,
        check_id: str | None = None,
    ) -> float | None:
        """Say what a score should be, 0 to 1, and why; the overall score that stands then.

        NotDecidable as with `agree_on_quality`, and for a score out of range or without a note.
        """
        if not 0 <= score <= 1:
            raise NotDecidable(f"a score is between 0 and 1, not {score:g}")
        if not note.strip():
            raise NotDecidable("a correction needs a note: say why with --note")
        with self.store.write() as tx:
            row, person = self._reviewable(tx, ticket_id, by, check_id)
            found = _score(row, name)
            agreed = found is not None and abs(found - score) <= SAME
            self._say(tx, row, person, name, score, note, agreed=agreed)
            return self._settle(tx, row)

    def _reviewable(
        self, tx: Transaction, ticket_id: str, by: str, check_id: str | None
    ) -> tuple[dict[str, Any], Person]:
        person = self._person(tx, by)
        check_may_act(person, Role.OPERATOR, "review quality checks")
        standing = (QUALITY.c.ticket_id == ticket_id) & QUALITY.c.superseded.is_(False)
        found = tx.connection.execute(select(QUALITY).where(standing)).mappings().first()
        if found is None:
            raise NotDecidable(f"ticket {tx.ticket(ticket_id)['ref']} was not checked yet")
        if check_id is not None and found["id"] != check_id:
            raise NotDecidable("the ticket was checked again meanwhile; look again")
        return dict(found), person

    def _say(
        self,
        tx: Transaction,
        row: dict[str, Any],
        person: Person,
        name: QualityName,
        score: float,
        note: str,
        *,
        agreed: bool,
    ) -> None:
        found, words = _score(row, name), visible(note).strip()
        tx.insert(
            QualityReview, id=tx.ids("v"), check_id=row["id"], ticket_id=row["ticket_id"],
            name=name.value, found=found, score=score, agreed=agreed, note=words or None,
            operator=person.name, role=person.role.value, signed_in_by=person.signed_in_by,
            at=tx.now,
        )  # fmt: skip
        data = {"check": name.value, "found": found, "score": score, "agreed": agreed}
        event = NewEvent(
            REVIEWED, AgentName.OPERATOR.value, {**data, "by": person.name}, row["ticket_id"],
            payload=words or None,
        )  # fmt: skip
        tx.append(event)

    def _settle(self, tx: Transaction, row: dict[str, Any]) -> float | None:
        """Let the corrected scores count, and the ticket leave the queue once all low ones are
        reviewed."""
        newest = newest_reviews(tx.connection, [row["id"]])
        stands = standing_of(row["checks"], {name: said for (_, name), said in newest.items()})
        tx.connection.execute(
            update(QUALITY)
            .where(QUALITY.c.id == row["id"])
            .values(
                overall=stands.overall,
                verdict=stands.verdict,
                settled_at=tx.now if stands.settled else None,
            )
        )
        return stands.overall


def _score(row: dict[str, Any], name: QualityName) -> float | None:
    """What the check found; None for no data, or no such check."""
    found: float | None = next((c["score"] for c in row["checks"] if c["name"] == name), None)
    return found
