"""JSON and JSON Lines: read a record at a time, whatever stands around them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.intake.records import Incoming
from data.errors import BadFile
from tests.intake_support import read_all, rejects, tickets

ANY = st.text(min_size=1, max_size=100).filter(lambda text: text.replace("\0", "").strip())


def write(tmp_path: Path, text: str, name: str = "in.json") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@settings(max_examples=60, deadline=None)
@given(
    st.lists(ANY.filter(lambda text: text.isprintable()), min_size=1, max_size=6),
    st.sampled_from([None, 1, 4]),
    st.sampled_from(["list", "tickets", "lines"]),
)
def test_any_text_comes_back(bodies: list[str], indent: int | None, form: str):
    rows = [{"id": n, "body": body} for n, body in enumerate(bodies)]
    with TemporaryDirectory() as folder:
        if form == "lines":
            text = "\n".join(json.dumps(row) for row in rows)
        else:
            text = json.dumps(
                rows if form == "list" else {"count": 1, "tickets": rows}, indent=indent
            )
        path = write(Path(folder), text, "in.jsonl" if form == "lines" else "in.json")
        read = tickets(read_all(path))
    assert [record.body for record in read] == bodies


ZENDESK = {
    "id": 35436,
    "subject": "Help, my printer is on fire!",
    "description": "The fire is very colorful.",
    "created_at": "2009-07-20T22:55:29Z",
    "external_id": "ahg35h3jh",
    "requester_id": 20978392,
    "requester": {"id": 20978392, "name": "Ada", "email": "ada@x.example"},
    "via": {"channel": "web", "source": {"from": {"address": "other@x.example"}}},
    "satisfaction_rating": {"comment": "Great support!", "score": "good"},
    "tags": ["enterprise"],
}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "page.json",
            json.dumps({"after_cursor": "x", "tickets": [ZENDESK], "count": 1}),
        ),
        ("export.jsonl", json.dumps(ZENDESK) + "\n"),
        ("export.json", json.dumps(ZENDESK) + "\n\n"),
        ("one.json", json.dumps({"ticket": ZENDESK}, indent=2)),
    ],
)
def test_the_shapes_of_a_zendesk_export(tmp_path: Path, name: str, text: str):
    (record,) = tickets(read_all(write(tmp_path, text, name)))
    assert (record.ref, record.subject) == ("35436", "Help, my printer is on fire!")
    assert record.body == "The fire is very colorful."
    assert (record.email, record.channel) == ("ada@x.example", "web")
    assert record.at == datetime(2009, 7, 20, 22, 55, 29, tzinfo=UTC)


def test_nested_names_can_be_mapped(tmp_path: Path):
    path = write(tmp_path, '[{"meta": {"words": "hello"}}]')
    (record,) = tickets(read_all(path, {"meta.words": "body"}))
    assert record.body == "hello"


def test_lines_in_a_file_called_json_are_read_as_lines(tmp_path: Path):
    read = read_all(write(tmp_path, '{"body": "a"}\n{"body": \n{"body": "c"}\n'))
    assert [r.line for r in rejects(read)] == [2]
    assert len(read) == 3


def test_a_malformed_line_is_rejected_with_its_number(tmp_path: Path):
    text = '{"body": "a"}\n\n{"body": "b" "c"}\n[1]\n7\n{"other": 1, "body": ""}\n{"body": "z"}\n'
    read = read_all(write(tmp_path, text, "in.jsonl"))
    assert [(r.line, r.why[:32]) for r in rejects(read)] == [
        (3, "not JSON: Expecting ',' delimite"),
        (4, "the record is a list, not an obj"),
        (5, "the record is a number, not an o"),
        (6, "neither subject nor body"),
    ]
    assert [r.body for r in read if isinstance(r, Incoming)] == ["a", "z"]


def test_a_malformed_record_of_a_list_is_rejected_with_its_line(tmp_path: Path):
    text = '[\n{"body": "a"},\n{"body":\n  oops},\n{"body": "c"},\n"text", nonsense\n]'
    read = read_all(write(tmp_path, text))
    assert [r.line for r in rejects(read)] == [4, 6, 6]
    assert [r.body for r in read if isinstance(r, Incoming)] == ["a", "c"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[{"body": "a"}, {"body": "b', "the file ends inside the record that begins here"),
        ('[{"body": "a"},\n', "the file ends before its list is closed; is it cut off?"),
    ],
)
def test_a_file_that_is_cut_off_gives_what_is_whole(tmp_path: Path, text: str, why: str):
    read = read_all(write(tmp_path, text))
    assert read[0].body == "a"
    assert rejects(read)[0].why == why


@pytest.mark.parametrize("text", ["hello", '{"a" 1}', '{"tickets": []', '{"x": 1', "{", "7"])
def test_what_is_not_json_cannot_be_used(tmp_path: Path, text: str):
    with pytest.raises(BadFile, match=r"in.json:1: .*JSON"):
        read_all(write(tmp_path, text))


def test_lines_that_are_all_nonsense_cannot_be_used(tmp_path: Path):
    with pytest.raises(BadFile, match=r"in.jsonl:1: not JSON"):
        read_all(write(tmp_path, "just words\nand more\n", "in.jsonl"))


def test_records_without_a_text_name_what_was_found(tmp_path: Path):
    with pytest.raises(BadFile, match="found: a, b; name one with --map a=body"):
        read_all(write(tmp_path, '[{"a": 1, "b": 2}, {"a": 3}]'))


def test_an_unknown_name_in_the_map_is_named(tmp_path: Path):
    with pytest.raises(BadFile, match="--map names 'nope'"):
        read_all(write(tmp_path, '{"body": "x"}\n', "in.jsonl"), {"nope": "subject"})


def test_no_tickets_are_no_error(tmp_path: Path):
    assert read_all(write(tmp_path, '{"tickets": []}')) == []
    assert read_all(write(tmp_path, "[]")) == []


@pytest.mark.parametrize("form", ["list", "lines"])
def test_a_body_of_20_mb_is_rejected_and_the_next_is_read(tmp_path: Path, form: str):
    long = {"id": 1, "body": "wörd\\ " * (4 * 1024 * 1024)}
    rows = [long, {"id": 2, "body": "after"}]
    text = (
        json.dumps(rows, ensure_ascii=False)
        if form == "list"
        else "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    )
    read = read_all(write(tmp_path, text, f"in.json{'l' if form == 'lines' else ''}"))
    assert rejects(read)[0].line == 1
    assert "the limit is 1.0 MB" in rejects(read)[0].why
    assert read[1].ref == "2"


def test_deep_nesting_and_halves_of_surrogates_do_no_harm(tmp_path: Path):
    deep = "[" * 100_000 + "]" * 100_000
    text = '{"body": "ok \\ud800 \\u0000 end"}\n{"body": "x", "y": ' + deep + '}\n{"body": "z"}\n'
    read = read_all(write(tmp_path, text, "in.jsonl"))
    assert read[0].body == "ok � end".replace(" end", "  end")
    assert "nested too deeply" in read[1].why
    assert read[2].body == "z"


@pytest.mark.parametrize("name", ["in.json", "in.jsonl"])
def test_numbers_that_are_none_are_missing(tmp_path: Path, name: str):
    lines = [f'{{"id": {number}, "body": "x", "intent": NaN}}' for number in ("NaN", "1e400", 7)]
    text = "\n".join(lines) if name.endswith("l") else "[" + ",\n".join(lines) + "]"
    read = tickets(read_all(write(tmp_path, text, name)))
    assert [record.ref for record in read] == [None, None, "7"]
    assert {record.labels["intent"] for record in read} == {None}


def test_the_place_of_a_mistake_is_told_in_words_that_fit(tmp_path: Path):
    (reject,) = rejects(read_all(write(tmp_path, '{"body": "x"}\n{"body": "ab\n', "in.jsonl")))
    assert reject.why == "not JSON: Unterminated string starting at column 10"
