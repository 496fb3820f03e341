"""`handrail triage`: batch triage of files, to a file or a stream."""

import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Annotated

import typer

from agents.brains.protocol import LimitReached
from agents.intake.batch import BATCH, Classify, Queue, Sink, Stopped, Tally, triage_all
from agents.intake.fields import parse_map
from agents.intake.formats import Reading
from agents.intake.layouts import BY_SUFFIX, Layout
from agents.intake.measuring import Measured, check_column
from agents.intake.partial import FileSink
from agents.intake.records import Incoming, Reject, safe, shown
from agents.intake.source import Source
from agents.intake.streams import StreamSink
from console.cli.intake_options import (
    INTERRUPTED,
    Encoding,
    Files,
    Map,
    in_one_line,
    inputs,
    name_reject,
    records_of,
    say,
)
from console.cli.intake_report import follow, summarize
from console.cli.model_triage import Budget, Jobs, NoPrice, Rpm, RunningModel, Tpm, by_model
from console.cli.options import Db, FeaturesNamed
from console.cli.triage_job import Job
from console.thinking import ApiBase, Brain
from data.errors import BadFile, HandrailError

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
        metavar="FILE|NAME",
        help="A model that `handrail train` stored (default: the one in use in the workspace), or "
        "a language model's name.",
        show_default=False,
    ),
]
PackagedModel = Annotated[
    bool, typer.Option("--packaged", help="The packaged model, whatever is in use.")
]

OpenQueue = Callable[[str | None], AbstractContextManager[Queue]]
"""Opens the workspace at a path or URL, for records to be put into its queue."""


def classifier(model: Path | None, features: str | None = None) -> Classify:
    """What classifies: the packaged model of `features` (default: those of the team's own model,
    else the accurate ones), with the team's own of the file `model` before it.

    Loading takes a moment. HandrailError if the own model reads other features.
    """
    from agents.understanding.features import ACCURATE, features_named
    from agents.understanding.triage import triage_rows

    named = features_named(features) if features else None
    if model is None:
        return partial(triage_rows, features=named or ACCURATE)
    from agents.understanding.own_model import load_own

    own = load_own(model)
    if named not in (None, own.features):
        raise HandrailError(
            f"--features {features}: {model.stem} reads {own.features.name} features; "
            f"`handrail train FILE --features {features}` makes one, --packaged does without"
        )
    return partial(triage_rows, own=own)


