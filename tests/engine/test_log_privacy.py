"""What the log's events hold: enough to follow the work, nobody's words, names or addresses."""

from pathlib import Path

import pytest
from sqlalchemy import select

from agents.brains.protocol import Answer, Call
from agents.eval.run import Stage
from agents.eval.scenario import load_scenario
from data.store import EVENT
from tests.engine.desk import SCENARIOS, rules
from tests.engine.thinking import Twisted, brain_of, changed
from tests.honest_model import data_of

WORLDS = [
    "wrongful-cancellation", "a1-new-name", "e2-legal-threat", "approval-rejected-other-issue-done",
    "i4-email-strong", "three-in-one", "h2-full-card-number", "approval-stale-disputed-meanwhile",
    "i3-two-wrong-tries", "t3-other-error-code",
]  # fmt: skip


@pytest.mark.parametrize("by_model", [False, True])
@pytest.mark.parametrize("name", WORLDS)
def test_events_hold_no_personal_data(name: str, by_model: bool, tmp_path: Path) -> None:
    scenario = load_scenario(SCENARIOS / f"{name}.yaml")
    used = rules()
    if by_model:
        chatty = Twisted(billing=_quoting, technical=_quoting, account=_quoting, product=_quoting)
        used = used.thinking_with(brain_of(chatty))
    stage = Stage(scenario, tmp_path, used, approve_all=False)
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


def _quoting(call: Call, answer: Answer, turn: int) -> Answer:
    """Its cause and its reasons are the customer's own words."""
    if answer.value is None:
        return answer
    words = data_of(call.messages[1]["content"])["words_of_the_customer"]
    plan = [{**planned, "reason": words} for planned in answer.value.get("plan", [])]
    return changed(cause=words, **({"plan": plan} if plan else {}))(call, answer, turn)


def _runs_of_words(text: str) -> list[str]:
    """Every five words in a row that the customer wrote."""
    words = text.split()
    return [" ".join(words[i : i + 5]) for i in range(len(words) - 4)]
