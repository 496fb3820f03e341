"""`handrail triage`: streams, files, formats, rejects, refusals, stops."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from console.cli.ingest import queueing
from console.cli.triage import classifier, triage_with
from data.queries.queue import queue_page
from data.workspace import open_workspace
from tests.intake_support import Classifier, Session

ROOT = Path(__file__).parents[2]
HEADER = "id,intent,issues,sentiment,urgency,confidence,priority,language,escalate,reason"
GOOD = "id,subject,body,at\n1,Hi,refund me,2026-04-22\n2,,login fails,\n"
MIXED = GOOD + "3,,x,yesterday\n4,,my lawyer,\n"


@contextmanager
def open_queue(db: str | None):
    with Session.opened(str(db)) as session:
        yield queueing(session)


def triage(*words: object, stdin: bytes | str = "", classifier: Classifier | None = None):
    app = typer.Typer(add_completion=False)
    app.command()(triage_with(lambda model, features: classifier or Classifier(), open_queue))
    return CliRunner().invoke(app, [str(word) for word in words], input=stdin)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text(GOOD)
    return path


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text(MIXED)
    return path


def test_csv_on_standard_output(good: Path):
    result = triage(good)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        HEADER,
        "1,billing,refund_request;cancel_request,neutral,0.25,0.9,normal,en,false,",
        "2,technical,login_problem,neutral,0.25,0.55,normal,en,false,",
    ]
    assert "2 rows, 0 to a person, 0 rejected" in result.stderr
    assert "confidence (mean 0.7" in result.stderr


def test_rejects_are_named_on_standard_error(mixed: Path):
    result = triage(mixed)
    assert result.exit_code == 1
    assert [row["id"] for row in csv.DictReader(io.StringIO(result.stdout))] == ["1", "2", "4"]
    assert "rejected: line 4: 'yesterday' is not a time" in result.stderr


def test_a_quote_left_open_is_one_reject_of_standard_input_too():
    text = "id,body\n" + "".join(f"{n},words\n" for n in range(1, 21))
    result = triage("-", stdin=text.replace("3,words", '3,"unclosed', 1))
    assert result.exit_code == 1
    assert "rejected: line 4: a quote that opens here is never closed" in result.stderr
    assert "19 rows, 0 to a person, 1 rejected" in result.stderr


def test_where_only_subjects_are_read_it_is_said_once(tmp_path: Path):
    path = tmp_path / "in.csv"
    path.write_text("id,subject,Their Words\n1,login,help\n")
    result = triage(path)
    assert result.exit_code == 0
    assert result.stderr.count("only subjects are read") == 1
    assert '--map "Their Words=body"' in result.stderr


def test_labels_that_the_model_in_use_cannot_say_are_left_out(tmp_path: Path):
    class Naming(Classifier):
        issues = frozenset(["refund_request"])

    path = tmp_path / "in.csv"
    path.write_text("text,label\na,refund_request\nb,pin_blocked\nc,top_up\n")
    result = triage(path, "--labels", "label", classifier=Naming())
    assert "against label: accuracy 1.000, 1 row" in result.stderr
    assert "2 of 3 labels (pin_blocked, top_up) are none that triage can say" in result.stderr


def test_json_on_standard_output_is_one_document(mixed: Path):
    document = json.loads(triage(mixed, "--format", "json").stdout)
    assert [row["id"] for row in document["rows"]] == ["1", "2", "4"]
    assert document["rows"][2]["escalate"] is True
    assert [reject["line"] for reject in document["rejected"]] == [4]


def test_standard_input_of_any_format():
    for text in (
        GOOD,
        '[{"id": 1, "body": "x"}]',
        '{"id": 1, "body": "x"}\n{"id": 2, "body": "y"}\n',
    ):
        result = triage("-", stdin=text)
        assert result.exit_code == 0, result.stderr
        assert result.stdout.splitlines()[1].startswith("1,billing")


def test_a_pipe_or_device_is_written_to_as_a_stream(good: Path, tmp_path: Path):
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True) as reader:
        assert triage(good, "-o", pipe).exit_code == 0
        assert reader.stdout is not None
        assert len(reader.stdout.read().splitlines()) == 2
    assert triage(good, "-o", "/dev/null", "--format", "csv").exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv", "pipe.jsonl"}


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "json"])
def test_the_form_follows_the_suffix(mixed: Path, tmp_path: Path, suffix: str):
    out = tmp_path / f"out.{suffix}"
    result = triage(mixed, "-o", out)
    assert (result.exit_code, result.stdout) == (1, "")
    text = out.read_text()
    if suffix == "json":
        assert len(json.loads(text)["rows"]) == 3
    else:
        assert len(text.splitlines()) == 3 + (suffix == "csv")
    rejects = tmp_path / f"out.{suffix}.rejects.csv"
    with rejects.open(newline="") as file:
        (reject,) = csv.DictReader(file)
    assert (reject["line"], reject["raw"]) == ("4", "3,,x,yesterday")
    assert f"rejected records are in {rejects}" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["in.csv", out.name, rejects.name]
    )


def test_several_files_in_order_with_their_rejects(good: Path, tmp_path: Path):
    other = tmp_path / "other.jsonl"
    other.write_text('{"id": "x", "body": "a"}\n{"id": \n')
    result = triage(good, other)
    assert [line.split(",")[0] for line in result.stdout.splitlines()[1:]] == ["1", "2", "x"]
    assert f"rejected: line 2: {other}: not JSON" in result.stderr


def test_map_encoding_and_limit(tmp_path: Path):
    path = tmp_path / "in.csv"
    path.write_bytes("nr;wörter\n7;login\n8;x\n".encode("latin-1"))
    words = ["--map", "nr=id", "--map", "wörter=body", "--encoding", "latin-1", "--limit", "1"]
    result = triage(path, *words)
    assert result.exit_code == 0, result.stderr
    assert [line[:11] for line in result.stdout.splitlines()[1:]] == ["7,technical"]


@pytest.mark.parametrize(
    ("name", "content", "words", "message"),
    [
        ("in.csv", b"", [], "the file is empty"),
        ("in.docx", b"x", [], "files of type .docx are not known"),
        ("in.csv", b"a,b\n1,2\n", [], "found: a, b; name one with --map a=body"),
        ("in.csv", b"body\n\0\1\n", [], "it is binary"),
        ("in.csv", b"body\ncaf\xe9\n", [], "in.csv:2: byte 0xe9 at offset 8 is not UTF-8"),
        ("in.csv", b"body\nx\n", ["--map", "no=subject"], "--map names 'no', which is not there"),
        ("in.csv", b"body\nx\n", ["--map", "body"], "write it as THEIRS=OURS"),
        ("in.csv", b"body\nx\n", ["--map", "body=text"], "'text' is none of id, subject"),
        ("in.csv", b"body\nx\n", ["--encoding", "klingon"], "no encoding 'klingon'"),
        ("in.csv", b"body\nx\n", ["--format", "xml"], "it is one of csv, jsonl, json"),
        ("in.csv", b"body\nx\n", ["--limit", "0"], "give a number from 1 on"),
        ("in.csv", b"body\nx\n", ["--resume"], "name it with -o"),
        ("in.csv", b"body\nx\n", ["-o", "out.xls"], "add --format csv, jsonl or json"),
        ("in.csv", b"body\nx\n", ["-o", "no/where/out.csv"], "cannot be written"),
        ("in.csv", b"body\nx\n", ["-o", "in.csv"], "it is an input as well"),
        ("in.csv", b"body\nx\n", ["missing.csv"], "missing.csv: there is no such file"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    tmp_path: Path, monkeypatch, name: str, content: bytes, words: list[str], message: str
):
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(content)
    result = triage(name, *words)
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("handrail triage: ")
    assert message in line
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert Path(name).read_bytes() == content


@pytest.mark.parametrize(
    ("words", "message"),
    [(["--labels", "Nope"], "--labels 'Nope'"), (["--model", "no.npz"], "there is no such model")],
)
def test_what_is_wrong_is_the_one_line_before_anything_is_written(
    tmp_path: Path, words: list[str], message: str
):
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_text(GOOD)
    app = typer.Typer(add_completion=False)
    app.command()(triage_with(classifier, open_queue))
    told = [str(path), "-o", str(out), *words, "--db", str(tmp_path / "w.db")]
    result = CliRunner().invoke(app, told)
    (line,) = result.stderr.splitlines()
    assert result.exit_code == 2
    assert message in line
    assert list(tmp_path.iterdir()) == [path]


def test_one_is_counted_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("console.cli.intake_report._PLAIN_EVERY", 0.0)
    path = tmp_path / "in.csv"
    path.write_text("text\nwords\n")
    said = triage(path).stderr
    assert "1 row, 0 to a person" in said
    assert "1 record, " in said


MEASURED = ["--labels", "intent"]


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        ("in.csv", ["-o", "o.csv", "--report", "in.csv"], "--report 'in.csv': it is an input"),
        ("in.csv", ["--report", "link.csv"], "--report 'link.csv': it is an input"),
        ("r.json.new", ["--report", "r.json"], "'r.json.new', which is written beside it"),
        ("in.csv", ["-o", "o.csv", "--report", "o.csv"], "-o 'o.csv' writes there"),
        ("in.csv", ["-o", "o.csv", "--report", "o.csv.partial"], "-o 'o.csv' writes there"),
        ("r.csv.rejects.csv", ["-o", "r.csv"], "'r.csv.rejects.csv', which is written beside it"),
        ("r.partial", ["-o", "r", "--format", "csv"], "'r.partial', which is written beside it"),
        ("r.partial.note", ["-o", "r", "--format", "csv"], "is an input as well"),
        ("in.csv", ["-o", "w.db", "--format", "csv"], "it is the workspace"),
        ("in.csv", ["--report", "no/where/r.json"], "there is no folder"),
        ("in.csv", ["--report", "."], "it is a folder"),
    ],
)
def test_nothing_is_written_over_what_is_read_or_written(
    tmp_path: Path, monkeypatch, name: str, words: list[str], message: str
):
    monkeypatch.chdir(tmp_path)
    content = "text,intent\nhello,billing\n"
    # Files without a suffix that is known are read by their words, as these are through links.
    Path("held.csv").write_text(content)
    Path(name).hardlink_to("held.csv")
    Path("link.csv").symlink_to("held.csv")
    before = sorted(tmp_path.iterdir())
    given = name if Path(name).suffix == ".csv" else "held.csv"
    classifier = Classifier()
    result = triage(given, *words, *MEASURED, "--db", "w.db", classifier=classifier)
    assert (result.exit_code, result.stdout, classifier.seen) == (2, "", 0)
    (line,) = result.stderr.splitlines()
    assert message in line
    assert sorted(tmp_path.iterdir()) == before
    assert Path("held.csv").read_text() == content


def test_a_file_that_turns_out_bad_leaves_nothing(tmp_path: Path):
    out = tmp_path / "out.csv"
    text = b'{"tickets": [' + b'{"body": "x"},' * 2000 + b"]; nonsense"
    result = triage("-", "-o", out, stdin=text)
    assert result.exit_code == 2
    assert "not JSON" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_progress_tells_no_share_of_a_file_that_was_read_ahead(good: Path, monkeypatch):
    monkeypatch.setattr("console.cli.intake_report._PLAIN_EVERY", 0.0)
    (told,) = [line for line in triage(good).stderr.splitlines() if " records, " in line]
    assert "%" not in told


def test_a_stop_says_how_to_go_on_and_it_does(tmp_path: Path):
    path, out = tmp_path / "in.csv", tmp_path / "out of it.csv"
    path.write_text("id,text,note\n" + "".join(f"{n},words,x\n" for n in range(2000)))
    words = [path, "-o", out, "--map", "note=subject"]
    stopped = triage(*words, classifier=Classifier(stop_after=1000))
    assert stopped.exit_code == 130
    assert "stopped after 768 records; go on with: handrail triage" in stopped.stderr
    assert f"-o '{out}' --format csv --map note=subject --resume" in stopped.stderr
    assert not out.exists()
    resumed = triage(*words, "--resume")
    assert resumed.exit_code == 0
    assert "going on after 768 records" in resumed.stderr
    assert "2,000 rows" in resumed.stderr
    with out.open(newline="") as file:
        assert [int(row["id"]) for row in csv.DictReader(file)] == list(range(2000))
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv", "out of it.csv"}


def test_going_on_with_a_changed_file_is_refused(tmp_path: Path):
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_text("text\n" + "words\n" * 2000)
    triage(path, "-o", out, classifier=Classifier(stop_after=1000))
    path.write_text("text\n" + "words\n" * 2001)
    result = triage(path, "-o", out, "--resume")
    assert result.exit_code == 2
    assert "a file changed since; leave --resume out to begin again" in result.stderr


def test_a_finished_result_is_not_made_again(good: Path, tmp_path: Path):
    out, again = tmp_path / "out.csv", Classifier()
    triage(good, "-o", out)
    before = out.read_bytes()
    result = triage(good, "-o", out, "--resume", classifier=again)
    assert (result.exit_code, again.seen) == (0, 0)
    assert result.stderr == f"{out} is finished already; leave --resume out to begin again\n"
    os.utime(good, (time.time() + 9, time.time() + 9))
    changed = triage(good, "-o", out, "--resume", classifier=again)
    assert (changed.exit_code, again.seen, out.read_bytes()) == (2, 0, before)
    assert "in.csv changed since" in changed.stderr


def test_a_limit_counts_what_was_done_before_it_was_stopped(tmp_path: Path):
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_text("text\n" + "words\n" * 2000)
    triage(path, "-o", out, classifier=Classifier(stop_after=500))
    result = triage(path, "-o", out, "--resume", "--limit", 100)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert "--limit 100: the stopped run has done 256 records already" in line
    assert triage(path, "-o", out, "--resume", "--limit", 300).exit_code == 0
    assert len(out.read_text().splitlines()) == 1 + 300


def test_a_real_interrupt(tmp_path: Path):
    (tmp_path / "slow.py").write_text(
        "import time, typer\n"
        "from console.cli.triage import triage_with, workspace_queue\n"
        "from tests.intake_support import Classifier\n"
        "def load(model, features):\n"
        "    inner = Classifier()\n"
        "    return lambda batch: (time.sleep(0.2), inner(batch))[1]\n"
        "app = typer.Typer(add_completion=False)\n"
        "app.command()(triage_with(load, workspace_queue))\n"
        "app()\n"
    )
    (tmp_path / "in.csv").write_text("text\n" + "words\n" * 100_000)
    process = subprocess.Popen(
        [sys.executable, "-P", "slow.py", "in.csv", "-o", "out.csv"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 20
    while not (tmp_path / "out.csv.partial.note").exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "go on with: handrail triage in.csv -o out.csv" in said
    assert "Traceback" not in said
    assert (tmp_path / "out.csv.partial").exists()


def test_rows_can_be_stored_as_tickets(mixed: Path, tmp_path: Path):
    db = tmp_path / "w.db"
    out = tmp_path / "out.csv"
    first = triage(mixed, "-o", out, "--store", "--db", db)
    assert "3 stored, 0 there already" in first.stderr
    second = triage(mixed, "-o", out, "--store", "--db", db)
    assert "0 stored, 3 there already\n" in second.stderr
    mixed.write_text(MIXED.replace("refund me", "another") + "".join(f"{n},,x,\n" for n in "56789"))
    third = triage(mixed, "--store", "--db", db)
    assert (
        "5 stored, 3 there already, 1 of them with another text, left as it was (1)" in third.stderr
    )
    mixed.write_text(mixed.read_text().replace(",x,", ",y,"))
    fourth = triage(mixed, "--store", "--db", db)
    assert "6 of them with another text" in fourth.stderr
    workspace = open_workspace(str(db))
    assert queue_page(workspace).total == 8
    workspace.close()