def model_in_use(db: str | None) -> Path | None:
    """The file of the model that the workspace uses, if there is one and it uses its own."""
    from console.bootstrap import shelf_of

    shelf = shelf_of(db)
    version = shelf.current() if shelf else None
    return shelf.path(version) if shelf and version else None


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
            typer.Option("--limit", metavar="N", help="Only the first N records."),
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
        code is 1.
        """
        with in_one_line("triage"):
            if limit is not None and limit < 1:
                raise HandrailError(f"--limit {limit}: give a number from 1 on")
            reading = Reading(parse_map(mapping or []), encoding)
            form = layout_of(out, layout)
            if report is not None and labels is None:
                raise HandrailError("--report needs --labels, the column to measure against")
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
            if found is not None:
                say(f"model: {safe(found.stem)}")
            job = Job(
                files, out, form, reading, store, limit, resume, db, labels, report, found, named,
                llm, features,
            )  # fmt: skip
            try:
                tally = run(job, lambda: load(found, features), open_queue)
            except Stopped as stop:
                if stop.tally.rows or stop.tally.cost_micros:
                    summarize(stop.tally)
                if not isinstance(stop.why, LimitReached):
                    raise stop.why from None
                say(f"{stop.why}: {stop.left:,} records are left")
                raise typer.Exit(1) from None
            summarize(tally)
            if report is not None and tally.measured is not None:
                write_report(report, tally.measured)
            if tally.rejected and out != "-":
                say(f"rejected records are in {safe(out)}.rejects.csv")
        if tally.rejected:
            raise typer.Exit(1)

    return triage


def write_report(path: Path, measured: Measured) -> None:
    """Write the measurement as JSON; HandrailError if that cannot be done."""
    try:
        fresh = path.with_name(path.name + ".new")
        fresh.write_text(json.dumps(measured.document(), indent=2) + "\n", encoding="utf-8")
        fresh.replace(path)
    except OSError as problem:
        raise HandrailError(
            f"--report {shown(str(path))}: cannot be written: {problem.strerror}"
        ) from problem


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


def run(job: Job, load: Callable[[], Classify], open_queue: OpenQueue) -> Tally:
    """Do the job; what was done. HandrailError, with nothing half written, if it cannot be done."""
    if job.resume and _is_stream(job.out):
        raise HandrailError("--resume goes on with a file; name it with -o")
    with inputs(job.files, job.reading) as sources:
        if _is_stream(job.out):
            return _to_stream(job, sources, load, open_queue)
        return _to_file(job, sources, load, open_queue)


def _is_stream(out: str) -> bool:
    path = Path(out)
    if out == "-" or path.absolute().is_relative_to("/dev"):
        return True
    return path.exists() and not path.is_file() and not path.is_dir()


def _work(
    job: Job,
    sources: list[Source],
    load: Callable[[], Classify],
    open_queue: OpenQueue,
    sink: Sink,
    tally: Tally,
) -> Tally:
    with ExitStack() as stack:
        queue = stack.enter_context(open_queue(job.db)) if job.store else None
        # An input that cannot be used is found before the classifier is loaded.
        records = records_of(sources, job.reading)
        first = list(islice(records, 1))
        if job.labels is not None and tally.measured is None:
            tally.measured = Measured(job.labels)
        _check_labels(job, first)
        classify = load()
        if job.by_model is not None:
            model = stack.enter_context(job.by_model.running())
            model.check_budget()
            model.check_wanted(_estimate(job, model, first, tally.done))
            classify = model.classifier(classify)
        quiet = job.out == "-" and sys.stdout.isatty()
        show = stack.enter_context(follow(sources, done=tally.done, limit=job.limit, quiet=quiet))
        return triage_all(
            chain(first, records),
            classify,
            sink,
            tally=tally,
            limit=job.limit,
            queue=queue,
            on_batch=lambda tally: show(tally.done),
            size=job.by_model.size if job.by_model else BATCH,
        )


def _estimate(job: Job, model: RunningModel, first: list[Incoming | Reject], done: int) -> float:
    """What the rest will cost; inputs that can be read once only are not read for it."""
    if any(_is_stream(place) for place in job.files):
        return model.estimate(first, known=False)
    with inputs(job.files, job.reading) as sources:
        rest = islice(records_of(sources, job.reading), done, job.limit)
        return model.estimate(rest, known=True)


def _check_labels(job: Job, first: list[Incoming | Reject]) -> None:
    """Find a wrong column before anything is classified."""
    for record in first:
        if job.labels is not None and isinstance(record, Incoming):
            check_column(job.labels, record.labels)


def _to_file(
    job: Job, sources: list[Source], load: Callable[[], Classify], open_queue: OpenQueue
) -> Tally:
    out = Path(job.out).resolve()
    for source in sources:
        if source.path is not None and source.path.resolve() == out:
            raise HandrailError(f"-o {shown(job.out)}: it is an input as well; name another file")
    sink = FileSink(out, job.layout, job.identity(sources), resume=job.resume)
    if sink.done:
        say(f"going on after {sink.done:,} records")
    try:
        return _work(job, sources, load, open_queue, sink, sink.tally)
    except KeyboardInterrupt:
        _tell_of_the_rest(job, sink)
        raise typer.Exit(INTERRUPTED) from None
    except BadFile:
        sink.discard()
        raise
    except NoPrice:
        sink.keep()
        raise
    except BaseException:
        _tell_of_the_rest(job, sink)
        raise


def _tell_of_the_rest(job: Job, sink: FileSink) -> None:
    if sink.keep():
        say(f"stopped after {sink.done:,} records; go on with: {job.command()}")
    else:
        say("stopped; nothing was written")


def _to_stream(
    job: Job, sources: list[Source], load: Callable[[], Classify], open_queue: OpenQueue
) -> Tally:
    with _stream(job.out) as stream:
        tally = Tally()
        try:
            sink = StreamSink(stream, job.layout, name_reject)
            return _work(job, sources, load, open_queue, sink, tally)
        except Stopped:
            sink.finish()
            raise
        except KeyboardInterrupt:
            say(f"stopped after {tally.done:,} records")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # Whoever read has read enough; what is buffered has nowhere to go.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except OSError as problem:
            raise HandrailError(f"cannot write the result: {problem.strerror}") from problem


@contextmanager
def _stream(out: str) -> Iterator[io.TextIOWrapper]:
    if out != "-":
        with Path(out).open("w", encoding="utf-8", newline="") as stream:
            yield stream
        return
    stream = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    try:
        yield stream
    finally:
        stream.detach()


triage = triage_with(classifier, workspace_queue)
