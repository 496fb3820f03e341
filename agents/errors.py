"""What can go wrong while agents work; the kind of error says what happens next."""

from data.errors import HandrailError


class Retryable(HandrailError):
    """An outside system failed for now; trying again later may work."""


class OutOfReach(Retryable):
    """A system that nobody can use for now: no room, no connection, held by another program.

    It passes, nothing was done, and it is no failure of what waits for it.
    """


class Refused(HandrailError):
    """An outside system refused by a rule of its own; trying again will not help."""


class UnknownOutcome(HandrailError):
    """A write was sent and nobody can say yet whether it was carried out."""


class NotDecidable(HandrailError):
    """A decision that cannot be taken now: decided already, expired, changed, or not allowed."""


class BadArguments(HandrailError):
    """Arguments of an action that its type or the records do not allow."""


class NotAllowed(HandrailError):
    """Somebody, or an agent's role, asked for what it has no authority for."""
