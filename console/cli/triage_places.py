"""Where a batch triage writes: never over what it reads, nor two things to one place."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from agents.intake.measuring import Measured
from agents.intake.partial import beside
from agents.intake.records import safe, shown
from agents.intake.source import Source
from console.cli.triage_job import Job
from data.errors import HandrailError


def is_stream(out: str) -> bool:
    """Whether a result goes there as it comes, as to standard output, a pipe or a device."""
    path = Path(out)
    if out == "-" or path.absolute().is_relative_to("/dev"):
        return True
    return path.exists() and not path.is_file() and not path.is_dir()


def check_places(job: Job, sources: Sequence[Source]) -> None:
    """HandrailError if the job would write over what it reads or writes itself, or cannot write its
    report."""
    from console.bootstrap import meant

    taken = [(source.path, "an input as well") for source in sources if source.path is not None]
    if job.model is not None:
        taken.append((job.model, "the model that triages"))
    taken.append((Path(meant(job.db)), "the workspace"))
    for option, named, place in _written(job):
        for path, what in taken:
            if _same(place, path):
                itself = place in (Path(named), Path(named).resolve())
                told = "it" if itself else f"{shown(place.name)}, which is written beside it,"
                raise HandrailError(f"{option} {shown(named)}: {told} is {what}; name another file")
    if job.report is not None and not is_stream(str(job.report)):
        _check_report(job, job.report)


def _written(job: Job) -> Iterator[tuple[str, str, Path]]:
    """Each file that the job writes or removes: the option, what it names, and the place."""
    if not is_stream(job.out):
        for place in beside(Path(job.out).resolve()):
            yield "-o", job.out, place
    if job.report is not None and not is_stream(str(job.report)):
        for place in (job.report, _fresh(job.report)):
            yield "--report", str(job.report), place


def _check_report(job: Job, report: Path) -> None:
    named = f"--report {shown(str(report))}"
    if not is_stream(job.out):
        for place in beside(Path(job.out).resolve()):
            if _same(place, report) or _same(place, _fresh(report)):
                raise HandrailError(f"{named}: -o {shown(job.out)} writes there; name another file")
    if report.is_dir():
        raise HandrailError(f"{named}: it is a folder; name a file for the report")
    folder = report.absolute().parent
    if not folder.is_dir():
        raise HandrailError(f"{named}: there is no folder {safe(str(folder))}; make it first")
    if not os.access(folder, os.W_OK):
        raise HandrailError(f"{named}: cannot be written: the folder does not allow it")


def _same(one: Path, other: Path) -> bool:
    """Whether both are one file, also by links, and also while neither is there."""
    try:
        return one.resolve() == other.resolve() or one.samefile(other)
    except (OSError, ValueError):
        return False


def _fresh(report: Path) -> Path:
    return Path(f"{report}.new")


def write_report(path: Path, measured: Measured) -> None:
    """Write the measurement as JSON; HandrailError if that cannot be done."""
    text = json.dumps(measured.document(), indent=2) + "\n"
    try:
        if is_stream(str(path)):
            path.write_text(text, encoding="utf-8")
            return
        _fresh(path).write_text(text, encoding="utf-8")
        _fresh(path).replace(path)
    except OSError as problem:
        raise HandrailError(
            f"--report {shown(str(path))}: cannot be written: {problem.strerror}"
        ) from problem
