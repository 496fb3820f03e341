"""What the question before an approval says beside the effect."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from textual.content import Content

from console.screens.stopping import held_in_words
from console.widgets.preview import lines, text
from data.queries.approvals import record_dates
from data.queries.health import halts_in_force
from data.queries.rows import ActionRow, HaltRow
from data.store import Store


@dataclass(frozen=True)
class Beside:
    """What is known beside the actions themselves."""

    dates: dict[str, str] = field(default_factory=dict)
    """The days of their records, where they have one."""
    halts: tuple[HaltRow, ...] = ()
    """What is stopped and may hold one of them."""


def beside_of(store: Store, actions: Sequence[ActionRow]) -> Beside:
    """This of some actions; nothing where it cannot be read: the service decides."""
    names = {action.name for action in actions}
    try:
        halts = [h for h in halts_in_force(store) if h.action is None or h.action in names]
        dates = record_dates(store, [a.id for a in actions]) if len(actions) > 1 else {}
    except Exception:  # a hint only
        return Beside()
    return Beside(dates, tuple(halts))


@dataclass(frozen=True)
class Asking:
    """How it is asked."""

    beside: Beside
    stop_key: str
    """How the key of the stop button is written."""
    ask: bool = False
    """Whether it is asked however harmless it is."""
    marked: bool = False
    """Whether it is about what was marked, wherever the cursor is."""

    @property
    def held(self) -> str:
        """That nothing of it runs yet; empty if nothing is stopped."""
        if not self.beside.halts:
            return ""
        what = ", ".join(held_in_words(halt) for halt in self.beside.halts)
        return f"{what} is stopped: nothing runs until {self.stop_key} lets it go on"

    def title(self, chosen: int, of: int) -> str:
        """The question, for so many of so many."""
        if not self.marked:
            return "Approve this?" if of == 1 else f"Approve these {chosen}?"
        return f"Approve the {of} marked?" if chosen == of else f"Approve {chosen} of {of} marked?"

    def around(self, words: Content) -> Content:
        """What is asked about, below what must be known first."""
        rows = []
        if self.held:
            rows.append(text((f"■ {self.held}", "bold $text-error")))
        if self.marked:
            rows.append(text("It acts on what is marked, wherever the cursor is."))
        return lines([*rows, text(""), words]) if rows else words
