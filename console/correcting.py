"""What triage should have said of a ticket: asked in two steps, written through the service."""

from typing import Any

from textual.screen import Screen

from agents.service.correcting import Correction
from console.format import line
from console.owning import Owning, named, ref_of
from console.screens.dialogs import Pick
from console.widgets.preview import text
from data.queries.rows import TicketDetail
from data.vocabulary import URGENCY_OF, Intent, Priority, Sentiment

ISSUE = "issue"


class Correcting(Owning):
    """Says what triage got wrong; the agents leave it so."""

    async def correct(self, screen: Screen[Any], detail: TicketDetail) -> None:
        """Ask what is wrong and what is right, and write it."""
        ticket = detail.ticket
        stands = {
            "intent": ticket.intent or "none yet",
            "sentiment": detail.sentiment or "none yet",
            "urgency": "none yet" if detail.urgency is None else f"{detail.urgency:.2f}",
            ISSUE: "by a name of your own",
        }
        fields = [
            (name, text((f"{name:<11}", "bold"), line(now, 40))) for name, now in stands.items()
        ]
        what = await screen.app.push_screen_wait(Pick("What did triage get wrong?", fields))
        if what == ISSUE:
            await self._ask(
                screen, ticket, "What is asked for", named(ticket),
                lambda words: self._correct(ticket.id, Correction(issue=words.strip())),
                "Correct it", lacks="write a name, such as late delivery",
                hint="a name of your own, such as late delivery",
                done=f"{ref_of(ticket)}: corrected",
            )  # fmt: skip
        elif what is not None:
            await self._pick_right(screen, detail, what, stands[what])

    async def _pick_right(
        self, screen: Screen[Any], detail: TicketDetail, what: str, now: str
    ) -> None:
        values: dict[str, Correction] = {
            "intent": {str(i.value): Correction(intent=i) for i in Intent},
            "sentiment": {str(s.value): Correction(sentiment=s) for s in Sentiment},
            "urgency": {
                str(p.value): Correction(urgency=URGENCY_OF[p])
                for p in sorted(Priority, key=lambda p: p.rank)
            },
        }[what]
        choices = [(name, text((name, "bold"))) for name in values]
        picked = await screen.app.push_screen_wait(Pick(f"The {what} is", choices, now))
        if picked is None:
            return
        problem = await self._write(lambda: self._correct(detail.ticket.id, values[picked]))
        self._say(screen, problem, f"{ref_of(detail.ticket)}: {what} {picked}")

    def _correct(self, ticket_id: str, correction: Correction) -> object:
        return self.session.service.correct(ticket_id, correction, by=self.me)
