"""`handrail correct`, and `handrail train` with what was corrected."""

import csv
import json
from pathlib import Path

import pytest

from data.store import EVENT
from data.workspace import open_workspace
from tests.cli.conftest import Program
from tests.labelled import tickets

ROWS = tickets()[::2]


@pytest.fixture
def db(handrail: Program, tmp_path: Path) -> Path:
    path, db = tmp_path / "tickets.csv", tmp_path / "desk.db"
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "subject", "body", "email"])
        out.writerows([f"T{n}", "", row.body, f"c{n}@example.org"] for n, row in enumerate(ROWS, 1))
    assert handrail("ingest", path, "--db", db).code == 0
    return db


def test_a_correction_is_kept_and_told_without_the_customers_words(handrail: Program, db: Path):
    ran = handrail("correct", "T1", "--intent", "technical", "--urgency", "0.7", "--db", db)
    assert (ran.code, ran.out) == (0, "T1: intent is technical, urgency is 0.7\n")
    ran = handrail(
        "correct", "T1", "--issue", "cold bay", "--intent", "technical", "--db", db, "--json"
    )
    assert ran.document["ticket"]["intent"] == "technical"
    workspace = open_workspace(str(db), create=False)
    try:
        with workspace.read() as connection:
            query = EVENT.select().where(EVENT.c.kind == "ticket.corrected").order_by(EVENT.c.id)
            told = [json.loads(r.data) if isinstance(r.data, str) else r.data
                    for r in connection.execute(query)]  # fmt: skip
    finally:
        workspace.close()
    assert [event["to"] for event in told] == [
        {"intent": "technical", "urgency": 0.7},
        {"issue": "cold bay"},
    ]
    assert told[0]["from"] == {"intent": None, "urgency": None}
    assert handrail("audit", "verify", "--db", db).code == 0


@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        ((), 2, "say what is wrong"),
        (("--intent", "gardening"), 2, "gardening"),
        (("--urgency", "7"), 2, "from 0 to 1"),
        (("--issue", "ask ada@example.org"), 2, "short name"),
        (("--issue", "order 8812345"), 2, "not of a customer"),
    ],
)
def test_what_cannot_be_is_refused(
    handrail: Program, db: Path, options: tuple[str, ...], code: int, why: str
):
    ran = handrail("correct", "T1", *options, "--db", db)
    assert ran.code == code
    assert why in ran.err
    assert ran.err.count("\n") == 1


def test_the_same_again_corrects_nothing(handrail: Program, db: Path):
    assert handrail("correct", "T1", "--sentiment", "angry", "--db", db).code == 0
    ran = handrail("correct", "T1", "--sentiment", "angry", "--db", db)
    assert (ran.code, ran.out) == (1, "")
    assert "nothing to correct" in ran.err


def test_training_learns_from_corrections_but_not_from_erased_tickets(
    handrail: Program, db: Path, tmp_path: Path
):
    for n in range(1, len(ROWS) + 1, 24):
        # Words that a file labels otherwise: the correction counts.
        assert handrail("correct", f"T{n}", "--intent", "product", "--db", db).code == 0
    file = tmp_path / "labelled.jsonl"
    file.write_text("".join(json.dumps({"body": r.body, "intent": r.intent}) + "\n" for r in ROWS))

    ran = handrail("train", file, "--force", "--db", db, "--json")
    assert (ran.code, ran.document["corrections"], ran.document["rows"]) == (0, 5, len(ROWS))
    assert "5 tickets corrected here are learned from too" in ran.err
    ran = handrail("train", file, "--no-corrections", "--db", db, "--json")
    assert (ran.code, ran.document["corrections"]) == (0, 0)

    assert handrail("erase", "c1@example.org", "--yes", "--force", "--db", db).code == 0
    ran = handrail("train", "--corrections", "--db", db)
    assert ran.code == 2
    assert "4 tickets with an intent are too few" in ran.err


def test_corrections_alone_want_some(handrail: Program, db: Path):
    ran = handrail("train", "--corrections", "--db", db)
    assert ran.code == 2
    assert "nothing was corrected here yet" in ran.err
