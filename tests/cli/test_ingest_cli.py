"""`handrail ingest` and `handrail receive` on a real workspace."""

import json
from email.message import EmailMessage
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from console.cli.ingest import ingest_with, receive_with
from data.queries.queue import find_ticket, queue_page
from data.queries.tickets import ticket_detail
from data.workspace import open_workspace
from tests.intake_support import Session


@pytest.fixture
def run(tmp_path: Path):
    """Call a command on the workspace of the test."""
    app = typer.Typer(add_completion=False)
    app.command("ingest")(ingest_with(Session.opened))
    app.command("receive")(receive_with(Session.opened))

    def invoke(*words: object, stdin: bytes | str = ""):
        env = {"HANDRAIL_DB": str(tmp_path / "w.db")}
        return CliRunner().invoke(app, [str(word) for word in words], input=stdin, env=env)

    return invoke


@pytest.fixture
def workspace(tmp_path: Path):
    """The same workspace, seen from another process."""
    opened = open_workspace(str(tmp_path / "w.db"))
    yield opened
    opened.close()


def bodies(workspace, name: str) -> list[str]:
    return [m.body for m in ticket_detail(workspace, find_ticket(workspace, name)).messages]


def test_counts_and_rejects(run, workspace, tmp_path: Path):
    path = tmp_path / "in.csv"
    path.write_text("id,body,at,ticket\n1,one,,\n1,again,,\n2,two,never,\n,more,,1\n,lost,,99\n")
    result = run("ingest", path, "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["tickets"] == [find_ticket(workspace, "1")]
    assert {name: document[name] for name in ("ingested", "received", "duplicates")} == {
        "ingested": 1,
        "received": 1,
        "duplicates": 1,
    }
    assert [reject["line"] for reject in document["rejected"]] == [4, 6]
    assert "rejected: line 4: 'never' is not a time" in result.stderr
    assert "rejected: line 6: no ticket '99' to continue" in result.stderr
    assert bodies(workspace, "1") == ["one", "more"]


def test_words_for_people(run, tmp_path: Path):
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "one"}\n')
    result = run("ingest", path)
    assert result.exit_code == 0
    assert (
        result.stdout == "1 ingested, 0 received for known tickets, 0 there already, 0 rejected\n"
    )


def test_an_answer_by_mail_reaches_its_ticket(run, workspace, tmp_path: Path):
    def mail(name: str, body: str, **headers: str) -> Path:
        made = EmailMessage()
        made["From"], made["Subject"] = "ada@x.example", "Invoice"
        made["Message-ID"] = f"<{name}@x.example>"
        for header, value in headers.items():
            made[header.replace("_", "-")] = value
        made.set_content(body)
        path = tmp_path / f"{name}.eml"
        path.write_bytes(made.as_bytes())
        return path

    first = json.loads(run("ingest", mail("a", "Where is it?"), "--json").stdout)
    answer = mail("b", "Still waiting", In_Reply_To="<a@x.example>")
    second = json.loads(run("ingest", answer, "--json").stdout)
    assert (second["ingested"], second["received"]) == (0, 1)
    assert bodies(workspace, first["tickets"][0]) == ["Where is it?\n", "Still waiting\n"]
    third = json.loads(run("ingest", answer, tmp_path / "a.eml", "--json").stdout)
    assert (third["received"], third["duplicates"]) == (0, 2)
    run("receive", first["tickets"][0], mail("c", "And again"))
    assert bodies(workspace, first["tickets"][0])[-1] == "And again\n"


def test_many_rows_from_standard_input(run, workspace):
    rows = "".join(f"{n},words {n}\n" for n in range(1100))
    result = run("ingest", "-", "--json", stdin="id,text\n" + rows)
    assert result.exit_code == 0
    assert len(json.loads(result.stdout)["tickets"]) == 1100
    assert queue_page(workspace).total == 1100


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"a,b\n1,2\n", "name one with --map a=body"),
        (b"body\nfine\ncaf\xe9\n", "in.csv:3: byte 0xe9"),
    ],
)
def test_a_file_that_cannot_be_used_stores_nothing(
    run, workspace, tmp_path: Path, content: bytes, message: str
):
    path = tmp_path / "in.csv"
    path.write_bytes(content)
    result = run("ingest", path)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert queue_page(workspace).total == 0


def test_a_further_message_from_a_file_or_standard_input(run, workspace, tmp_path: Path):
    run("ingest", "-", stdin="id,text\n7,first\n")
    path = tmp_path / "more.txt"
    path.write_text("from a file\nwith two lines\n")
    assert run("receive", "7", path).exit_code == 0
    result = run("receive", "7", "--json", stdin="from standard input\n")
    assert json.loads(result.stdout) == {"ticket": find_ticket(workspace, "7"), "received": 1}
    assert bodies(workspace, "7") == [
        "first",
        "from a file\nwith two lines",
        "from standard input",
    ]


@pytest.mark.parametrize(
    ("ticket", "content", "message"),
    [
        ("7", b"", "the file is empty"),
        ("7", b"  \n", "empty"),
        ("7", b"caf\xe9", "is not UTF-8"),
        ("7", b"\0\1", "it is binary"),
        ("7", b"x" * 2_500_000, "the text is 2.5 MB long; the limit is 1.0 MB"),
        ("8", b"words", "no ticket '8'"),
    ],
)
def test_a_message_that_cannot_be_received(
    run, workspace, tmp_path: Path, ticket: str, content: bytes, message: str
):
    run("ingest", "-", stdin="id,text\n7,first\n")
    path = tmp_path / "more.txt"
    path.write_bytes(content)
    result = run("receive", ticket, path)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert bodies(workspace, "7") == ["first"]
