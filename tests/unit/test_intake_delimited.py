"""CSV: every text comes back as it went in, and what is wrong is named with its line."""

import csv
import tracemalloc
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.intake.delimited import MAX_AHEAD
from agents.intake.formats import Reading, read
from agents.intake.records import MAX_RECORD, Incoming, Reject
from data.errors import BadFile
from tests.intake_support import opened, read_all, rejects, tickets

TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200
).filter(str.strip)


@settings(max_examples=80, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=8), st.sampled_from(",;\t|"), st.booleans())
def test_any_text_comes_back_as_it_was_written(bodies: list[str], delimiter: str, bom: bool):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tickets.csv"
        encoding = "utf-8-sig" if bom else "utf-8"
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.writer(file, delimiter=delimiter)
            writer.writerow(["id", "subject", "body"])
            for number, body in enumerate(bodies):
                writer.writerow([number, "s", body])
        read = tickets(read_all(path))
    assert [record.body for record in read] == bodies
    assert [record.ref for record in read] == [str(n) for n in range(len(bodies))]


def write(tmp_path: Path, text: str, name: str = "in.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


def test_all_fields_are_taken(tmp_path: Path):
    path = write(
        tmp_path,
        "id,subject,body,email,channel,at,external_id,in_reply_to,ticket,team\n"
        "7,Hi  there,Words,Ada <ada@x.example>,Chat,2026-04-22T18:45:00+02:00,<m1>,"
        "<m0> <m00>,T-9,red\n",
    )
    (record,) = tickets(read_all(path))
    assert record == Incoming(
        line=2,
        ref="7",
        subject="Hi there",
        body="Words",
        email="ada@x.example",
        channel="chat",
        at=datetime(2026, 4, 22, 16, 45, tzinfo=UTC),
        external_id="<m1>",
        in_reply_to=("<m0>", "<m00>"),
        ticket="T-9",
        labels=record.labels,
    )
    assert record.labels["team"] == "red"


@pytest.mark.parametrize("header", ["Text", "Description", "MESSAGE", "content", "messageText"])
def test_other_names_of_the_body_are_understood(tmp_path: Path, header: str):
    path = write(tmp_path, f"Ticket ID;{header};Created At;From\n3;hello;1767261600;a@b.example\n")
    (record,) = tickets(read_all(path))
    assert (record.ref, record.body, record.email) == ("3", "hello", "a@b.example")
    assert record.at == datetime(2026, 1, 1, 10, 0, tzinfo=UTC)


def test_a_single_column_is_enough(tmp_path: Path):
    assert [r.body for r in tickets(read_all(write(tmp_path, "text\none\ntwo\n")))] == [
        "one",
        "two",
    ]


def test_names_can_be_mapped_and_go_before_those_understood(tmp_path: Path):
    path = write(tmp_path, "text,words\nnot this,this\n")
    (record,) = tickets(read_all(path, {"words": "body", "text": "subject"}))
    assert (record.subject, record.body) == ("not this", "this")


def test_missing_columns_are_named_with_what_to_do(tmp_path: Path):
    with pytest.raises(BadFile, match=r"in.csv:1: .*found: a, b; name one with --map a=body"):
        read_all(write(tmp_path, "a,b\n1,2\n"))


@pytest.mark.parametrize(
    ("header", "way"),
    [
        ("Ticket No,Customer Text,Topic", '--map "Customer Text=body"'),
        ("Topic", "--map Topic=body"),
        ("id,email", "--map id=body"),
        ("id,what$,it", "--map 'what$=body'"),
    ],
)
def test_without_a_known_text_the_file_is_refused_with_the_way_out(
    tmp_path: Path, header: str, way: str
):
    path = write(tmp_path, f"{header}\n1,I cannot log in,billing\n")
    with pytest.raises(BadFile) as raised:
        read_all(path)
    assert str(raised.value).endswith(f"found: {header.replace(',', ', ')}; name one with {way}")


def test_a_topic_is_a_subject_where_a_text_or_the_map_says_so(tmp_path: Path):
    (one,) = tickets(read_all(write(tmp_path, "topic,text\nLogin,It fails\n")))
    (other,) = tickets(read_all(write(tmp_path, "topic\nLogin\n"), {"topic": "subject"}))
    assert (one.subject, one.body, other.subject) == ("Login", "It fails", "Login")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("in.csv", "Subject,Their Words\nHi,x\n", '; name the one that does with --map "Their'),
        ("in.csv", "id,subject\n1,Hi\n", ""),
        ("in.jsonl", '{"subject": "Hi"}\n', ""),
        ("in.csv", "subject,body\nHi,x\n", None),
        ("in.jsonl", '{"subject": "Hi"}\n{"body": "x"}\n', None),
    ],
)
def test_where_only_subjects_are_read_it_is_said(
    tmp_path: Path, name: str, content: str, told: str | None
):
    path, notes = write(tmp_path, content, name), list[str]()
    with opened(path, Reading()) as source:
        (record, *_) = read(source, Reading(), notes.append)
    assert isinstance(record, Incoming)
    assert record.subject == "Hi"
    start = f"{path}: no column is known to hold the text, so only subjects are read"
    assert [note.startswith(f"{start}{told}") for note in notes] == ([] if told is None else [True])


