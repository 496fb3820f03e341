"""`handrail train`: fits, reports, keeps, uses; and `handrail triage` with what was fitted."""

import csv
import io
import json
from pathlib import Path

import pytest

from data.store import EVENT
from data.workspace import open_workspace
from tests.cli.conftest import Program
from tests.labelled import tickets
from tests.optional import needs_fast


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    path = tmp_path / "labelled.csv"
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["body", "intent", "issue"])
        out.writerows([t.body, t.intent, t.issue] for t in tickets()[::2])
    return path


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


def events(db: Path) -> list[dict]:
    workspace = open_workspace(str(db), create=False)
    try:
        with workspace.read() as connection:
            rows = connection.execute(EVENT.select().where(EVENT.c.kind.like("model.%"))).all()
    finally:
        workspace.close()
    return [{"kind": row.kind, "chain": row.chain, **_data(row.data)} for row in rows]


def _data(data) -> dict:
    return json.loads(data) if isinstance(data, str) else dict(data)


def test_a_better_model_is_used_recorded_and_can_be_left(
    handrail: Program, labelled: Path, db: Path
):
    ran = handrail("train", labelled, "--db", db, "--json")
    assert ran.code == 0, ran.err
    report = ran.document
    assert report["used"] is True
    assert report["compared"]["now"] > report["compared"]["before"]
    version = report["version"]
    (fitted,) = events(db)
    assert (fitted["kind"], fitted["chain"], fitted["version"]) == ("model.fitted", "", version)
    assert fitted["rows"] == 108
    listed = handrail("train", "--list", "--db", db, "--json").document
    assert listed["in_use"] == version
    assert [m["version"] for m in listed["models"]] == [version]

    row = triaged(handrail, db, "Please return my pot deposit.")
    assert (row["intent"], row["issues"]) == ("billing", "deposit")

    assert handrail("train", "--packaged", "--db", db).code == 0
    assert triaged(handrail, db, "Please return my pot deposit.")["issues"] != "deposit"
    assert handrail("train", "--use", version[:8], "--db", db).code == 0
    assert [e.get("version") for e in events(db)] == [version, "packaged", version]
    assert handrail("audit", "verify", "--db", db).code == 0


def triaged(handrail: Program, db: Path, text: str) -> dict[str, str]:
    ran = handrail("triage", "-", "--db", db, stdin=f"id,body\n1,{text}\n")
    assert ran.code == 0, ran.err
    (row,) = csv.DictReader(io.StringIO(ran.out))
    return row


def test_one_that_is_no_better_is_kept_and_used_only_by_force(
    handrail: Program, labelled: Path, db: Path
):
    assert handrail("train", labelled, "--db", db).code == 0
    same = handrail("train", labelled, "--db", db)
    assert "stays in use: it was fitted on the same tickets" in same.out

    fewer = labelled.with_name("fewer.csv")
    fewer.write_text("".join(labelled.read_text().splitlines(keepends=True)[:-2]))
    again = handrail("train", fewer, "--db", db)
    assert again.code == 0
    assert "kept, not used" in again.out
    assert "its held-out answers are counted" in again.out
    assert handrail("train", fewer, "--db", db, "--force", "--json").document["used"] is True


def test_a_model_file_is_named_or_left_out(handrail: Program, labelled: Path, db: Path):
    version = handrail("train", labelled, "--db", db, "--json").document["version"]
    file = db.with_suffix(".models") / f"{version}.npz"
    other = db.with_name("other.db")
    text = "id,body\n1,Please mend the sprinkler.\n"
    own = handrail("triage", "-", "--db", other, "--model", file, stdin=text)
    assert ",technical,watering," in own.out
    assert f"model: {version}" in own.err
    handrail("train", "--packaged", "--db", db)
    for named in (version, version[:8]):
        by_version = handrail("triage", "-", "--db", db, "--model", named, stdin=text)
        assert (by_version.code, by_version.out) == (0, own.out)
    unknown = handrail("triage", "-", "--db", db, "--model", "own-x", stdin=text)
    assert (unknown.code, unknown.out) == (2, "")
    assert "no model 'own-x'; `handrail train --list` shows them" in unknown.err
    packaged = handrail("triage", "-", "--db", db, "--packaged", stdin=text)
    assert "watering" not in packaged.out
    missing = handrail("triage", "-", "--model", "no.npz", stdin=text)
    assert (missing.code, missing.out) == (2, "")
    assert "there is no such model" in missing.err


