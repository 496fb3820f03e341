"""Reading recorded runs of other agents: the forms they come in, and what is wrong with others."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agents.importing import rows_in, shape_of
from agents.intake.records import Reject, Unreadable
from agents.intake.runs import Call, RecordedRun, Said, read_runs, run_of
from agents.intake.source import open_source

ASKS = {"role": "user", "content": "Where is my parcel?"}


def steps(*messages: Any) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for step in run_of({"id": "r", "messages": [*messages]}, 1).steps:
        if isinstance(step, Said):
            found.append((step.author, step.text))
        else:
            found.append((step.tool, step.arguments, step.result))
    return found


def calling(*calls: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": [*calls], **more}


def call(name: str, arguments: Any, call_id: str | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"function": {"name": name, "arguments": arguments}}
    return made | ({"id": call_id} if call_id else {})


def test_a_call_gets_its_result_by_id_even_out_of_order() -> None:
    assert steps(
        ASKS,
        calling(call("find", '{"n": 1}', "a"), call("track", '{"n": 2}', "b")),
        {"role": "tool", "tool_call_id": "b", "content": "second"},
        {"role": "tool", "tool_call_id": "a", "content": "first"},
        {"role": "assistant", "content": "It is on its way."},
    ) == [
        ("customer", "Where is my parcel?"),
        ("find", {"n": 1}, "first"),
        ("track", {"n": 2}, "second"),
        ("agent", "It is on its way."),
    ]


def test_results_without_ids_go_by_the_tools_name_and_else_in_order() -> None:
    assert steps(
        calling(call("find", {}), call("track", {}), call("find", {"x": 1})),
        {"role": "tool", "name": "track", "content": "t"},
        {"role": "tool", "content": "f1"},
        {"role": "tool", "content": "f2"},
        {"role": "tool", "name": "late", "content": "nobody asked"},
    ) == [
        ("find", {}, "f1"),
        ("track", {}, "t"),
        ("find", {"x": 1}, "f2"),
        ("late", {}, "nobody asked"),
    ]


def test_the_result_of_another_call_is_not_taken_for_one_with_an_id() -> None:
    assert steps(
        calling(call("find", {}, "a")),
        {"role": "tool", "tool_call_id": "z", "name": "other", "content": "?"},
    ) == [("find", {}, None), ("other", {}, "?")]


def test_the_older_form_with_a_function_call() -> None:
    assert steps(
        ASKS,
        {"role": "assistant", "function_call": {"name": "find", "arguments": '{"n": 1}'}},
        {"role": "function", "name": "find", "content": None},
    )[1:] == [("find", {"n": 1}, "")]


def test_contents_in_parts() -> None:
    assert steps(
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "See this"},
                {"type": "image_url", "image_url": {"url": "data:…"}},
                "and that",
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Looking."},
                {"type": "tool_use", "id": "u", "name": "look", "input": {"n": 1}},
            ],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "u", "content": "seen"}],
        },
    ) == [
        ("customer", "See this\n[image]\nand that"),
        ("agent", "Looking."),
        ("look", {"n": 1}, "seen"),
    ]


def test_arguments_that_are_no_json_are_kept_as_they_stand() -> None:
    assert steps(calling(call("find", '{"n": ')))[0][1] == '{"n": '
    assert steps(calling(call("find", "")))[0][1] == {}


def test_ids_times_models_and_whatever_else_the_record_holds() -> None:
    run = run_of(
        {"task_id": 7, "model": "m-1", "created": 1_700_000_000, "reward": 1.0, "traj": [ASKS]}, 3
    )
    assert (run.id, run.model, run.line) == ("7", "m-1", 3)
    assert run.at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert run.more["reward"] == 1.0
    assert run_of({"at": "2026-01-02T03:04:05Z", "messages": [ASKS]}, 1).at == datetime(
        2026, 1, 2, 3, 4, 5, tzinfo=UTC
    )
    assert run_of({"at": "yesterday", "messages": [ASKS]}, 1).at is None


def test_a_run_without_an_id_has_the_same_one_each_time() -> None:
    one, again = (run_of({"messages": [ASKS]}, line).id for line in (1, 9))
    other = run_of({"messages": [ASKS, ASKS]}, 1).id
    assert one == again != other
    assert one.startswith("run-")


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ([], "the record is a list"),
        ([[]], "the record is a list"),
        ("text", "the record is a text"),
        ({}, "it has no messages; it holds nothing"),
        ({"id": 1, "dialog": []}, "it holds 'id', 'dialog'"),
        ({"messages": None}, "messages is null"),
        ({"messages": []}, "messages is empty"),
        ({"messages": ["hi"]}, "message 1: it is a text"),
        ({"messages": [ASKS, {"content": "?"}]}, "message 2: its role is null"),
        ({"messages": [{"role": "wizard"}]}, "its role is 'wizard'"),
        ({"messages": [calling(call("", {}))]}, "a tool call has no name"),
        ({"messages": [{"role": "assistant", "tool_calls": "find"}]}, "its tool_calls are a text"),
        ({"messages": [{"role": "assistant", "tool_calls": [3]}]}, "a tool call is a number"),
        ({"messages": [{"role": "system", "content": "Be kind."}]}, "nobody says or does"),
        ({"messages": [{"role": "user", "content": "x" * 1_000_001}]}, "message 1: the text is"),
    ],
)
def test_what_is_wrong_with_a_run_is_said(record: Any, why: str) -> None:
    with pytest.raises(Unreadable, match=why.replace("(", r"\(")):
        run_of(record, 1)


def test_a_file_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    good = json.dumps({"id": "a", "messages": [ASKS]})
    path.write_text(f'\ufeff{good}\n\n{{"id": \n[]\n{"[" * 100_000}\n{good}')
    source = open_source(str(path))
    try:
        found = list(read_runs(source.text(None)))
    finally:
        source.close()
    told = [(r.line, r.id if isinstance(r, RecordedRun) else r.why[:12]) for r in found]
    assert told[0] == (1, "a")
    assert told[1][0] == 3
    assert told[1][1].startswith("not JSON")
    assert told[2] == (4, "the record i")
    assert [line for line, _ in told] == [1, 3, 4, 5, 6]
    assert isinstance(found[3], Reject)


def test_the_log_shows_the_shape_of_arguments_and_nobodys_words() -> None:
    assert shape_of(
        {
            "user_id": "mia_li_3668", "origin": "JFK", "date": "2024-05-20", "cabin": "economy",
            "people": [{"name": "Mia Li", "age": 30}], "card": 4111111111111111, "insured": False,
        }
    ) == {
        "user_id": "[11 characters]", "origin": "JFK", "date": "2024-05-20",
        "cabin": "[7 characters]", "people": [{"name": "[6 characters]", "age": 30}],
        "card": "[number]", "insured": False,
    }  # fmt: skip
    assert shape_of("not json at all") == "[15 characters]"
    deep: Any = "x"
    for _ in range(50):
        deep = {"a": deep}
    assert "[1 fields]" in json.dumps(shape_of(deep))


def test_rows_that_a_tool_gave_back() -> None:
    assert [rows_in(each) for each in ("[1, 2]", "{}", "null", "", None, "words", "[]")] == [
        2, 1, 0, 0, 0, 1, 0,
    ]  # fmt: skip


def test_calls_are_open_until_answered() -> None:
    (found,) = run_of({"messages": [calling(call("find", {}, "a"))]}, 1).steps
    assert isinstance(found, Call)
    assert not found.answered
