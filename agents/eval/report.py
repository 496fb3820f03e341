"""What running scenarios came to."""

from dataclasses import asdict, astuple, dataclass, field
from typing import Any

from agents.eval.compare import Ended, Mismatch
from data.errors import BadFile


@dataclass(frozen=True)
class Took:
    """What a model was asked in a scenario, and how often the embedded brain stood in for it."""

    calls: int = 0
    set_aside: int = 0
    tokens: int = 0
    cost_micros: int = 0

    def __add__(self, other: "Took") -> "Took":
        """Both together."""
        return Took(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True)
class ScenarioRun:
    """One scenario, run `k` times."""

    scenario: str
    file: str
    passed: bool
    k: int
    mismatches: list[Mismatch]
    tickets: dict[str, Ended]
    approve_all: bool = False
    """Whether it would pass too if every proposal were approved as it is."""
    nothing: bool = False
    """Whether it would pass if nothing were done at all."""
    took: Took = Took()

    def as_json(self) -> dict[str, Any]:
        """What `eval --json` shows of it."""
        return {
            "scenario": self.scenario,
            "file": self.file,
            "passed": self.passed,
            "k": self.k,
            "mismatches": [m.as_json() for m in self.mismatches],
            "tickets": {ref: ended.as_json() for ref, ended in self.tickets.items()},
        }


@dataclass
class Report:
    """All scenarios of one call."""

    runs: list[ScenarioRun] = field(default_factory=list)
    unreadable: list[BadFile] = field(default_factory=list)
    model: str | None = None
    """The model that thought; None: the embedded brain alone."""

    @property
    def passed(self) -> int:
        """How many scenarios passed all their runs."""
        return sum(run.passed for run in self.runs)

    @property
    def failed(self) -> int:
        """How many did not."""
        return len(self.runs) - self.passed

    @property
    def took(self) -> Took:
        """What the model was asked over all of them."""
        return sum((run.took for run in self.runs), Took())

    def as_json(self) -> dict[str, Any]:
        """The document of `eval --json`."""
        model = {"name": self.model, **asdict(self.took)} if self.model else None
        return {
            "passed": self.passed,
            "failed": self.failed,
            "runs": [run.as_json() for run in self.runs],
            "baselines": {
                "nothing": sum(run.nothing for run in self.runs),
                "approve_all": sum(run.approve_all for run in self.runs),
            },
            "unreadable": [str(problem) for problem in self.unreadable],
            "model": model,
        }
