"""Keys, themes, notes of arrivals, views, copying: what a person sets, on every screen."""

from pathlib import Path

import pytest
from textual.widgets import Input, OptionList
from textual.widgets._toast import Toast

from console.arrivals import Note
from console.keymap import Keys
from console.screens.desk import Desk
from console.screens.dialogs import Pick
from console.screens.help import Help
from console.settings import Settings
from data.queries.approvals import find_action
from tests.tui.driving import console, opened, press, until, words
from tests.tui.rows import add_action, add_event, add_run, add_ticket
from tests.tui.world import TestSession


def propose(session: TestSession, count: int, start: int = 0, **data: object) -> None:
    with session.store.write() as t:
        for n in range(start, start + count):
            ticket = add_ticket(t, f"P-{n}", "New", "Hello", status="awaiting_approval", minutes=0)
            add_run(t, ticket)
            arguments = {"customer": "cus", "amount": 100, "currency": "eur"}
            add_action(t, ticket, "issue_credit", arguments, id=f"p_{n}", minutes=0)
            add_event(t, ticket, "action.proposed", "billing", {"action": f"p_{n}", **data})


async def test_keys_of_ones_own_work_and_are_shown(session: TestSession) -> None:
    app = console(session, keys=Keys({"approve": "f2", "help": "f1", "go-approvals": "p"}))
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await press(pilot, "g", "p")
        assert isinstance(app.screen, Desk)
        assert app.screen.pane == "approvals"
        await press(pilot, "a")
        assert session.service.calls == []
        await press(pilot, "question_mark")
        assert not isinstance(app.screen, Help)
        await press(pilot, "f1")
        assert isinstance(app.screen, Help)
        shown = words(app, "#help-keys Static")
        assert "f2  Approve: " in shown
        assert "g p  Approvals: " in shown
        await press(pilot, "escape")
        assert " f2 Approve " in str(app.screen.query_one("#key-approve").render())
        await press(pilot, "f2")
        if isinstance(app.screen, Desk):
            await until(pilot, lambda: session.service.calls)
        else:
            await press(pilot, "y")
            await until(pilot, lambda: session.service.calls)
        assert session.service.calls[0][0] == "approve"


async def test_a_theme_is_shown_at_once_and_kept_when_taken(
    session: TestSession, tmp_path: Path
) -> None:
    place = tmp_path / "settings.toml"
    place.write_text('# mine\ntheme = "nord" # for now\n')
    app = console(session, settings=Settings(theme="nord"), keep_in=place)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        assert app.theme == "nord"
        app.choose_theme()
        await until(pilot, lambda: isinstance(app.screen, Pick))
        options = app.screen.query_one(OptionList)
        await press(pilot, "j")
        assert app.theme != "nord"
        await press(pilot, "escape")
        assert app.theme == "nord"
        app.choose_theme()
        await until(pilot, lambda: isinstance(app.screen, Pick))
        options = app.screen.query_one(OptionList)
        options.highlighted = [n for n, _ in app.screen.choices].index("textual-light")  # type: ignore[attr-defined]
        await press(pilot, "enter")
        await until(pilot, lambda: "textual-light" in place.read_text())
    assert place.read_text() == '# mine\ntheme = "textual-light" # for now\n'


async def test_a_theme_that_cannot_be_kept_is_worn_and_said(
    session: TestSession, tmp_path: Path
) -> None:
    place = tmp_path / "a-file" / "settings.toml"
    place.parent.write_text("no folder")
    app = console(session, settings=Settings(), keep_in=place)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        app.choose_theme()
        await until(pilot, lambda: isinstance(app.screen, Pick))
        await press(pilot, "j", "enter")
        await until(pilot, lambda: app.told)
        assert "is worn until you leave" in app.told[0]
        assert app.theme != "textual-dark"


async def test_what_needs_a_person_is_told_in_one_note(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        await opened(pilot)
        propose(session, 30)
        await until(pilot, lambda: app.told)
        assert app.told == ["◆ 30 new approvals, 30.00 EUR at stake · g a shows it"]
        with session.store.write() as t:
            add_event(t, "t_t-4", "handoff", "escalation", {})
            add_event(t, "t_t-1", "triage", "triage", {})
        propose(session, 1, start=50, by="maya")
        await until(pilot, lambda: len(app.told) > 1)
        assert app.told[1:] == ["▲ T-4 goes to a person"]


async def test_notes_can_be_turned_off(session: TestSession) -> None:
    off = Settings.model_validate({"arrivals": {"toasts": False}})
    app = console(session, settings=off)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        propose(session, 1)
        await until(pilot, lambda: desk.approvals.count == 5)
        await pilot.pause(0.6)
        assert app.told == []


async def test_approvals_that_wait_too_long_are_told(session: TestSession) -> None:
    settings = Settings.model_validate({"reminders": {"after": ["30m", "1h"]}})
    app = console(session, settings=settings)
    async with app.run_test(size=(160, 48)) as pilot:
        await opened(pilot)
        await until(pilot, lambda: app.told)
        assert app.told == ["◆ 3 approvals wait too long; the first for 1h: Reset a service · T-3"]


async def test_a_view_of_ones_own_is_a_search_that_can_be_seen(session: TestSession) -> None:
    app = console(session, settings=Settings(views={"law": "status:escalated law"}))
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "v", "end", "enter")
        await until(pilot, lambda: desk.queue.total == 1)
        assert desk.query_one("#search-input", Input).value == "status:escalated law"
        await press(pilot, "escape")
        await until(pilot, lambda: desk.queue.total > 1)


