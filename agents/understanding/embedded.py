"""Batch triage by the embedded models, and what it can say."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agents.understanding.features import ACCURATE, Features
from agents.understanding.kinds import FAMILY_OF
from agents.understanding.reading import TriageRow
from agents.understanding.triage import triage_rows

if TYPE_CHECKING:
    from agents.understanding.own_model import OwnModel


@dataclass(frozen=True)
class EmbeddedTriage:
    """Classifies batches by the packaged model of `features`, or with the team's `own` before it,
    by the features of that."""

    features: Features = ACCURATE
    own: "OwnModel | None" = None

    def __call__(self, batch: list[Any]) -> list[TriageRow]:
        """A row for each record."""
        return triage_rows(batch, own=self.own, features=self.features)

    @property
    def issues(self) -> frozenset[str]:
        """The names of all issues that it can say."""
        if self.own is not None and "issue" in self.own.heads:
            return frozenset(self.own.heads["issue"].names)
        return frozenset(FAMILY_OF)
