"""What a check of the record came to."""

from dataclasses import dataclass, field, replace

NAMED = 20
"""Breaks that are kept with what is wrong; further ones are only counted."""


@dataclass(frozen=True)
class Break:
    """One place where the record does not hold."""

    what: str
    """What is wrong, in words."""
    chain: str | None = None
    """The ticket's id, or empty for the workspace's own chain; None if it is in no chain."""
    position: int | None = None
    event: int | None = None
    """The event's id."""
    line: int | None = None
    """The line of an exported file, from 1."""
    ref: str | None = None
    """The ticket's ref, if it is known."""

    @property
    def text(self) -> str:
        """Where and what, in one line."""
        where = []
        if self.line is not None:
            where.append(f"line {self.line}")
        if self.chain == "":
            where.append("the workspace's own chain")
        elif self.chain is not None:
            where.append(f"ticket {self.ref or self.chain}")
        if self.position is not None:
            where.append(f"position {self.position}")
        if self.event is not None:
            where.append(f"event {self.event}")
        return f"{', '.join(where)}: {self.what}" if where else self.what


@dataclass
class Findings:
    """What was checked, and what did not hold."""

    events: int = 0
    chains: int = 0
    texts: int = 0
    """Payloads whose text was looked for."""
    erased: int = 0
    """Of them, those whose text was erased; their digests stay."""
    sealed: int = 0
    """Events of a masked export whose own hash could not be computed anew."""
    sha256: str | None = None
    """Of an exported file, as it was put on record: the digest of all lines but the last."""
    broken: int = 0
    breaks: list[Break] = field(default_factory=list)
    """The first of them, in the order in which they were found."""

    @property
    def first(self) -> Break | None:
        """What is named first; None if everything holds."""
        return self.breaks[0] if self.breaks else None

    def add(self, found: Break) -> None:
        """Count a break, and keep it if it is among the first."""
        self.broken += 1
        if len(self.breaks) < NAMED:
            chain = None if found.chain is None else readable(found.chain)
            self.breaks.append(replace(found, what=readable(found.what), chain=chain))

    def name_tickets(self, refs: dict[str, str]) -> None:
        """Put the refs of tickets to the breaks of their chains."""
        self.breaks = [replace(b, ref=refs.get(b.chain or "", b.ref)) for b in self.breaks]


def readable(text: object) -> str:
    """A stored value as text that can be written and looked for, whatever bytes it held."""
    return str(text).encode("utf-8", "replace").decode()
