"""Anchors: what a log that holds in itself no longer is, as of an earlier checkpoint."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data.audit.anchor import Anchor, read_anchor, take_anchor
from data.audit.verify import verify
from data.errors import BadFile
from data.store import NewEvent
from data.workspace import Workspace
from tests.audit_support import Change, close_up, forge, logged, rewrite


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "w.db"


@pytest.fixture
def store(db: Path) -> Iterator[Workspace]:
    workspace = logged(db)
    yield workspace
    workspace.close()


def anchored(store: Workspace, path: Path) -> Path:
    return written(take_anchor(store), path)


def written(anchor: Anchor, path: Path) -> Path:
    path.write_text("".join(f"{line}\n" for line in anchor.lines), encoding="utf-8")
    return path


def append(store: Workspace, chain: str = "t_1") -> None:
    with store.write() as tx:
        tx.append(NewEvent("noted", "system", {"later": True}, chain))


def test_an_anchor_is_read_as_it_was_written(store: Workspace, tmp_path: Path):
    taken = take_anchor(store)
    assert read_anchor(written(taken, tmp_path / "a")) == taken
    assert (taken.events, taken.last_event, len(taken.heads)) == (14, 14, 4)
    assert taken.at.startswith("2026-03-10T12:00:00")


def test_an_anchor_holds_after_more_was_appended(store: Workspace, tmp_path: Path):
    anchor = read_anchor(anchored(store, tmp_path / "a"))
    append(store)
    append(store, "t_new")
    append(store, "")
    assert verify(store, anchor).breaks == []


REWRITTEN: dict[str, tuple[tuple[Change, ...], tuple[Any, ...]]] = {
    "with other words": (
        ("UPDATE event SET data = '{}' WHERE id = 7", rewrite("t_1")),
        ("T1", 4, "another hash than in the anchor"),
    ),
    "without its end": (
        ("DELETE FROM event WHERE id = 10", rewrite("t_1"), close_up),
        ("T1", 4, "the anchor ends at position 4, the log at 3: the end was removed"),
    ),
    "without its middle": (
        (
            "DELETE FROM event WHERE id = 8",
            "UPDATE event SET position = 3 WHERE id = 11",
            rewrite("t_2"),
            close_up,
        ),
        ("T2", 4, "the anchor ends at position 4, the log at 3"),
    ),
    "with more": (
        (
            "UPDATE event SET id = id + 100 WHERE id > 5",
            "UPDATE event SET id = id - 99 WHERE id > 5",
            "INSERT INTO event SELECT 6, 't_9', 1, NULL, NULL, at, agent, kind, data, NULL, NULL, "
            "hash FROM event WHERE id = 5",
            "INSERT INTO chain VALUES ('t_9', 1, '')",
            rewrite("t_9"),
        ),
        (None, 2, "the anchor ends at position 2, the log at 1"),
    ),
    "without a whole chain": (
        (
            "DELETE FROM event WHERE chain = 't_2'",
            "DELETE FROM chain WHERE id = 't_2'",
            "DELETE FROM message WHERE ticket_id = 't_2'",
            "DELETE FROM ticket WHERE id = 't_2'",
            close_up,
        ),
        (None, None, "the anchor holds 4 events, the log none: the chain was removed"),
    ),
    "under another ticket": (
        (
            "UPDATE event SET chain = 't_4' WHERE chain = 't_2'",
            "UPDATE chain SET id = 't_4' WHERE id = 't_2'",
            "UPDATE ticket SET id = 't_4' WHERE id = 't_2'",
            "UPDATE message SET ticket_id = 't_4' WHERE ticket_id = 't_2'",
            rewrite("t_4"),
        ),
        (None, None, "the anchor holds 4 events, the log none"),
    ),
    "the end of the whole log": (
        (
            "DELETE FROM event WHERE id = 14",
            "UPDATE chain SET position = 1, hash = (SELECT hash FROM event WHERE id = 13) "
            "WHERE id = ''",
        ),
        (None, 2, "the anchor ends at position 2, the log at 1: the end was removed"),
    ),
}


@pytest.mark.parametrize("later", [False, True], ids=["at once", "after more was appended"])
@pytest.mark.parametrize("name", REWRITTEN)
def test_a_log_that_holds_in_itself_is_found_by_the_anchor(
    store: Workspace, db: Path, tmp_path: Path, name: str, later: bool
):
    anchor = read_anchor(anchored(store, tmp_path / "a"))
    changes, (ref, position, what) = REWRITTEN[name]
    forge(db, *changes)
    if later:
        for _ in range(3):
            append(store, "t_3")
    assert verify(store).breaks == [], "it is found without an anchor"
    found = verify(store, anchor).first
    assert found is not None
    assert (found.ref, found.position) == (ref, position)
    assert what in found.what


def test_each_line_of_an_anchor_is_guarded(store: Workspace, tmp_path: Path):
    path = anchored(store, tmp_path / "a")
    lines = path.read_bytes().splitlines(keepends=True)
    for number, line in enumerate(lines):
        at = line.rindex(b'"') - 1
        changed = line[:at] + (b"1" if line[at : at + 1] != b"1" else b"2") + line[at + 1 :]
        path.write_bytes(b"".join([*lines[:number], changed, *lines[number + 1 :]]))
        with pytest.raises(BadFile, match="was changed"):
            read_anchor(path)
        path.write_bytes(b"".join([*lines[:number], *lines[number + 1 :]]))
        with pytest.raises(BadFile, match=r"was changed|no anchor"):
            read_anchor(path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is no anchor"),
        (b"hello\n", "is no anchor"),
        (b"\xff\xfe\n", "is no anchor"),
        (b'{"handrail_anchor": 2}\n', "version 2"),
        (b'{"handrail_anchor": 1, "at": ""}\n', "events is missing"),
        (b'{"handrail_export": 1}\n', "is no anchor"),
    ],
)
def test_what_is_no_anchor(tmp_path: Path, content: bytes, problem: str):
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(BadFile, match=problem):
        read_anchor(path)
    with pytest.raises(BadFile, match="cannot be read"):
        read_anchor(tmp_path / "none")
