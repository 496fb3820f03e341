"""One batch triage, from the opened inputs to the whole result, in a file or on a stream."""

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import chain, islice
from pathlib import Path

import typer

from agents.intake.batch import (
    BATCH,
    Classify,
    Queue,
    Sink,
    Stopped,
    Tally,
    triage_all,
)
from agents.intake.measuring import Measured, check_column
from agents.intake.partial import FileSink, is_finished
from agents.intake.records import Incoming, Reject, safe, shown
from agents.intake.source import Source
from agents.intake.streams import StreamSink
from console.cli.intake_options import INTERRUPTED, inputs, name_reject, records_of, say
from console.cli.intake_report import follow
from console.cli.model_triage import NoPrice, RunningModel
from console.cli.triage_job import Job
from console.cli.triage_places import check_places, is_stream
from console.format import counted
from data.errors import BadFile, HandrailError

OpenQueue = Callable[[str | None], AbstractContextManager[Queue]]
"""Opens the workspace at a path or URL, for records to be put into its queue."""


def run(job: Job, load: Callable[[], Classify], open_queue: OpenQueue) -> Tally:
    """Do the job; what was done. HandrailError, with nothing half written, if it cannot be done."""
    if job.resume and is_stream(job.out):
        raise HandrailError("--resume goes on with a file; name it with -o")
    with inputs(job.files, job.reading) as sources:
        check_places(job, sources)
        if is_stream(job.out):
            return _to_stream(job, sources, load, open_queue)
        return _to_file(job, sources, load, open_queue)


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
        records = records_of(sources, job.reading, say)
        first = list(islice(records, 1))
        if job.labels is not None and tally.measured is None:
            tally.measured = Measured(job.labels)
        _check_labels(job, first)
        classify, total = load(), None
        if tally.measured is not None and job.by_model is None:
            tally.measured.issues = getattr(classify, "issues", None)
        if job.by_model is not None:
            model = stack.enter_context(job.by_model.running())
            model.check_budget()
            dollars, total = _estimate(job, model, first, tally.done)
            model.check_wanted(dollars)
            classify = model.classifier(classify)
        quiet = job.out == "-" and sys.stdout.isatty()
        show = stack.enter_context(
            follow(sources, done=tally.done, limit=job.limit, total=total, quiet=quiet)
        )
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


def _estimate(
    job: Job, model: RunningModel, first: list[Incoming | Reject], done: int
) -> tuple[float, int | None]:
    """What the rest will cost, and how many records there are; inputs that can be read once only
    are not read for it."""
    if any(is_stream(place) for place in job.files):
        return model.estimate(first, known=False), None
    total = done
    with inputs(job.files, job.reading) as sources:

        def counted() -> Iterator[Incoming | Reject]:
            nonlocal total
            for record in islice(records_of(sources, job.reading), done, job.limit):
                total += 1
                yield record

        dollars = model.estimate(counted(), known=True)
    return dollars, total


def _check_labels(job: Job, first: list[Incoming | Reject]) -> None:
    """Find a wrong column before anything is classified."""
    for record in first:
        if job.labels is not None and isinstance(record, Incoming):
            check_column(job.labels, record.labels)


def _to_file(
    job: Job, sources: list[Source], load: Callable[[], Classify], open_queue: OpenQueue
) -> Tally:
    if job.resume and is_finished(Path(job.out)):
        _tell_finished(job, sources)
        raise typer.Exit(0)
    sink = FileSink(Path(job.out), job.layout, job.identity(sources), resume=job.resume)
    if job.limit is not None and sink.done > job.limit:
        sink.keep()
        raise HandrailError(
            f"--limit {job.limit}: the stopped run has done {counted(sink.done, 'record')} "
            "already; give as many or more, or leave --limit out"
        )
    if sink.done:
        say(f"going on after {counted(sink.done, 'record')}")
    try:
        return _work(job, sources, load, open_queue, sink, sink.tally)
    except KeyboardInterrupt:
        _tell_of_the_rest(job, sink, by_a_person=True)
        raise typer.Exit(INTERRUPTED) from None
    except BadFile:
        sink.discard()
        raise
    except NoPrice:
        sink.keep()
        raise
    except BaseException as problem:
        stopped = isinstance(problem, Stopped) and isinstance(problem.why, KeyboardInterrupt)
        _tell_of_the_rest(job, sink, by_a_person=stopped)
        raise


def _tell_finished(job: Job, sources: list[Source]) -> None:
    """Say that nothing is left to do; HandrailError if an input changed after the result."""
    made = Path(job.out).stat().st_mtime
    for source in sources:
        if source.path is not None and source.path.stat().st_mtime > made:
            raise HandrailError(
                f"-o {shown(job.out)}: it is finished, but {safe(source.name)} changed since; "
                "leave --resume out to begin again"
            )
    say(f"{safe(job.out)} is finished already; leave --resume out to begin again")


def _tell_of_the_rest(job: Job, sink: FileSink, *, by_a_person: bool) -> None:
    if sink.keep():
        say(f"stopped after {counted(sink.done, 'record')}; go on with: {job.command()}")
    elif by_a_person:
        say("stopped; nothing was written")


def _to_stream(
    job: Job, sources: list[Source], load: Callable[[], Classify], open_queue: OpenQueue
) -> Tally:
    with _stream(job.out) as stream:
        tally = Tally()
        try:
            sink = StreamSink(stream, job.layout, name_reject)
            return _work(job, sources, load, open_queue, sink, tally)
        except Stopped as stop:
            sink.finish()
            if isinstance(stop.why, KeyboardInterrupt):
                say(f"stopped after {counted(tally.done, 'record')}")
            raise
        except KeyboardInterrupt:
            say(f"stopped after {counted(tally.done, 'record')}")
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
