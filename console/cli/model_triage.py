"""Batch triage by a language model, as `handrail triage --brain llm` asks for it."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.brains.choice import BRAINS, Limits, ModelChoice
from agents.intake.batch import Classify
from agents.intake.records import Incoming, Reject
from console.cli.intake_options import say
from console.format import cost, counted, line
from console.thinking import model_choice
from data.errors import HandrailError

if TYPE_CHECKING:
    from agents.brains.language_model import LanguageModel

Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", min=1, max=64, metavar="N",
        help="Rows at a time (default: the settings' concurrency).", show_default=False,
    ),
]  # fmt: skip
Rpm = Annotated[
    int | None,
    typer.Option("--rpm", min=1, metavar="N", help="At most N calls a minute.", show_default=False),
]
Tpm = Annotated[
    int | None,
    typer.Option(
        "--tpm", min=1, metavar="N", help="At most N tokens a minute.", show_default=False
    ),
]
Budget = Annotated[
    float | None,
    typer.Option(
        "--budget", metavar="USD", help="Stop when so many US dollars are spent; --resume goes on.",
        show_default=False,
    ),
]  # fmt: skip

_ENDLESS = 10**15


@dataclass(frozen=True)
class ByModel:
    """How a language model is to triage."""

    choice: ModelChoice
    rpm: int | None = None
    tpm: int | None = None
    budget: float | None = None

    @property
    def size(self) -> int:
        """Rows that are written together: what a kill loses at most."""
        return max(8, 4 * self.choice.concurrency)

    def options(self) -> tuple[str, ...]:
        """The command line's words for it."""
        words = ["--brain", "llm", "--model", self.choice.name]
        words += ["--jobs", str(self.choice.concurrency)]
        if self.choice.api_base:
            words += ["--api-base", self.choice.api_base]
        for name, value in (("rpm", self.rpm), ("tpm", self.tpm)):
            words += [f"--{name}", str(value)] if value else []
        return (*words, *(["--budget", f"{self.budget:g}"] if self.budget else []))

    @contextmanager
    def running(self) -> Iterator["RunningModel"]:
        """The model, whose process ends with the block."""
        from agents.brains.language_model import LanguageModel

        model = LanguageModel(self.choice)
        try:
            yield RunningModel(self, model)
        finally:
            model.close()


def by_model(
    brain: str | None,
    model: str | None,
    api_base: str | None,
    jobs: int | None,
    rpm: int | None,
    tpm: int | None,
    budget: float | None,
) -> ByModel | None:
    """The model that is asked for on the command line; None: the embedded triage.

    A model that is only set, or in the environment, is not asked: whole files are neither paid for
    nor sent away by what a command does not say. HandrailError if what is said does not fit.
    """  # fmt: skip
    if brain not in (None, *BRAINS):
        raise HandrailError(f"--brain {brain}: it is one of {', '.join(BRAINS)}")
    named = model is not None and not _is_file(model)
    if brain != "llm" and (brain == "embedded" or not named):
        for option, value in (("--rpm", rpm), ("--tpm", tpm), ("--budget", budget)):
            if value is not None:
                raise HandrailError(f"{option} is for a language model; add --brain llm")
        return None
    if budget is not None and not budget > 0:
        raise HandrailError(f"--budget {budget:g}: give a sum in US dollars above 0")
    choice = model_choice("llm", model, api_base)
    assert choice is not None
    return ByModel(
        choice.model_copy(update={"concurrency": jobs} if jobs else {}), rpm, tpm, budget
    )


def _is_file(model: str) -> bool:
    """Whether it is the file of a model of the team's own, or was meant as one."""
    return Path(model).suffix == ".npz" or Path(model).exists()


class NoPrice(HandrailError):
    """A budget cannot be kept to, as nobody knows what the model costs."""


class RunningModel:
    """A language model at work on one batch."""

    def __init__(self, how: ByModel, model: "LanguageModel") -> None:
        """Nothing is asked yet."""
        self._how, self._model = how, model

    def classifier(self, embedded: Classify) -> Classify:
        """What classifies by the model, and by `embedded` where it does not."""
        from agents.brains.batch_triage import ModelTriage, Pace
        from agents.brains.meter import Meter, Metered

        limits = Limits(
            steps=_ENDLESS,
            tokens=_ENDLESS,
            dollars=self._how.budget or float(_ENDLESS),
            seconds=float(_ENDLESS),
        )
        metered = Metered(self._model, Meter(limits))
        pace = Pace(self._how.rpm, self._how.tpm)
        return ModelTriage(metered, embedded, jobs=self._how.choice.concurrency, pace=pace)

    def estimate(self, records: Iterable[Incoming | Reject], known: bool) -> float:
        """Say what the rows will cost, about, and give it, in US dollars; 0 if it is not known.

        Where they cannot be counted (`known` is False), for each thousand of them as the first is.
        """
        from agents.brains.batch_triage import LIKELY_TOKENS, call_for

        rows = characters = 0
        for record in records if known else islice(records, 1):
            if isinstance(record, Incoming):
                rows += 1
                characters += len(record.subject) + len(record.body)
        if not rows:
            return 0.0
        if not known:
            rows, characters = 1_000, characters * 1_000
        each = self._model.tokens(call_for(Incoming(0)))
        read, written = rows * each + characters // 4, rows * LIKELY_TOKENS
        about = self._model.about(self._how.choice.in_order("triage")[0])
        dollars = read * about.dollars_in + written * about.dollars_out
        what = counted(rows, "row") if known else "each 1,000 rows"
        price = f"about {cost(round(dollars * 1e6))}" if dollars else "no price is known"
        budget = f"; the budget is ${self._how.budget:,g}" if self._how.budget else ""
        name = line(self._how.choice.shown)
        say(f"{name}: {what}, about {read + written:,} tokens, {price}{budget}")
        return dollars

    def check_budget(self) -> None:
        """NoPrice if a budget is given for a model of which no price is known."""
        if self._how.budget is None:
            return
        for served in self._how.choice.in_order("triage"):
            about = self._model.about(served)
            if not (about.dollars_in or about.dollars_out):
                raise NoPrice(
                    f"--budget {self._how.budget:g}: no price is known of {line(served.model)}, so "
                    "nothing would count against it; leave --budget out, and bound the run by "
                    "--limit N"
                )

    def check_wanted(self, dollars: float) -> None:
        """Ask a person at a terminal whether to spend that; typer.Exit if not."""
        asked = sys.stdin.isatty() and sys.stderr.isatty() and self._how.budget is None
        if dollars and asked and not typer.confirm("go on?", err=True):
            raise typer.Exit(1)
