"""Batch triage: order, limits, whole files or none, going on after a stop, flat memory."""

import csv
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.intake.batch import LONGEST_READ, Tally, batches, triage_all
from agents.intake.formats import Reading, read
from agents.intake.layouts import Layout
from agents.intake.partial import FileSink, Unwritable, held
from agents.intake.records import Incoming, Reject
from data.errors import HandrailError
from tests.intake_support import Classifier, Collected, opened


def records(count: int) -> Iterator[Incoming | Reject]:
    for n in range(1, count + 1):
        if n % 7 == 3:
            yield Reject(n, "bad, bad", f"raw\n{n}")
        else:
            yield Incoming(line=n, ref=f"r{n}", body="login fails" if n % 2 else "refund me")


def test_order_ids_and_counts():
    sink = Collected()
    some: list[Incoming | Reject] = [
        Incoming(line=1, ref="a", body="login"),
        Incoming(line=2, external_id="<m>", body="x"),
        Reject(3, "no"),
        Incoming(line=4, body="my lawyer"),
        Incoming(line=5, ref="a", body="again"),
    ]
    tally = triage_all(some, Classifier(), sink, size=2)
    assert [row["id"] for row in sink.rows] == ["a", "<m>", "4", "a"]
    assert sink.rejects == [some[2]]
    assert sink.finished
    assert (tally.done, tally.rows, tally.rejected, tally.escalated) == (5, 4, 1, 1)
    assert tally.intents == {"technical": 1, "billing": 2, "escalate": 1}
    assert tally.confidence_bins == [0, 0, 0, 0, 0, 1, 0, 0, 0, 3]
    assert Tally.restored(json.loads(json.dumps(tally.stored_form()))) == tally


def test_a_limit_counts_records():
    sink = Collected()
    assert triage_all(records(100), Classifier(), sink, limit=10).done == 10
    assert len(sink.rows) + len(sink.rejects) == 10


def test_long_texts_are_cut_for_the_classifier_alone():
    classifier, sink = Classifier(), Collected()
    tally = triage_all([Incoming(line=1, subject="s", body="x" * 900_000)], classifier, sink)
    assert classifier.longest == LONGEST_READ
    assert tally.cut == 1


def test_batches_are_bounded_by_size_and_by_characters():
    assert [len(b) for b in batches(records(10), 4)] == [4, 4, 2]
    long = [Incoming(line=n, body="x" * 3_000_000) for n in range(5)]
    assert [len(b) for b in batches(long)] == [2, 2, 1]


def run(out: Path, layout: Layout, count: int, *, resume=False, stop_after=None) -> Tally:
    sink = FileSink(out, layout, {"n": count}, resume=resume)
    try:
        classifier = Classifier(stop_after=stop_after)
        return triage_all(records(count), classifier, sink, tally=sink.tally, size=10)
    except KeyboardInterrupt:
        sink.keep()
        raise


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("stop_after", [1, 10, 55, 80])
def test_a_stopped_run_goes_on_to_the_same_result(tmp_path: Path, layout: Layout, stop_after: int):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    tally = run(whole, layout, 100)
    with pytest.raises(KeyboardInterrupt):
        run(parts, layout, 100, stop_after=stop_after)
    assert not parts.exists()
    # What a kill leaves of a batch after the last note does not count.
    if (partial := tmp_path / "parts.partial").exists():
        partial.write_bytes(partial.read_bytes() + b"half a row")
    assert run(parts, layout, 100, resume=True) == tally
    assert parts.read_bytes() == whole.read_bytes()
    rejects = [tmp_path / f"{name}.rejects.csv" for name in ("whole", "parts")]
    assert rejects[0].read_bytes() == rejects[1].read_bytes()
    assert len(list(tmp_path.iterdir())) == 4


