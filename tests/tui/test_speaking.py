"""The words of a model while it answers stand below the trace, and go when the answer is there."""

import pytest
from sqlalchemy import update

from agents.brains.hearing import Hearing
from console.widgets.speaking import SpeakingNow, in_words
from data.store import table
from data.tables import Run
from tests.tui.driving import console, opened, until, words
from tests.tui.rows import add_event, add_run
from tests.tui.world import TestSession

RUN = table(Run)


def _set_state(session: TestSession, ticket: str, state: str) -> None:
    with session.store.write() as t:
        mine = RUN.c.ticket_id == ticket
        if not t.connection.execute(update(RUN).where(mine).values(state=state)).rowcount:
            add_run(t, ticket, state=state)
        add_event(t, ticket, f"run.{state}", "triage", {})


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
async def test_words_come_and_go(session: TestSession, size: tuple[int, int]) -> None:
    app = console(session)
    async with app.run_test(size=size) as pilot:
        desk = await opened(pilot)
        ticket = desk.ticket_id
        assert ticket is not None
        desk.show_pane("trace")
        speaking = desk.query_one(SpeakingNow)
        assert not speaking.display

        hearing = Hearing(session.store, ticket, f"r_{ticket}", "resolution", lambda: next(times))
        times = iter(range(0, 1000))
        hearing("Nobody listens yet. ")
        await pilot.pause(0.5)
        assert not speaking.display

        _set_state(session, ticket, "running")
        await until(pilot, lambda: "Nobody listens yet." in words(app, "#speaking"))
        hearing("The charge of [b]March[/b] came\ntwice. " + "So it is. " * 60)
        hearing("Refund it.")
        await until(pilot, lambda: words(app, "#speaking").endswith("Refund it."))
        assert words(app, "#speaking").startswith("◐ resolution says  … ")
        assert speaking.display
        assert speaking.size.height <= 6

        hearing.done()
        await until(pilot, lambda: not speaking.display)


async def test_words_of_another_ticket_are_not_shown(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        first = desk.ticket_id
        assert first is not None
        _set_state(session, first, "running")
        hearing = Hearing(session.store, first, f"r_{first}", "triage")
        hearing("Words of the first.")
        await until(pilot, lambda: desk.query_one(SpeakingNow).display)
        await pilot.press("j")
        await until(pilot, lambda: desk.ticket_id != first)
        await until(pilot, lambda: not desk.query_one(SpeakingNow).display)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("I look into it.", "I look into it."),
        ("", ""),
        ('{"iss', ""),
        ('{"cause": "A second cha', "cause: A second cha"),
        (
            ' {"issues": [{"kind": "double_charge", "sure": true}, {"as_issue": 2, "note": null}], '
            '"so_far": ["a", 1.5',
            "kind: double_charge; sure: yes; as issue: 2; so far: a; so far: 1.5",
        ),
        ("[link](x) is no JSON", "[link](x) is no JSON"),
        ("[" * 5000, "[" * 5000),
        ('```json\n{"a": 1', '```json\n{"a": 1'),
    ],
)
def test_json_is_shown_as_names_and_values(said: str, shown: str) -> None:
    assert in_words(said) == shown
