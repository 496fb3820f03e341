"""The intents on trial in the console: modes, agreement, and the tickets behind it."""

from typing import Any

import pytest
from textual.pilot import Pilot

from console.screens.desk import Desk
from console.screens.trials import Trials
from data.store import Transaction
from data.tables import Issue
from data.vocabulary import Intent, TrialMode
from tests.tui.driving import console, opened, press, until, words
from tests.tui.rows import add_action, add_event, add_run, add_ticket, before
from tests.tui.world import TestSession

REFUND = {"charge": "ch_2", "amount": 1850, "currency": "usd"}


def _tried(t: Transaction, ref: str, done: dict[str, Any] | None, status: str = "resolved") -> None:
    """A ticket that was planned in shadow, and what a person did by hand."""
    ticket = add_ticket(t, ref, "Charged [b]twice[/b]", "Please give it back.", status=status)
    add_run(t, ticket, state="ended")
    t.insert(
        Issue, id=f"i_{ref}", ticket_id=ticket, position=1, kind="duplicate_charge",
        intent="billing", rule="B1", state="escalated", trial="shadow",
    )  # fmt: skip
    add_action(
        t, ticket, "process_refund", REFUND, id=f"p_{ref}", issue_id=f"i_{ref}", state="refused"
    )
    if done is not None:
        add_action(
            t, ticket, "process_refund", done, id=f"d_{ref}", state="verified", position=2,
            proposed_by="maya", executed_arguments=done, executed_at=before(1),
        )  # fmt: skip


@pytest.fixture
def on_trial(session: TestSession) -> TestSession:
    """Four tickets planned in shadow: three have ended."""
    policy = session.service.policy.with_mode(Intent.BILLING, TrialMode.SHADOW)
    session.service.policy = policy
    with session.store.write() as t:
        _tried(t, "S-1", REFUND)
        _tried(t, "S-2", {**REFUND, "amount": 1000})
        _tried(t, "S-3", None)
        _tried(t, "S-4", None, status="escalated")
    return session


async def _shown(pilot: Pilot[Any]) -> Trials:
    await opened(pilot)
    await press(pilot, "g", "i")
    screen = pilot.app.screen
    assert isinstance(screen, Trials)
    await until(pilot, lambda: "Newest tickets" in words(screen.console, "#browse-words"))
    return screen


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
async def test_the_trial_tells_mode_agreement_and_what_comes_next(
    on_trial: TestSession, size: tuple[int, int]
) -> None:
    app = console(on_trial)
    async with app.run_test(size=size) as pilot:
        screen = await _shown(pilot)
        assert screen.rows.key == "billing"
        told = words(app, "#browse-words")
        assert "◌ shadow" in told
        assert "33% (1 of 3), at least 6%" in told
        assert "  1  ≈ the same with other values" in told
        assert "55.50 USD planned, 28.50 USD moved" in told
        assert "assist: of 4 actions planned, 4 would ask a person" in told
        assert "S-1  Charged [b]twice[/b]" in told
        await press(pilot, "escape")
        assert isinstance(app.screen, Desk)


async def test_it_follows_what_happens_and_the_cursor(on_trial: TestSession) -> None:
    app = console(on_trial)
    async with app.run_test(size=(160, 48)) as pilot:
        await _shown(pilot)
        with on_trial.store.write() as t:
            _tried(t, "S-5", REFUND)
            add_event(t, "t_s-5", "ticket.resolved", "operator", {})
        await until(pilot, lambda: "50% (2 of 4)" in words(app, "#browse-words"))
        await press(pilot, "j")
        await until(pilot, lambda: "auto" in words(app, "#browse-words"))
        assert "Newest tickets" not in words(app, "#browse-words")


def test_pictures(on_trial: TestSession, snap_compare: Any) -> None:
    async def show(pilot: Pilot[Any]) -> None:
        await _shown(pilot)

    assert snap_compare(console(on_trial), terminal_size=(120, 30), run_before=show)
