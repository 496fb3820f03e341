"""Workers triage with the team's own model, and the log says which version answered."""

import json
from pathlib import Path

import pytest

from agents.connectors.embedded.schema import create
from agents.engine.advance import Engine
from agents.policy.model import load_policy
from agents.runtime.inline import InlineDispatcher
from agents.service import NewTicket, Service
from agents.teaching import Teaching
from agents.turns import tickets_in_turn
from agents.understanding.shelf import FOLDER
from agents.wiring import Places, open_parts
from data.errors import BadFile
from data.store import EVENT, TICKET
from data.workspace import Workspace, open_workspace
from tests.labelled import tickets


@pytest.fixture
def workspace(tmp_path: Path):
    create(tmp_path / "desk.backoffice.db")
    opened = open_workspace(str(tmp_path / "desk.db"), synchronous="OFF")
    yield opened
    opened.close()


def triage_events(workspace: Workspace, ticket: str) -> list[dict]:
    query = EVENT.select().where(EVENT.c.chain == ticket, EVENT.c.kind == "triage")
    with workspace.read() as connection:
        found = [row.data for row in connection.execute(query)]
    return [json.loads(data) if isinstance(data, str) else data for data in found]


def work_off(workspace: Workspace, body: str) -> str:
    service = Service(workspace, load_policy())
    (ticket,) = service.ingest_many(
        [NewTicket(ref=None, subject="", body=body, email="a@example.org")]
    )
    assert ticket is not None
    with open_parts(workspace, Places()) as parts:
        dispatcher = InlineDispatcher(Engine(parts).advance)
        dispatcher.drain(lambda limit: tickets_in_turn(workspace, limit))
    return ticket


def test_the_step_names_the_version_and_its_route(workspace: Workspace):
    body = "Please repair the greenhouse heater in bay 3."
    before = work_off(workspace, body)
    taught = Teaching(workspace, by="ada").train(tickets(), force=True)
    after = work_off(workspace, body)
    (old,), (new,) = triage_events(workspace, before), triage_events(workspace, after)
    assert old["model"].startswith("packaged-")
    assert "own" not in old
    assert new["model"].startswith(f"{taught.report['version']} packaged-")
    assert new["intent"] == "technical"
    assert new["own"]["issues"]
    assert not new["own"]["strange"]


def test_whose_matter_it_is_reaches_the_person(workspace: Workspace):
    Teaching(workspace, by="ada").train(tickets(), force=True)
    ticket = work_off(workspace, "I want a person. Please repair the greenhouse heater in bay 3.")
    with workspace.read() as connection:
        row = connection.execute(TICKET.select().where(TICKET.c.id == ticket)).one()
    assert row.escalation["skill"] == "technical"


def test_a_damaged_model_is_named_with_what_to_do(workspace: Workspace, tmp_path: Path):
    taught = Teaching(workspace, by="ada").train(tickets(), force=True)
    (tmp_path / f"desk{FOLDER}" / f"{taught.report['version']}.npz").write_bytes(b"broken")
    with pytest.raises(BadFile, match="handrail train --packaged"), open_parts(workspace, Places()):
        pass
