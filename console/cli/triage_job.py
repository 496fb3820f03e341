"""What one call of `handrail triage` is to do."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.intake.formats import Reading
from agents.intake.layouts import Layout
from agents.intake.records import safe
from agents.intake.source import Source
from console.cli.model_triage import ByModel


@dataclass(frozen=True)
class Job:
    """What one call of the command is to do."""

    files: Sequence[str]
    out: str
    layout: Layout
    reading: Reading
    store: bool
    limit: int | None
    resume: bool
    db: str | None
    labels: str | None = None
    """The column with the team's own labels, to measure against."""
    report: Path | None = None
    """Where the measurement goes, as JSON."""
    model: Path | None = None
    """The file of the team's own model that answers; None for the packaged one alone."""
    chosen: tuple[str, ...] = ()
    """The options by which the model was named."""
    by_model: ByModel | None = None
    """A language model that is to triage; None: the embedded triage."""
    features: str | None = None
    """The features that were asked for."""

    def identity(self, sources: Sequence[Source]) -> dict[str, object]:
        """What a resumed run must share with the stopped one."""
        return {
            "inputs": [source.fingerprint for source in sources],
            "layout": self.layout,
            "map": dict(self.reading.mapping),
            "encoding": self.reading.encoding,
            "store": self.store,
            "labels": self.labels,
            "model": self.model.name if self.model else None,
            "features": self.features,
            "llm": self.by_model.choice.name if self.by_model else None,
        }

    def command(self) -> str:
        """The command line that goes on with this job."""
        words = ["handrail", "triage", *self.files, "-o", self.out, "--format", self.layout]
        for theirs, ours in self.reading.mapping.items():
            words += ["--map", f"{theirs}={ours}"]
        if self.reading.encoding:
            words += ["--encoding", self.reading.encoding]
        if self.limit:
            words += ["--limit", str(self.limit)]
        if self.store:
            words.append("--store")
        if self.labels:
            words += ["--labels", self.labels]
        if self.report:
            words += ["--report", str(self.report)]
        words += self.chosen
        if self.db:
            words += ["--db", self.db]
        return safe(shlex.join([*words, "--resume"]))
