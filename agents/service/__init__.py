"""What people do, from any face: bring tickets in, decide, undo, stop. Every error is one line for
a person."""

from agents.service.adopting import Adopting
from agents.service.arrivals import MAX_BODY, Arrivals, DuplicateTicket, NewTicket
from agents.service.correcting import Correcting, Correction
from agents.service.deciding import Decided
from agents.service.desk_work import DeskWork
from agents.service.drafting import Drafting
from agents.service.halting import Halting
from agents.service.reviewing import Reviewing
from agents.service.waking import Waking

__all__ = ["MAX_BODY", "Correction", "Decided", "DuplicateTicket", "NewTicket", "Service"]


class Service(Adopting, Arrivals, Correcting, DeskWork, Drafting, Halting, Reviewing, Waking):
    """The acts of people on one workspace; holds no handle to any outside system."""
