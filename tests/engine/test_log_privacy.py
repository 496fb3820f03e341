"""What the log's events hold: enough to follow the work, nobody's words, names or addresses."""

from pathlib import Path

import pytest
from sqlalchemy import select

from agents.eval.run import Stage
from agents.eval.scenario import load_scenario
from data.store import EVENT
from tests.engine.desk import SCENARIOS, rules

WORLDS = [
    "wrongful-cancellation", "a1-new-name", "e2-legal-threat", "approval-rejected-other-issue-done",
    "i4-email-strong", "three-in-one", "h2-full-card-number", "approval-stale-disputed-meanwhile",
    "i3-two-wrong-tries", "t3-other-error-code",
]  # fmt: skip


@pytest.mark.parametrize("name", WORLDS)
def test_events_hold_no_personal_data(name: str, tmp_path: Path) -> None:
    scenario = load_scenario(SCENARIOS / f"{name}.yaml")
    stage = Stage(scenario, tmp_path, rules(), approve_all=False)
    try:
        stage.play()
        with stage.store.read() as connection:
            rows = connection.execute(select(EVENT.c.kind, EVENT.c.step, EVENT.c.data)).all()
        logged = "\n".join(f"{row.kind} {row.step or ''} {row.data}" for row in rows)
        asked = [row for row in rows if row.kind.startswith("action.")]
        assert asked or name.startswith(("e2", "i3"))
        for ticket in scenario.tickets:
            for text in (ticket.body, *ticket.replies):
                for said in _runs_of_words(text):
                    assert said not in logged
            assert not ticket.email or ticket.email not in logged
        for customer in scenario.world().get("customers", []):
            for field in ("email", "phone", "name"):
                value = str(customer.get(field) or "")
                assert not value or value not in logged, (field, value)
    finally:
        stage.close()


def _runs_of_words(text: str) -> list[str]:
    """Every five words in a row that the customer wrote."""
    words = text.split()
    return [" ".join(words[i : i + 5]) for i in range(len(words) - 4)]