@needs_fast
def test_fast_features_are_trained_and_asked_for(handrail: Program, labelled: Path, db: Path):
    report = handrail("train", labelled, "--db", db, "--features", "fast", "--json").document
    assert (report["features"], report["used"]) == ("fast", True)
    assert report["compared"]["with"] == "packaged"
    assert events(db)[0]["features"] == "fast"
    row = triaged(handrail, db, "Please return my pot deposit.")
    assert (row["intent"], row["issues"]) == ("billing", "deposit")
    other = handrail("triage", "-", "--db", db, "--features", "accurate", stdin="body\nhi\n")
    assert (other.code, other.out) == (2, "")
    assert f"{report['version']} reads fast features" in other.err
    cold = handrail(
        "triage", "-", "--db", db, "--features", "fast", "--packaged", stdin="body\nmy invoice?\n"
    )
    assert cold.code == 0, cold.err
    assert "fast" in handrail("train", "--list", "--db", db).out


def test_labels_are_measured_and_written(handrail: Program, labelled: Path, db: Path):
    report = db.with_name("report.json")
    ran = handrail(
        "triage", labelled, "--db", db, "-o", db.with_name("o.csv"), "--labels", "intent",
        "--report", report, "--limit", 40,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    document = json.loads(report.read_text())
    assert document["rows"] == 40
    assert len(document["confidences"]) == 10
    assert sum(pair["rows"] for pair in document["confusion"]) == 40
    assert "against intent: accuracy" in ran.err
    assert "handed to people below" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train",), "give files with labelled tickets"),
        (("train", "--list", "--packaged"), "give files with labelled tickets"),
        (("train", "--use", "own-0"), "no model 'own-0'"),
        (("triage", "x.csv", "--report", "r.json"), "--report needs --labels"),
        (("triage", "LABELLED", "--labels", "nope"), "--labels 'nope': no such column"),
        (("triage", "LABELLED", "--model", "m.npz", "--packaged"), "--model or --packaged"),
        (("triage", "LABELLED", "--features", "best"), "there are accurate and fast"),
        (("train", "LABELLED", "--map", "no=intent"), "--map 'no=intent': no such column; found:"),
        (("train", "LABELLED", "--map", "no=issue"), "--map 'no=issue': no such column; found:"),
        (("train", "LABELLED", "--features", "best"), "there are accurate and fast"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    handrail: Program, labelled: Path, db: Path, words: tuple[str, ...], said: str
):
    open_workspace(str(db)).close()
    ran = handrail(*(labelled if w == "LABELLED" else w for w in words), "--db", db)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_names_of_columns_may_be_mapped(handrail: Program, labelled: Path, db: Path):
    text = labelled.read_text().replace("body,intent,issue", "said,where,what", 1)
    labelled.write_text(text)
    wrong = handrail("train", labelled, "--db", db, "--map", "said=body")
    assert wrong.code == 2
    assert "no column holds the intent" in wrong.err
    mapped = ("--map", "said=body", "--map", "where=intent", "--map", "what=issue")
    ran = handrail("train", labelled, "--db", db, "--json", *mapped)
    assert ran.code == 0, ran.err
    assert set(ran.document["heads"]) == {"intent", "issue"}


def test_a_file_without_intents_is_named_and_may_stand_beside_one_with_them(
    handrail: Program, labelled: Path, db: Path
):
    issues = db.with_name("issues.csv")
    issues.write_text("body,issue\n" + "Please return my pot deposit.,deposit\n" * 50)
    alone = handrail("train", issues, "--db", db)
    assert (alone.code, alone.out) == (2, "")
    assert "issues.csv: no column holds the intent; found: body, issue" in alone.err
    assert handrail("train", labelled, issues, "--db", db).code == 0
