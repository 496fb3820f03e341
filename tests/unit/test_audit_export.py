"""One ticket's record in a file: masked, complete, and checked without the workspace."""

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from data.audit.anchor import Anchor, take_anchor
from data.audit.export import Exported, record_export, write_export
from data.audit.exported import check_export
from data.audit.findings import Findings
from data.audit.verify import verify
from data.errors import BadFile, HandrailError, NotFound
from data.store import EVENT, NewEvent
from data.workspace import Workspace
from tests.audit_support import forge, logged, rewrite

EMAIL, NAME = "ana.silva@example.com", "Ana Silva"


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "w.db"


@pytest.fixture
def store(db: Path) -> Iterator[Workspace]:
    workspace = logged(db)
    with workspace.write() as tx:
        outcome = {"code": "refused", "rule": "B3", "text": f"{NAME} asked too late."}
        tx.set_ticket(
            "t_1", requester=EMAIL, customer_name=NAME, subject="Money", outcome=outcome,
            status="working",
        )  # fmt: skip
        # A step is named after what was looked up.
        step = f"identify.{EMAIL}"
        tx.append(NewEvent("tool.called", "account", {"rows": 1}, "t_1", "r_1", step, "[]"))
    yield workspace
    workspace.close()


def exported(store: Workspace, path: Path, *, masked: bool = True) -> Exported:
    with path.open("wb") as file:
        return write_export(store, "t_1", file, by="ada", masked=masked)


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def check(path: Path, lines: list[bytes], anchor: Anchor | None = None) -> Findings:
    path.write_bytes(b"".join(lines))
    return check_export(path, anchor)


def test_a_masked_file_holds_the_record_and_nothing_personal(store: Workspace, tmp_path: Path):
    path = tmp_path / "t.jsonl"
    written = exported(store, path)
    text = path.read_text(encoding="utf-8")
    for personal in (EMAIL, "Ana", "Silva", "I am 1", "found 0", "salt", "Money"):
        assert personal not in text
    header, *events, head, last = lines_of(path)
    assert header["handrail_export"] == 1
    assert (header["ref"], header["by"], header["masked"]) == ("T1", "ada", True)
    assert header["outcome"] == {"code": "refused", "rule": "B3", "text": "[name] asked too late."}
    assert [event["position"] for event in events] == [1, 2, 3, 4, 5]
    assert events[4]["step"] == "[email]"
    assert events[4]["masked"] == ["step"]
    assert head["head"]["hash"] == events[4]["hash"]
    assert last == {"sha256": written.sha256}
    found = check_export(path)
    assert found.breaks == []
    assert (found.events, found.texts, found.sealed) == (5, 0, 1)
    assert found.sha256 == written.sha256


def test_an_unmasked_file_holds_the_raw_texts(store: Workspace, tmp_path: Path):
    path = tmp_path / "t.jsonl"
    written = exported(store, path, masked=False)
    lines = lines_of(path)
    assert (lines[0]["requester"], lines[0]["customer_name"]) == (EMAIL, NAME)
    assert [line["body"] for line in lines if "text" in line] == [
        'I am 1, "quoted" and ünïcode\n', "found 0 for 1", "found 2 for 1", "[]",
    ]  # fmt: skip
    assert written.texts == 4
    found = check_export(path)
    assert found.breaks == []
    assert (found.events, found.texts, found.sealed) == (5, 4, 0)


def test_an_erased_text_is_said_to_be(store: Workspace, tmp_path: Path):
    with store.write() as tx:
        tx.connection.exec_driver_sql("UPDATE payload SET body = NULL WHERE body LIKE '%0 for 1'")
    path = tmp_path / "t.jsonl"
    exported(store, path, masked=False)
    found = check_export(path)
    assert (found.broken, found.texts, found.erased) == (0, 4, 1)


@pytest.mark.parametrize("masked", [True, False])
def test_one_byte_changed_in_any_line_is_found(store: Workspace, tmp_path: Path, masked: bool):
    path = tmp_path / "t.jsonl"
    exported(store, path, masked=masked)
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == (8 if masked else 12)
    for number, line in enumerate(lines):
        for at in {*range(number, len(line), 23), 0, len(line) - 2, len(line) - 1}:
            changed = line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :]
            try:
                found = check(path, [*lines[:number], changed, *lines[number + 1 :]])
            except BadFile:
                assert number == 0, "only a first line can make it another file"
            else:
                assert found.broken, (number, at, changed)


def test_a_changed_event_is_named_with_its_line(store: Workspace, tmp_path: Path):
    path = tmp_path / "t.jsonl"
    exported(store, path)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"billing"', b'"banking"')
    found = check(path, lines).first
    assert found is not None
    assert found.text == (
        "line 3, ticket T1, position 2, event 4: does not fit its hash: it was changed, "
        "or what stands before it"
    )


def test_a_line_taken_out_put_in_or_moved_is_found(store: Workspace, tmp_path: Path):
    path = tmp_path / "t.jsonl"
    exported(store, path, masked=False)
    lines = path.read_bytes().splitlines(keepends=True)
    for number in range(1, len(lines)):
        assert check(path, lines[:number] + lines[number + 1 :]).broken, number
        assert check(path, lines[:number]).broken, number
        assert check(path, [*lines[:number], lines[number], *lines[number:]]).broken, number
    for number in range(1, len(lines) - 1):
        swapped = [*lines[:number], lines[number + 1], lines[number], *lines[number + 2 :]]
        assert check(path, swapped).broken, number
    assert check(path, [*lines, b"\n"]).broken


