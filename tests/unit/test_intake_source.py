"""Files that cannot be used say so in one line; times, names and kinds are told apart."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.intake.fields import Fields, parse_map
from agents.intake.formats import Format, Reading, format_of, open_inputs
from agents.intake.moments import parse_moment
from agents.intake.records import Incoming, Reject, Unreadable, safe, shown, storable
from agents.intake.source import open_source
from data.errors import BadFile, HandrailError
from tests.intake_support import opened, read_all, rejects, tickets


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xlsx", b"PK\x03\x04rest", "a zip archive or an Excel workbook; save it as CSV"),
        ("a.pdf", b"%PDF-1.7", "it is a PDF"),
        ("a.docx", b"words", "files of type .docx are not known; known are csv, "),
        ("a.csv", b"", "the file is empty"),
        ("a.jsonl", b"\xef\xbb\xbf \n", "the file is empty"),
        ("a.csv", b"id,body\n\x00\x01\x02", "it is binary, not text"),
        ("a.csv.gz", gzip.compress(b"id,body\n", mtime=0), "compressed; unpack it"),
        (
            "a.csv",
            "id,body\n1,x".encode("utf-16"),
            "it is UTF-16, not UTF-8; add --encoding utf-16",
        ),
        ("a", b"nothing to see", "cannot tell what this is"),
    ],
)
def test_what_cannot_be_used(tmp_path: Path, name: str, content: bytes, message: str):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadFile, match=message) as raised:
        read_all(path)
    assert "\n" not in str(raised.value)


def test_what_is_not_there(tmp_path: Path):
    for place, message in [
        (tmp_path, "folder"),
        (tmp_path / "no", "no such file"),
        ("a\0b", "cannot"),
    ]:
        with pytest.raises(BadFile, match=message):
            open_source(str(place))


BAD = b"caf\xe9"
FORMS = {
    "in.csv": (b"id,body\n", b"%d,%s\n"),
    "in.jsonl": (b"", b'{"id": %d, "body": "%s"}\n'),
}


def lined(path: Path, bodies: list[bytes]) -> list[Incoming | Reject]:
    """The records of a file with these bodies, in its form."""
    header, row = FORMS[path.name]
    path.write_bytes(header + b"".join(row % (n, body) for n, body in enumerate(bodies, 1)))
    return read_all(path)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(
    ("bad", "wrong", "told"),
    [
        (BAD, b"\xe9", "byte 0xe9 at column {} is not UTF-8; "),
        (b"a\0b", b"\0", "byte 0x00 at column {} is no "),
    ],
)
def test_a_byte_that_is_no_text_costs_its_row(
    tmp_path: Path, name: str, bad: bytes, wrong: bytes, told: str
):
    read = lined(tmp_path / name, [b"fine"] * 2999 + [b"good", bad, "naïve".encode()])
    (reject,) = rejects(read)
    header, row = FORMS[name]
    at = (row % (3001, bad)).index(wrong) + 1
    assert (reject.line, reject.malformed) == (3001 + bool(header), False)
    assert reject.why.startswith(told.format(at)), reject.why
    assert ("--encoding latin-1" in reject.why) == (bad is BAD)
    reject.raw.encode()
    assert [r.body for r in read if isinstance(r, Incoming)][-2:] == ["good", "naïve"]
    assert len(read) == 3002


@pytest.mark.parametrize("name", FORMS)
def test_a_file_that_begins_in_another_encoding_is_refused(tmp_path: Path, name: str):
    with pytest.raises(BadFile, match=r"in\.\w+:[34]: byte 0xe9 at offset \d+ is not UTF-8") as e:
        lined(tmp_path / name, [b"x", b"y", BAD])
    assert "--encoding latin-1" in str(e.value)
    (tmp_path / "in.csv").write_bytes(b"id,body\nx," + BAD)
    assert tickets(read_all(tmp_path / "in.csv", encoding="latin-1"))[-1].body == "café"


def test_a_nul_in_the_first_rows_costs_its_row_too(tmp_path: Path):
    read = lined(tmp_path / "in.csv", [b"fine", b"a\0b", b"fine"])
    assert [(r.line, r.why[:9]) for r in rejects(read)] == [(3, "byte 0x00")]


def test_a_list_of_json_is_refused_whole_and_before_it_is_read(tmp_path: Path):
    path = tmp_path / "in.json"
    path.write_bytes(b"[" + b'{"body": "x"},' * 9000 + b'{"body": "' + BAD + b'"}]')
    with pytest.raises(BadFile, match=r"in\.json:1: byte 0xe9 at offset 126014 is not UTF-8"):
        open_inputs([str(path)], Reading())


def test_utf_16_with_its_encoding(tmp_path: Path):
    path = tmp_path / "in.csv"
    path.write_bytes("id,body\n1,naïve\n".encode("utf-16"))
    assert tickets(read_all(path, encoding="utf-16"))[0].body == "naïve"


@pytest.mark.parametrize("encoding", ["klingon", "base64", "rot13", "a b"])
def test_an_unknown_encoding(tmp_path: Path, encoding: str):
    with pytest.raises(HandrailError, match="no encoding"):
        open_inputs([], Reading(encoding=encoding))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ('[{"body": 1}]', Format.JSON),
        ('{"tickets": [{"body": 1}]}', Format.JSON),
        ('{"tickets": [\n{"body": 1}]}', Format.JSON),
        ('{"body": 1}\n{"body": 2}\n', Format.JSONL),
        ("From a@b Wed Apr 22 16:45:00 2026\nFrom: a@b\n\nx\n", Format.MBOX),
        ("Return-Path: <a@b>\nFrom: a@b\nSubject: hi\n\nx\n", Format.EML),
        ("id;text\n1;x\n", Format.CSV),
        ("text\nx\n", Format.CSV),
    ],
)
def test_what_has_no_suffix_is_told_by_its_content(tmp_path: Path, content: str, kind: Format):
    path = tmp_path / "export"
    path.write_text(content)
    with opened(path, Reading()) as source:
        assert format_of(source, Reading()) is kind


NOON = datetime(2026, 4, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-04-22T12:00:00Z",
        "2026-04-22T12:00:00",
        "2026-04-22 12:00",
        "2026-04-22 14:00:00+02:00",
        "2026-04-22 14:00:00 +0200",
        "2026-04-22 12:00:00 UTC",
        "Wed, 22 Apr 2026 14:00:00 +0200",
        "22 Apr 2026 12:00:00 GMT",
        1776859200,
        1776859200.0,
        "1776859200",
        "1776859200000",
        1776859200000,
    ],
)
def test_times(value: object):
    assert parse_moment(value) == NOON


@pytest.mark.parametrize("value", [None, "", "  "])
def test_no_time(value: object):
    assert parse_moment(value) is None


@pytest.mark.parametrize(
    "value",
    ["yesterday", "2026-13-01", "2026-02-30", "04/05/2026", "12:00", True, "9" * 40, 1e300,
     float("nan"), float("inf"), "Wed, 99 Apr 2026 14:00:00", [2026], "0001-01-01T00:00:00+14:00"],
)  # fmt: skip
def test_what_is_no_time_is_named(value: object):
    with pytest.raises(Unreadable, match=r"is not a time; use ISO 8601"):
        parse_moment(value)


def test_maps():
    assert parse_map(["a=body", "b c = Subject", "x=y=id"]) == {
        "a": "body",
        "b c": "subject",
        "x=y": "id",
    }
    for wrong in ("a", "=body", "a=", "a=text"):
        with pytest.raises(HandrailError, match="--map"):
            parse_map([wrong])


def test_a_better_name_wins_and_an_empty_one_gives_way():
    record = Fields().incoming(
        {"ticket_id": "9", "id": "", "text": "t", "body": " ", "from": "Bob"}, 1
    )
    assert (record.ref, record.body, record.email) == ("9", "t", None)


def test_what_is_shown_stays_on_its_line():
    assert safe("a\x1b[31m\nb\u202ec") == "a\\x1b[31m\\nb\\u202ec"
    assert shown("x" * 100) == "'" + "x" * 59 + "…'"
    assert storable("a\0b\ud83dc") == "ab\ufffdc"
