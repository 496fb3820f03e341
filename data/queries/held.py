"""What must hold for a ticket to be an answer, and the selective ways to such tickets."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from data.vocabulary import TicketStatus

Run = Callable[[str, dict[str, Any]], Sequence[Sequence[Any]]]
"""Runs SQL with named parameters and returns all rows."""

EVERY = tuple(status.value for status in TicketStatus)


@dataclass(frozen=True)
class Way:
    """A way to some tickets by an index: what stands after FROM, and the condition to go by."""

    source: str
    where: str
    index: str = ""
    """The index that must be used."""
    arms: tuple[str, ...] = ()
    """Conditions, one a range of the index, in each of which it is in the order of opening."""
    among: tuple[str, ...] = ()
    """The states in which its tickets are, where it is only some."""


@dataclass
class Held:
    """What must hold for a ticket to be an answer."""

    statuses: tuple[str, ...] = EVERY
    ranks: tuple[int, ...] | None = None
    """Priority ranks; None: any."""
    tests: list[str] = field(default_factory=list)
    """Conditions on columns, besides the two above."""
    params: dict[str, Any] = field(default_factory=dict)
    match: str | None = None
    """What the index of words must match."""
    without: str | None = None
    """What it must not match, where nothing has to."""
    ways: list[Way] = field(default_factory=list)
    """Selective ways, each to all of the answers and more."""

    def bind(self, value: Any) -> str:
        """A parameter with this value, as it is written in SQL."""
        name = f"p{len(self.params)}"
        self.params[name] = value
        return f":{name}"

    def among(self, values: Iterable[Any]) -> str:
        """A list of parameters."""
        return "(" + ", ".join(self.bind(value) for value in values) + ")"

    def narrow(self, statuses: Iterable[str]) -> None:
        """Only tickets in one of these states."""
        kept = set(statuses)
        self.statuses = tuple(status for status in self.statuses if status in kept)