EXPORTS = {
    "Zendesk": "Ticket ID,Requester,Requester email,Subject,Description,Status,Priority,Via",
    "Zendesk, comments": "ID,Subject,Latest comment",
    "Freshdesk": "Ticket ID,Subject,Description,Status,Priority,Source,Type,Agent",
    "Freshdesk, API": "id,subject,description_text,source",
    "Intercom": "Conversation ID,User email,Title,First user message",
    "Intercom, API": "id,source.subject,source.body,source.author.email",
    "Help Scout": "Number,Status,Mailbox,Customer Email,Subject,Preview",
    "Salesforce": "Case Number,Subject,Description,Contact Email",
    "HubSpot": "Ticket ID,Ticket name,Ticket description",
    "Jira": "Issue key,Summary,Description",
    "Gorgias": "Ticket id,Ticket subject,Message body",
    "complaints": "Complaint ID,Consumer complaint narrative",
} | {
    name: f"no,{name}"
    for name in (
        "text", "message", "description", "comment", "ticket_text", "Customer Message", "Body",
        "content", "Ticket Message", "customer_query", "User Message", "email_body", "full_text",
        "Comment Body", "question", "Issue Description", "Message Content", "tweet",
    )
}  # fmt: skip


@pytest.mark.parametrize("export", EXPORTS)
def test_ordinary_exports_are_known(tmp_path: Path, export: str):
    names = EXPORTS[export].split(",")
    path, notes = write(tmp_path, f"{','.join(names)}\n{','.join(names)}\n"), list[str]()
    with opened(path, Reading()) as source:
        (record,) = read(source, Reading(), notes.append)
    assert isinstance(record, Incoming), record
    assert record.body
    assert (notes, bool(record.subject)) == ([], len(names) > 2)


def test_an_unknown_column_in_the_map_is_named(tmp_path: Path):
    with pytest.raises(BadFile, match="--map names 'nope', which is not there; found: body"):
        read_all(write(tmp_path, "body\nx\n"), {"nope": "subject"})


def test_lines_are_counted_as_the_file_has_them(tmp_path: Path):
    path = write(
        tmp_path, 'body,at\r\n"two\r\nlines",\r\n\r\nx,yesterday\r\n"",\r\ny,2026-02-30\r\n'
    )
    records = read_all(path)
    assert [(r.line, r.why.split(" is ")[0]) for r in rejects(records)] == [
        (5, "'yesterday'"),
        (7, "'2026-02-30'"),
    ]
    assert records[0].line == 2


def test_an_empty_ticket_is_rejected(tmp_path: Path):
    (reject,) = rejects(read_all(write(tmp_path, "id,body\n1,\n2,x\n")))
    assert (reject.line, reject.why, reject.raw) == (2, "neither subject nor body", "1,")


def test_too_many_fields_are_rejected(tmp_path: Path):
    (reject,) = rejects(read_all(write(tmp_path, "id,body\n1,a,b\n2,x,\n")))
    assert reject.why.startswith("3 fields where the header has 2")


STRAY = "a quote that opens here is never closed"


def stray(lines: list[str], at: int) -> str:
    """A file of these lines after the header, in one of which a quote opens and is left open."""
    return "".join(
        f'{line[:2]}"{line[2:]}\n' if n == at else f"{line}\n" for n, line in enumerate(lines, 1)
    )