async def test_copying_offers_what_is_there(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a", "y")
        assert isinstance(app.screen, Pick)
        await press(pilot, "enter")
        assert desk.preview.shown is not None
        assert app.clipboard == desk.preview.shown.id
        await press(pilot, "g", "q", "y", "enter")
        assert desk.detail is not None
        assert app.clipboard == desk.detail.ticket.ref


async def test_a_reply_is_copied_without_what_steers_a_terminal(session: TestSession) -> None:
    with session.store.write() as t:
        ticket = add_ticket(t, "C-1", "New", "Hello", minutes=0)
        add_run(t, ticket)
        arguments = {"ticket": ticket, "body": "Dear Ada,\n\x1b[31mdone\x07."}
        add_action(t, ticket, "send_reply", arguments, id="a_c", state="verified")
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "home")
        await until(pilot, lambda: desk.detail and desk.detail.ticket.ref == "C-1")
        await press(pilot, "g", "c", "y", "enter")
        assert app.clipboard == "Dear Ada,\ndone."


async def test_ctrl_c_copies_what_is_selected_and_asks_otherwise(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await press(pilot, "slash")
        assert isinstance(app.focused, Input)
        app.focused.value = "invoice"
        app.focused.action_select_all()
        await press(pilot, "ctrl+c")
        assert app.clipboard == "invoice"
        assert app.told == []
        app.focused.value = ""
        await press(pilot, "ctrl+c")
        assert app.told == ["Press ctrl+c again to leave"]
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert app.return_code == 0


async def test_times_are_shown_in_the_zone_that_is_set(session: TestSession) -> None:
    app = console(session, settings=Settings(time_zone="Asia/Tokyo"))
    async with app.run_test(size=(160, 48)) as pilot:
        await opened(pilot)
        assert "2026-03-11 17:58 JST" in words(app, "#conversation-words")


async def test_a_letter_right_after_g_is_no_decision(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a", "end")
        low = desk.preview.shown
        assert low is not None
        for key in "gaga" * 5 + "gq":
            app.simulate_key(key)
        await until(pilot, lambda: app.screen is desk and desk.pane == "queue")
        assert session.service.calls == []
        assert find_action(session.store, low.id).state == "proposed"


async def test_less_motion(session: TestSession) -> None:
    app = console(session, settings=Settings(reduced_motion=True))
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        assert app.animation_level == "none"


async def test_escape_and_g_typed_fast_go_where_the_next_letter_says(session: TestSession) -> None:
    app = console(session, keys=Keys({"goto": "z"}))
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "z", "c")
        assert desk.pane == "conversation"
        await press(pilot, "alt+z", "q")
        assert app.is_running
        assert desk.pane == "queue"
        await press(pilot, "slash", "alt+z", "a")
        assert desk.pane == "approvals"
        await press(pilot, "space", "alt+z")
        assert not desk.approvals.marks
        await press(pilot, "t")
        assert desk.pane == "trace"


async def test_quitting_asks_once_while_something_would_be_lost(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a", "space", "q")
        assert app.is_running
        assert "1 approval is marked and not decided; q again leaves" in app.told[-1]
        await press(pilot, "escape")
        app.desk_work.drafts.note("t_gone", "T-77", "Half of it")
        await press(pilot, "g", "q", "q")
        await until(pilot, lambda: len(app.told) > 1 and "T-77" in app.told[-1])
        assert desk.is_current
        await pilot.press("q")
        await pilot.pause(0.1)
    assert app.return_code == 0


async def test_there_is_one_note_at_a_time_and_it_covers_nothing_that_is_decided(
    session: TestSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.note_line.NOTE_SECONDS", 1.0)
    app = console(session)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        desk = await opened(pilot)
        await press(pilot, "g", "a")
        for _ in range(2):
            app.notify("The same words", markup=False, timeout=1)
        app._tell([Note("◆ one"), Note("▲ two", "warning"), Note("◆ three")])
        app._tell([Note("◆ one")])
        await pilot.pause(0.1)
        toasts = list(app.screen.query(Toast))
        assert len(toasts) == 1
        assert toasts[0].region.bottom <= desk.approvals.region.bottom
        assert not toasts[0].region.overlaps(desk.preview.region)
        assert app.told == ["The same words"] * 2
        await until(pilot, lambda: app.told[-1] == "▲ two\n◆ one")
        await pilot.pause(0.1)
        assert len(app.screen.query(Toast)) == 1
