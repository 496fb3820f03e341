"""Why an operator's own commands are not possible now, in words for a person."""

from console.format import line
from console.possible import Context
from data.queries.rows import TicketRow
from data.vocabulary import AGENTS_OWN, TicketStatus


def is_mine(context: Context) -> bool:
    """Whether the selected ticket is the person's who looks at it."""
    person, ticket = context.person, context.ticket
    return person is not None and ticket is not None and ticket.owner == person.name


def _others(context: Context, ticket: TicketRow) -> str | None:
    if ticket.owner == AGENTS_OWN or is_mine(context):
        return None
    return f"{line(ticket.owner, 40)} has it: take it over first ({context.key('take')})"


def ticket(context: Context) -> str | None:
    """Why nothing can be done to a ticket."""
    return None if context.ticket else "no ticket is selected"


def files(context: Context) -> str | None:
    """Why no attachment can be saved."""
    if context.ticket is None:
        return "no ticket is selected"
    return None if context.files else "no file came with this ticket"


def answer(context: Context) -> str | None:
    """Why it cannot be answered."""
    return ticket(context) or (_others(context, context.ticket) if context.ticket else None)


def end(context: Context) -> str | None:
    """Why it cannot be resolved or closed."""
    if context.ticket is not None and context.ticket.status is TicketStatus.CLOSED:
        return "it is closed already"
    return answer(context)


def resolve(context: Context) -> str | None:
    """Why it cannot be resolved."""
    if context.ticket is not None and context.ticket.status is TicketStatus.RESOLVED:
        return "it is resolved already"
    return end(context)