def test_what_the_files_hold(tmp_path: Path):
    for layout in Layout:
        run(tmp_path / f"out.{layout}", layout, 5)
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[1] == {
        "id": "r2",
        "intent": "billing",
        "issues": "refund_request;cancel_request",
        "sentiment": "neutral",
        "urgency": "0.25",
        "confidence": "0.9",
        "priority": "normal",
        "language": "en",
        "escalate": "false",
        "reason": "",
    }
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    document = json.loads((tmp_path / "out.json").read_text())
    assert document == {"rows": lines, "rejected": [{"line": 3, "why": "bad, bad"}]}
    assert lines[1]["issues"] == ["refund_request", "cancel_request"]
    assert lines[1]["escalate"] is False
    with (tmp_path / "out.csv.rejects.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["line", "why", "raw"], ["3", "bad, bad", "raw\n3"]]


def test_without_rows_the_files_are_still_whole(tmp_path: Path):
    for layout in Layout:
        run(tmp_path / f"out.{layout}", layout, 0)
    assert json.loads((tmp_path / "out.json").read_text()) == {"rows": [], "rejected": []}
    assert (tmp_path / "out.csv").read_text().startswith("id,intent,")
    assert (tmp_path / "out.jsonl").read_text() == ""


def test_rejects_of_an_earlier_run_do_not_stay(tmp_path: Path):
    out = tmp_path / "out.csv"
    run(out, Layout.CSV, 5)
    run(out, Layout.CSV, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_another_job_cannot_go_on(tmp_path: Path):
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "out.csv", Layout.CSV, 100, stop_after=50)
    with pytest.raises(HandrailError, match="leave --resume out"):
        run(tmp_path / "out.csv", Layout.CSV, 99, resume=True)
    (tmp_path / "out.csv.partial.note").write_text("{")
    with pytest.raises(HandrailError, match="leave --resume out"):
        run(tmp_path / "out.csv", Layout.CSV, 100, resume=True)


def test_places_that_cannot_be_written(tmp_path: Path):
    for out in (tmp_path, tmp_path / "no" / "out.csv"):
        with pytest.raises(Unwritable):
            FileSink(out, Layout.CSV, {}, resume=False)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("resume", [False, True])
def test_two_runs_do_not_write_to_one_place(tmp_path: Path, resume: bool):
    out = tmp_path / "out.csv"
    sink = FileSink(out, Layout.CSV, {}, resume=False)
    sink.add([], [Reject(1, "no")], Tally(done=1, rejected=1))
    before = files(tmp_path)
    with pytest.raises(Unwritable, match="another run writes there now"):
        FileSink(out, Layout.CSV, {}, resume=resume)
    assert files(tmp_path) == before
    sink.keep()
    again = FileSink(out, Layout.CSV, {}, resume=True)
    assert again.done == 1
    again.finish()
    FileSink(out, Layout.CSV, {}, resume=False).discard()
    assert sorted(files(tmp_path)) == ["out.csv", "out.csv.rejects.csv"]


def test_a_killed_run_holds_no_place(tmp_path: Path):
    code = (
        "import os, sys; from pathlib import Path; from agents.intake.partial import held\n"
        "file = held(Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    )
    place = tmp_path / "out.csv.partial"
    assert subprocess.run([sys.executable, "-c", code, place], check=False).returncode == -9
    held(place).close()


def test_a_discarded_run_leaves_nothing(tmp_path: Path):
    sink = FileSink(tmp_path / "out.csv", Layout.CSV, {}, resume=False)
    sink.add([], [Reject(1, "no")], Tally(done=1, rejected=1))
    sink.discard()
    assert list(tmp_path.iterdir()) == []


class Counted:
    """A sink that forgets."""

    def __init__(self) -> None:
        self.rows = 0

    def add(self, rows, rejects, tally) -> None:
        self.rows += len(rows)

    def finish(self) -> None:
        pass


def test_20_000_rows_through_the_core(tmp_path: Path):
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "subject", "body", "at"])
        for n in range(20_000):
            at = "never" if n % 1000 == 0 else "2026-04-22T16:45:00Z"
            writer.writerow([n, f"Hello {n}", "I was charged twice,\nplease help", at])
    reading = Reading()
    with opened(path, reading) as source:
        sink = FileSink(out, Layout.CSV, {}, resume=False)
        tally = triage_all(read(source, reading), Classifier(), sink)
    assert (tally.rows, tally.rejected) == (19_980, 20)
    with out.open(newline="") as file:
        ids = [int(row["id"]) for row in csv.DictReader(file)]
    assert ids == [n for n in range(20_000) if n % 1000]
    with (tmp_path / "out.csv.rejects.csv").open(newline="") as file:
        # Each record takes two lines, and the header one.
        assert [int(row["line"]) for row in csv.DictReader(file)] == list(range(2, 40_002, 2000))


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_memory_stays_flat_over_50_mb(tmp_path: Path, suffix: str):
    path, words = tmp_path / f"in.{suffix}", "I was charged twice in März. " * 300
    count = 50 * 1024 * 1024 // len(words.encode())
    with path.open("w", encoding="utf-8") as file:
        file.write("id,body\n" if suffix == "csv" else '{"tickets": [\n')
        for n in range(count):
            csv_row, json_row = f'{n},"{words}"\n', f'{{"id": {n}, "body": "{words}"}},\n'
            file.write(csv_row if suffix == "csv" else json_row)
        file.write('{"id": "last", "body": "x"}]}\n' if suffix == "json" else "")
    reading, sink = Reading(), Counted()
    tracemalloc.start()
    try:
        with opened(path, reading) as source:
            triage_all(read(source, reading), Classifier(), sink)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 50_000_000
    assert sink.rows == count + (suffix == "json")
    assert peak < 16 * 1024 * 1024
