"""A ticket's past as it is shown to people who may look but not act: without personal data."""

from dataclasses import replace
from typing import Any

from data.queries.masked import masked, masked_events, names_of
from data.queries.rows import TicketDetail
from data.redaction import mask, mask_text
from data.replay.past import Moment
from data.replay.record import State


def masked_state(state: State, detail: TicketDetail) -> State:
    """A state without what names the ticket's customer."""
    found: Any = mask(state, names_of(detail))
    return {**state, **found}


def masked_moment(moment: Moment, detail: TicketDetail) -> Moment:
    """A moment likewise; what a tool gave back is left out, it is mostly about the customer."""
    names = names_of(detail)
    decided = moment.decided
    if decided is not None:
        decided = replace(
            decided,
            action=masked(decided.action, names),
            arguments=mask(decided.arguments, names),
            reason=mask_text(decided.reason, names) if decided.reason else None,
        )
    return Moment(
        event=masked_events([moment.event], detail)[0],
        state=masked_state(moment.state, detail),
        changed=moment.changed,
        decided=decided,
    )
