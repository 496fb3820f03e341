"""`handrail triage`: batch triage of files, to a file or a stream."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from agents.brains.protocol import LimitReached
from agents.intake.batch import Classify, Queue, Stopped
from agents.intake.fields import parse_map
from agents.intake.formats import Reading
from agents.intake.layouts import BY_SUFFIX, Layout
from agents.intake.records import safe, shown
from console.cli.intake_options import INTERRUPTED, Encoding, Files, Map, in_one_line, say
from console.cli.intake_report import summarize, tell_idle
from console.cli.model_triage import Budget, Jobs, Rpm, Tpm, by_model
from console.cli.options import Db, FeaturesNamed
from console.cli.triage_job import Job
from console.cli.triage_places import write_report
from console.cli.triage_run import OpenQueue, run
from console.format import counted
from console.thinking import ApiBase, Brain
from data.errors import HandrailError

Labels = Annotated[
    str | None,
    typer.Option(
        "--labels",
        metavar="COLUMN",
        help="Measure against your own labels in this column: intents, or names of issues.",
        show_default=False,
    ),
]
Report = Annotated[
    Path | None,
    typer.Option(
        "--report", metavar="FILE", help="Write the measurement as JSON.", show_default=False
    ),
]
ModelFile = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="FILE|VERSION|NAME",
        help="A model that `handrail train` stored, or its version (default: the one in use in the "
        "workspace), or a language model's name.",
        show_default=False,
    ),
]
PackagedModel = Annotated[
    bool, typer.Option("--packaged", help="The packaged model, whatever is in use.")
]


def classifier(model: Path | None, features: str | None = None) -> Classify:
    """What classifies: the packaged model of `features` (default: those of the team's own model,
    else the accurate ones), with the team's own of the file `model` before it.

    Loading takes a moment. HandrailError if the own model reads other features.
    """
    from agents.understanding.embedded import EmbeddedTriage
    from agents.understanding.features import ACCURATE, features_named

    named = features_named(features) if features else None
    if model is None:
        return EmbeddedTriage(named or ACCURATE)
    from agents.understanding.own_model import load_own

    own = load_own(model)
    if named not in (None, own.features):
        raise HandrailError(
            f"--features {features}: {model.stem} reads {own.features.name} features; "
            f"`handrail train FILE --features {features}` makes one, --packaged does without"
        )
    return EmbeddedTriage(own=own)


def model_in_use(db: str | None) -> Path | None:
    """The file of the model that the workspace uses, if there is one and it uses its own."""
    from console.bootstrap import shelf_of

    shelf = shelf_of(db)
    version = shelf.current() if shelf else None
    return shelf.path(version) if shelf and version else None


def stored_model(model: str, db: str | None) -> str:
    """The file of the model of that version in the workspace, where it is called like one, as
    `handrail train --list` does; else what it was. HandrailError if there is no such version."""
    from console.bootstrap import shelf_of

    shelf = shelf_of(db)
    if not model.startswith("own-") or Path(model).suffix == ".npz" or shelf is None:
        return model
    return str(shelf.path(shelf.named(model)))


@contextmanager
def workspace_queue(db: str | None) -> Iterator[Queue]:
    """The queue of the workspace at `db`."""
    from console.cli.ingest import queueing, workspace_session

    with workspace_session(db) as session:
        yield queueing(session)


def triage_with(
    load: Callable[[Path | None, str | None], Classify],
    open_queue: OpenQueue,
    in_use: Callable[[str | None], Path | None] = model_in_use,
) -> Callable[..., None]:
    """The command, with the classifier and the queue that it is to use."""

    def triage(
        files: Files,
        out: Annotated[
            str,
            typer.Option(
                "-o", "--output", metavar="OUT", help="The result's file; - is standard output."
            ),
        ] = "-",
        layout: Annotated[
            str | None,
            typer.Option(
                "--format",
                metavar="csv|jsonl|json",
                help="The result's form (default: by the suffix of OUT; CSV on standard output).",
                show_default=False,
            ),
        ] = None,
        store: Annotated[
            bool, typer.Option("--store", help="Also put the tickets into the queue.")
        ] = False,
        mapping: Map = None,
        limit: Annotated[
            int | None,
            typer.Option(
                "--limit",
                metavar="N",
                help="Only the first N records; with --resume, those done before count too.",
                show_default=False,
            ),
        ] = None,
        encoding: Encoding = None,
        resume: Annotated[
            bool, typer.Option("--resume", help="Go on where a run with the same OUT was stopped.")
        ] = False,
        labels: Labels = None,
        report: Report = None,
        model: ModelFile = None,
        packaged: PackagedModel = False,
        features: FeaturesNamed = None,
        brain: Brain = None,
        api_base: ApiBase = None,
        jobs: Jobs = None,
        rpm: Rpm = None,
        tpm: Tpm = None,
        budget: Budget = None,
        db: Db = None,
    ) -> None:
        """Classify tickets in files: intent, issues, tone, urgency, and which need a person.

        The workspace's own model answers, if `handrail train` made one there; a language model only
        where --brain llm or --model asks for it here.

        One row for each ticket, in the order of the input. Records that cannot be read go to
        OUT.rejects.csv with their line and the reason (to standard error without OUT), and the exit
        code is 1, as it is where a language model did none of the rows.
        """
        with in_one_line("triage"):
            if limit is not None and limit < 1:
                raise HandrailError(f"--limit {limit}: give a number from 1 on")
            reading = Reading(parse_map(mapping or []), encoding)
            form = layout_of(out, layout)
            if report is not None and labels is None:
                raise HandrailError("--report needs --labels, the column to measure against")
            if model is not None and brain != "llm":
                model = stored_model(model, db)
            llm = by_model(brain, model, api_base, jobs, rpm, tpm, budget)
            if model is not None and packaged and llm is None:
                raise HandrailError("give --model or --packaged, not both")
            file = Path(model) if model and llm is None else None
            named: tuple[str, ...] = ("--packaged",) if packaged else ()
            if file is not None:
                named = ("--model", str(file))
            if features is not None:
                named += ("--features", features)
            if llm is not None:
                named += llm.options()
            found = file if file or packaged else in_use(db)
            job = Job(
                files, out, form, reading, store, limit, resume, db, labels, report, found, named,
                llm, features,
            )  # fmt: skip

            def loaded() -> Classify:
                classify = load(found, features)
                if found is not None:
                    say(f"model: {safe(found.stem)}")
                return classify

            try:
                tally = run(job, loaded, open_queue)
            except Stopped as stop:
                if stop.tally.rows or stop.tally.cost_micros:
                    summarize(stop.tally)
                if isinstance(stop.why, KeyboardInterrupt):
                    raise typer.Exit(INTERRUPTED) from None
                if not isinstance(stop.why, LimitReached):
                    raise stop.why from None
                are = "is" if stop.left == 1 else "are"
                say(f"{stop.why}: {counted(stop.left, 'record')} {are} left")
                raise typer.Exit(1) from None
            summarize(tally)
            if report is not None and tally.measured is not None:
                write_report(report, tally.measured)
            if tally.rejected and out != "-":
                say(f"rejected records are in {safe(out)}.rejects.csv")
        if tell_idle(tally) or tally.rejected:
            raise typer.Exit(1)

    return triage


def layout_of(out: str, named: str | None) -> Layout:
    """The form that was asked for, by name or by the suffix of `out`."""
    if named is not None:
        if named.lower() not in list(Layout):
            raise HandrailError(f"--format {shown(named)}: it is one of {', '.join(Layout)}")
        return Layout(named.lower())
    if out == "-":
        return Layout.CSV
    suffix = Path(out).suffix.lower()
    if suffix not in BY_SUFFIX:
        raise HandrailError(f"-o {shown(out)}: add --format csv, jsonl or json")
    return BY_SUFFIX[suffix]


triage = triage_with(classifier, workspace_queue)