@pytest.mark.parametrize("at", [1, 5, 20])
@pytest.mark.parametrize("other", ["{}|plain", '{}|"in quotes"', '{}|say ""hi""', '{}|"a|\nb"'])
def test_a_quote_left_open_takes_its_line_alone(tmp_path: Path, at: int, other: str):
    bodies = [other.format(chr(64 + n)) for n in range(1, 21)]
    bodies[at - 1] = f"{chr(64 + at)}|unclosed refund"
    records = read_all(write(tmp_path, "id|body\n" + stray(bodies, at)))
    (reject,) = rejects(records)
    before = "\n".join(bodies[: at - 1])
    assert (reject.line, reject.why) == (2 + (before.count("\n") + 1 if before else 0), STRAY)
    assert reject.raw == f'{chr(64 + at)}|"unclosed refund'
    read = [record.ref for record in records if isinstance(record, Incoming)]
    assert read == [chr(64 + n) for n in range(1, 21) if n != at]


def test_the_line_is_that_of_the_quote_and_not_of_the_record(tmp_path: Path):
    text = 'id,subject,body\n1,"two\nlines","open\n2,a,b\n3,c,"d\ne"\n4,"f",g\n'
    records = read_all(write(tmp_path, text))
    (reject,) = rejects(records)
    assert (reject.line, reject.why, reject.raw) == (3, STRAY, '1,"two\nlines","open')
    assert [(r.ref, r.line) for r in records if isinstance(r, Incoming)] == [
        ("2", 4), ("3", 5), ("4", 7),
    ]  # fmt: skip


def test_two_quotes_left_open_are_two_rejects(tmp_path: Path):
    records = read_all(write(tmp_path, 'id,body\n1,"a\n2,b\n3,"c d\n4,e\n5,"f"\n'))
    assert [reject.line for reject in rejects(records)] == [2, 4]
    assert [r.ref for r in records if isinstance(r, Incoming)] == ["2", "4", "5"]


def read_lazily(path: Path):
    with opened(path, Reading()) as source:
        yield from read(source, Reading())


def test_the_end_of_a_quote_is_not_looked_for_without_end(tmp_path: Path):
    path = tmp_path / "in.csv"
    with path.open("w") as file:
        file.write('id,body\n1,"open\n')
        file.writelines(f"{n},{'words ' * 200}\n" for n in range(2, 20_000))
    tracemalloc.start()
    counted = Counter(type(record) for record in read_lazily(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counted == {Reject: 1, Incoming: 19_998}
    assert peak < 8 * MAX_AHEAD


def test_a_quote_within_a_field_is_read_as_it_was(tmp_path: Path):
    text = 'id,body\n1,"so" she said\n2,12" wide\n3,"a\nb" ,\n'
    assert [r.body for r in tickets(read_all(write(tmp_path, text)))] == [
        "so she said", '12" wide', "a\nb ",
    ]  # fmt: skip


def test_a_body_of_20_mb_is_rejected_and_the_next_row_is_read(tmp_path: Path):
    long = "x" * (20 * 1024 * 1024)
    read = read_all(write(tmp_path, f'id,body\n1,"{long}"\n2,after\n'))
    (reject,) = rejects(read)
    assert reject.line == 2
    assert reject.why.startswith("the text is ")
    assert "the limit is 1.0 MB" in reject.why
    assert len(reject.raw) <= 4000
    assert (read[1].ref, read[1].line) == ("2", 3)


def test_a_long_body_of_many_lines_is_passed_over_to_its_end(tmp_path: Path):
    long = "some, words\n" * (MAX_RECORD // 8)
    read = read_all(write(tmp_path, f'id,body\n1,"{long}"\n2,after\n'))
    (reject,) = rejects(read)
    assert reject.line == 2
    assert [record.ref for record in read if isinstance(record, Incoming)] == ["2"]


def test_a_body_just_over_the_limit_is_rejected(tmp_path: Path):
    path = write(tmp_path, "body\n" + "é" * 500_000 + "\n" + "é" * 500_001 + "\n")
    records = read_all(path)
    assert [r.line for r in rejects(records)] == [3]


def test_nul_and_old_line_ends_do_no_harm(tmp_path: Path):
    path = write(tmp_path, "id,body\r1,one\r2,two\r")
    assert [record.body for record in tickets(read_all(path))] == ["one", "two"]


@pytest.mark.parametrize("told", ["sep=;\r\n", '"sep=;"\n', "SEP=;\n\n", "sep=^\n", "sep=\t\n"])
def test_what_excel_says_of_the_delimiter_is_no_header(tmp_path: Path, told: str):
    delimiter = next(mark for mark in ";^\t" if mark in told)
    text = told + delimiter.join(["id", "body"]) + "\n" + delimiter.join(["1", "a, b"]) + "\n"
    for name in ("in.csv", "in.txt"):
        (record,) = tickets(read_all(write(tmp_path, text, name)))
        assert (record.ref, record.body) == ("1", "a, b")
    assert record.line == text.count("\n")
