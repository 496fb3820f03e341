"""Files that come with messages: kept within limits, never read, erased with their person."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from agents.intake.attached import MOST
from agents.intake.mail import incoming_mail
from agents.intake.records import Attached
from agents.policy.model import load_policy
from agents.service import NewTicket, Service, attaching
from data.clock import CountingIds, VirtualClock
from data.keeping.erase import erase_person, find_person
from data.queries.attachments import attachments_of, content_of
from data.queries.tickets import ticket_detail, ticket_events
from data.workspace import Workspace, open_workspace
from tests.intake_support import read_all, tickets


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Workspace]:
    clock = VirtualClock(datetime(2026, 3, 11, 9, tzinfo=UTC))
    made = open_workspace(str(tmp_path / "w.db"), clock=clock, ids=CountingIds(), synchronous="OFF")
    yield made
    made.close()


def _service(store: Workspace) -> Service:
    return Service(store, load_policy())


def _file(size: int, name: str = "a.bin") -> Attached:
    return Attached(name, "application/octet-stream", size, b"x" * size)


def _came(store: Workspace, *files: Attached) -> str:
    new = NewTicket("T1", "Broken", "See the files.", "ada@example.com", attachments=files)
    return _service(store).ingest(new)


def _mail() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "ada@example.com", "Broken"
    mail.set_content("See the files.")
    mail.add_alternative("<p>See the files.</p>", subtype="html")
    return mail


def test_the_parts_of_a_mail_that_are_files() -> None:
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "ben@example.com", "inner"
    inner.set_content("words of another mail")
    inner.add_attachment(b"deep", maintype="application", subtype="pdf", filename="deep.pdf")
    mail = _mail()
    mail.add_attachment(b"\x89PNG", maintype="image", subtype="png")
    mail.add_attachment("a,b", subtype="csv", filename="Umsätze März.csv")
    mail.add_attachment(inner)
    found = incoming_mail(mail.as_bytes())
    assert found.body.strip() == "See the files."
    assert [(f.name, f.kind) for f in found.attachments] == [
        ("part-1.png", "image/png"),
        ("Umsätze März.csv", "text/csv"),
        ("part-3.rfc822", "message/rfc822"),
    ]
    assert found.attachments[0].content == b"\x89PNG"
    assert b"deep.pdf" in (found.attachments[2].content or b"")


def test_a_mail_of_very_many_files_keeps_the_first() -> None:
    mail = _mail()
    for n in range(MOST + 3):
        mail.add_attachment(b"x", maintype="image", subtype="png", filename=f"{n}.png")
    assert len(incoming_mail(mail.as_bytes()).attachments) == MOST


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ([{"name": "a.txt", "type": "text/plain", "content": "aGk="}], [("a.txt", 2, b"hi")]),
        ([{"file_name": "b.png", "size": 9, "content_url": "x"}], [("b.png", 9, None)]),
        ([{"filename": "c", "content": "not base64!", "size": 4}], [("c", 4, None)]),
        (["text", 3, None], []),
        ({"name": "no list"}, []),
    ],
)  # fmt: skip
def test_files_that_a_record_lists(
    tmp_path: Path, listed: object, found: list[tuple[str, int, bytes | None]]
) -> None:
    assert _files(tmp_path, {"id": 1, "body": "x", "attachments": listed}) == found
    assert _files(tmp_path, {"id": 1, "body": "x", "comment": {"attachments": listed}}) == found
    assert _files(tmp_path, {"id": 1, "body": "x", "comments": [{"attachments": listed}]}) == found


def _files(folder: Path, record: dict[str, object]) -> list[tuple[str, int, bytes | None]]:
    path = folder / "tickets.jsonl"
    path.write_text(json.dumps(record) + "\n")
    (read,) = tickets(read_all(path))
    return [(f.name, f.size, f.content) for f in read.attachments]


def test_what_came_is_kept_as_it_came(store: Workspace) -> None:
    ticket = _came(store, Attached("a\x1b[31m.txt", "text/plain", 3, b"\x00\xff\x01"))
    (file,) = attachments_of(store, ticket)
    assert (file.name, file.size, file.problem) == ("a.txt", 3, None)
    assert content_of(store, file.id) == b"\x00\xff\x01"
    assert ticket_detail(store, ticket).attachments == [file]
    (opened,) = ticket_events(store, ticket)
    assert opened.data["attachments"] == 1
    assert "a.txt" not in json.dumps(opened.data)


def test_what_is_too_large_is_told_and_not_kept(
    store: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attaching, "MOST_EACH", 100)
    monkeypatch.setattr(attaching, "MOST_OF_TICKET", 250)
    ticket = _came(store, _file(101), _file(100), _file(100), _file(100), _file(50))
    _service(store).receive(ticket, "and this", attachments=[_file(1)])
    found = attachments_of(store, ticket)
    assert [file.problem is None for file in found] == [False, True, True, False, True, False]
    assert "larger than" in (found[0].problem or "")
    assert content_of(store, found[0].id) is None
    assert sum(len(content_of(store, file.id) or b"") for file in found) == 250


def test_erasing_a_person_takes_their_files(store: Workspace) -> None:
    ticket = _came(store, _file(3, "passport of ada.png"))
    _service(store).close(ticket, by="priya", reason="done")
    (file,) = attachments_of(store, ticket)
    with store.read() as connection:
        person = find_person(connection, "ada@example.com")
    erase_person(store, person, by="priya", force=True)
    (left,) = attachments_of(store, ticket)
    assert (left.name, left.problem) == ("[erased]", "it was erased")
    assert content_of(store, file.id) is None
    with store.read() as connection:
        dump = "\n".join(connection.connection.dbapi_connection.iterdump())  # type: ignore[union-attr]
    assert "passport" not in dump