def forged(lines: list[dict[str, Any]]) -> list[bytes]:
    """The lines with a last one that fits them."""
    encoded = [(json.dumps(line, ensure_ascii=False) + "\n").encode() for line in lines[:-1]]
    digest = hashlib.sha256(b"".join(encoded)).hexdigest()
    return [*encoded, (json.dumps({"sha256": digest}) + "\n").encode()]


def test_a_forger_who_renews_the_digest_meets_the_chain(store: Workspace, tmp_path: Path):
    path = tmp_path / "t.jsonl"
    exported(store, path, masked=False)
    assert check(path, forged(lines_of(path))).breaks == []
    whole = lines_of(path)
    at = next(number for number, line in enumerate(whole) if "text" in line)

    def what(change: Any) -> str:
        lines = json.loads(json.dumps(whole))
        change(lines)
        found = check(path, forged(lines)).first
        return found.what if found else "nothing"

    assert "does not fit its hash" in what(lambda lines: lines[1].update(kind="ticket.closed"))
    assert "was changed" in what(lambda lines: lines[at].update(body="pay me"))
    assert "text of the event before is missing" in what(lambda lines: lines.pop(at + 2))
    assert "is not one of the event before" in what(lambda lines: lines.insert(at, lines[at]))
    assert "another chain" in what(lambda lines: lines[1].update(chain="t_2"))
    assert "head of the chain is missing" in what(lambda lines: lines.pop(-2))
    assert "is no line of an export" in what(lambda lines: lines.insert(2, {"note": "mine"}))
    assert "that may stand here" in what(lambda lines: lines[1].update(note="mine"))
    assert "head does not fit" in what(lambda lines: lines[-2]["head"].update(position=6))
    # Masked words may hide behind their hash in a masked file alone.
    assert "does not fit its hash" in what(lambda lines: lines[1].update(data="", masked=["data"]))


def test_an_anchor_finds_a_file_of_a_chain_that_was_written_anew(
    store: Workspace, db: Path, tmp_path: Path
):
    path, anchor = tmp_path / "t.jsonl", take_anchor(store)
    with store.write() as tx:
        tx.append(NewEvent("noted", "system", {}, "t_1"))
    exported(store, path)
    assert check_export(path, anchor).breaks == []
    forge(db, "UPDATE event SET data = '{}' WHERE id = 4", rewrite("t_1"))
    exported(store, path)
    assert check_export(path).breaks == []
    found = check_export(path, anchor).first
    assert found is not None
    assert (found.ref, found.position) == ("T1", 5)


def test_an_anchor_from_before_the_ticket_says_nothing_of_it(store: Workspace, tmp_path: Path):
    path = tmp_path / "t.jsonl"
    exported(store, path)
    assert check_export(path, Anchor("", 0, 0, "", {})).breaks == []
    assert check_export(path, Anchor("", 3, 3, "", {"t_2": (3, "")})).broken


def test_a_broken_log_is_exported_as_it_is(store: Workspace, db: Path, tmp_path: Path):
    forge(db, "UPDATE event SET data = '{}' WHERE id = 4")
    path = tmp_path / "t.jsonl"
    exported(store, path)
    found = check_export(path).first
    assert found is not None
    assert found.event == 4


def test_a_log_that_is_not_utf_8_cannot_be_exported(store: Workspace, db: Path):
    forge(db, "UPDATE event SET kind = CAST(x'fe' AS TEXT) WHERE id = 4")
    with pytest.raises(HandrailError, match="audit verify"):
        write_export(store, "t_1", io.BytesIO(), by="ada", masked=True)


def test_an_export_is_put_on_record(store: Workspace, tmp_path: Path):
    written = exported(store, tmp_path / "t.jsonl", masked=False)
    record_export(store, written, by="ada", signed_in_by="token")
    with store.read() as connection:
        event = connection.execute(select(EVENT).order_by(EVENT.c.id.desc()).limit(1)).one()
    assert (event.chain, event.kind, event.agent) == ("", "audit.exported", "operator")
    assert json.loads(event.data) == {
        "ticket": "t_1", "by": "ada", "signed_in_by": "token", "masked": False, "events": 5,
        "sha256": written.sha256,
    }  # fmt: skip
    assert verify(store).breaks == []


def test_a_ticket_that_is_not_there(store: Workspace):
    with pytest.raises(NotFound, match="t_9"):
        write_export(store, "t_9", io.BytesIO(), by="ada", masked=True)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is no export"),
        (b"hello\n", "is no export"),
        (b"\xff\xfe\n", "is no export"),
        (b"[]\n", "is no export"),
        (b'{"handrail_export": 2}\n', "version 2"),
        (b'{"handrail_anchor": 1}\n', "--anchor"),
    ],
)
def test_what_is_no_export(tmp_path: Path, content: bytes, problem: str):
    path = tmp_path / "t.jsonl"
    path.write_bytes(content)
    with pytest.raises(BadFile, match=problem):
        check_export(path)
    with pytest.raises(BadFile, match="cannot be read"):
        check_export(tmp_path)
