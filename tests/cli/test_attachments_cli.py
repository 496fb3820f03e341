"""`handrail attachments`: files out of a mail, listed and saved where nothing else is touched."""

from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.cli.conftest import Program


@pytest.fixture
def desk(handrail: Program, tmp_path: Path) -> Path:
    """A workspace with a mail that brought three files."""
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "ada@example.com", "Three files"
    mail.set_content("Here they are.")
    for name, content in (("../up.txt", b"one"), ("up.txt", b"two"), ("big.bin", b"x" * 5_000_001)):
        mail.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    (tmp_path / "in.eml").write_bytes(mail.as_bytes())
    assert handrail("ingest", tmp_path / "in.eml", "--db", tmp_path / "w.db").code == 0
    return tmp_path / "w.db"


def test_listed_and_shown(handrail: Program, desk: Path) -> None:
    told = handrail("attachments", "1001", "--db", desk)
    assert told.code == 0
    assert told.out.splitlines() == [
        "../up.txt (application/pdf, 3 B)",
        "up.txt (application/pdf, 3 B)",
        "big.bin (application/pdf, 5.0 MB): not kept, larger than 5 MB",
    ]
    assert "⎘ up.txt (application/pdf, 3 B)" in handrail("show", "1001", "--db", desk).out
    document = handrail("show", "1001", "--db", desk, "--json").document
    (message,) = document["ticket"]["messages"]
    assert [a["name"] for a in message["attachments"]] == ["../up.txt", "up.txt", "big.bin"]


def test_saved_beside_each_other_and_never_over_another(
    handrail: Program, desk: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "deep" / "out"
    ours = ("attachments", "1001", "--db", desk, "--save", folder)
    first = handrail(*ours)
    assert first.code == 1
    assert first.err == "handrail: big.bin was not saved: larger than 5 MB\n"
    held = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert held == {"up.txt": b"one", "up (2).txt": b"two"}
    target = tmp_path / "elsewhere"
    target.write_bytes(b"mine")
    (folder / "up.txt").unlink()
    (folder / "up.txt").symlink_to(target)
    again = handrail(*ours, "--json")
    assert [f["name"] for f in again.document["failed"]] == ["up.txt", "up (2).txt", "big.bin"]
    assert handrail(*ours, "--force").out.count("\n") == 2
    assert (folder / "up.txt").read_bytes() == b"one"
    assert not (folder / "up.txt").is_symlink()
    assert target.read_bytes() == b"mine"
    assert not list(tmp_path.glob("**/.handrail-*"))


def test_a_place_that_cannot_be_written(process: Program, desk: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    told = process("attachments", "1001", "--db", desk, "--save", tmp_path / "file" / "sub")
    assert told.code == 2
    assert told.err.count("\n") == 1
    assert "Traceback" not in told.err
