"""`handrail policy preview|suggest|adopt|revoke`, and what `show` says of them."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

import data
from tests.cli.conftest import Program, work_off

PACKAGED = Path(data.__file__).parent / "policy" / "policy.yaml"
REFUND = "process_refund"


@pytest.fixture
def decided(worked: Callable[[str], Path], handrail: Program) -> Path:
    """A workspace whose refund was approved and carried out."""
    db = worked("b1-duplicate-charge")
    (asked,) = handrail("approvals", "--db", db, "--json").document["approvals"]
    assert handrail("approve", asked["id"], "--db", db).code == 0
    work_off(db)
    return db


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A policy that forbids refunds."""
    file = tmp_path / "strict.yaml"
    text = PACKAGED.read_text().replace("process_refund: ask", "process_refund: forbidden")
    file.write_text(text.replace("refund_days: 14", "refund_days: 30"))
    return file


def test_preview_counts_and_lists_and_touches_nothing(
    decided: Path, changed: Path, handrail: Program
) -> None:
    before = _digests(decided)
    ran = handrail("policy", "preview", changed, "--db", decided, "--json")
    assert ran.code == 0
    found = ran.document
    (row,) = found["changes"]
    assert (row["action"], row["then"], row["now"], row["person"], row["otherwise"]) == (
        REFUND, "ask", "forbidden", "approved", True,
    )  # fmt: skip
    assert found["changed"] == found["newly"]["refused"]["count"] == 1
    assert found["newly"]["refused"]["money"] == {row["currency"]: row["amount"]}
    assert found["actions"][0]["count"] == 1
    assert found["also_changes"] == ["billing.refund_days"]
    words = handrail("policy", "preview", changed, "--db", decided)
    assert "newly refused: 1" in words.out
    assert "people decided otherwise: 1" in words.out
    assert "billing.refund_days" in words.err
    assert _digests(decided) == before


def test_preview_of_the_same_policy_changes_nothing(decided: Path, handrail: Program) -> None:
    found = handrail("policy", "preview", PACKAGED, "--db", decided, "--json").document
    assert (found["changed"], found["changes"]) == (0, [])
    assert found["proposals"] >= 2
    later = handrail("policy", "preview", PACKAGED, "--db", decided, "--since", "2999-01-01")
    assert later.out.startswith("0 past proposals")


@pytest.mark.parametrize(
    ("text", "said"),
    [("policy: 1\napproval:\n  two_people: 1\n", "approval.two_people: is no field here"),
     ("policy: [", "is not YAML")],
)  # fmt: skip
def test_preview_names_what_is_wrong_with_the_file(
    text: str, said: str, decided: Path, tmp_path: Path, handrail: Program
) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(text)
    ran = handrail("policy", "preview", file, "--db", decided)
    assert (ran.code, ran.out) == (2, "")
    assert f"{file}:" in ran.err
    assert said in ran.err
    ran = handrail("policy", "preview", PACKAGED, "--db", decided, "--since", "soon")
    assert ran.code == 2
    assert "'soon' is no day" in ran.err


def test_suggest_adopt_show_revoke(decided: Path, handrail: Program) -> None:
    low = ("--bound", "0.5", "--min", "1", "--db", decided)
    (none,) = handrail("policy", "suggest", "--db", decided, "--json").document["suggestions"]
    assert (none["approved"], none["decided"], none["rule"]) == (1, 1, None)
    assert "30 are wanted" in none["why_not"]
    assert "30 are wanted" in handrail("policy", "suggest", "--db", decided).out
    refused = handrail("policy", "adopt", f"{REFUND}:billing:1", *low)
    assert refused.code == 1
    assert "does not follow" in refused.err

    for number in range(4):
        _approve_another(decided, number)
    (good,) = handrail("policy", "suggest", *low, "--json").document["suggestions"]
    assert good["approved"] == 5
    before = handrail("policy", "show", "--db", decided, "--json").document
    ran = handrail("policy", "adopt", good["id"], *low, "--json")
    rule = ran.document["adopted"]
    assert (rule["action"], rule["intent"], rule["approved"]) == (REFUND, "billing", 5)
    after = handrail("policy", "show", "--db", decided, "--json").document
    assert after["version"] != before["version"]
    assert after["policy"]["approval"]["alone"] == [good["rule"]]
    assert [r["id"] for r in after["adopted"]] == [rule["id"]]
    assert f"# adopted {rule['id']}" in handrail("policy", "show", "--db", decided).out

    gone = handrail("policy", "revoke", rule["id"], "--db", decided)
    assert gone.code == 0
    assert "asks again by hand" in gone.out
    shown = handrail("policy", "show", "--db", decided, "--json").document
    assert shown["version"] == before["version"]
    assert shown["adopted"][0]["revoked_why"] == "by hand"


def test_a_workspace_that_is_not_there(tmp_path: Path, handrail: Program) -> None:
    for command in (("preview", PACKAGED), ("suggest",), ("adopt", "x")):
        ran = handrail("policy", *command, "--db", tmp_path / "none.db")
        assert ran.code == 2
        assert "no workspace at" in ran.err
    assert handrail("policy", "show", "--db", tmp_path / "none.db").code == 0


def _approve_another(db: Path, number: int) -> None:
    """One more approved refund of the same kind, as a row."""
    from sqlalchemy import insert, select

    from data.store import ACTION
    from data.workspace import open_workspace

    store = open_workspace(str(db), create=False)
    with store.write() as tx:
        row = dict(
            tx.connection.execute(select(ACTION).where(ACTION.c.name == REFUND)).mappings().first()
            or {}
        )
        new = {"id": f"a_more{number}", "idempotency_key": f"more{number}"}
        tx.connection.execute(insert(ACTION).values(row | new))
    store.close()


def _digests(db: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(db.parent.iterdir())
        if path.suffix == ".db"
    }
