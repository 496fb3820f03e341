"""What is told of arrivals, of approvals that wait, and of faults, and how often."""

import logging
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from agents.reach import Reach
from agents.reminders import FAILED, TOLD, due, take_up, told_so_far
from console.arrivals import notes
from console.crash import Logbook, failed, report_of
from console.reminding import Command, LateApprovals, NotSent, Reminding, channels_of, words_of
from console.settings import Reminders
from console.terminal import notification
from data.errors import HandrailError, WorkspaceUnusable
from data.queries.approvals import pending_approvals
from data.queries.arrivals import Arrival, arrivals
from data.store import EVENT
from data.workspace import Workspace, open_workspace
from tests.tui.rows import NOW, add_action, add_event, add_run, add_ticket
from tests.tui.world import TestSession, make_session

HALF, TWO = timedelta(minutes=30), timedelta(hours=2)


@pytest.fixture
def session(tmp_path: Path):
    made = make_session(tmp_path)
    yield made
    made.close()


def kinds(store: Workspace, kind: str) -> int:
    with store.read() as connection:
        return len(connection.execute(EVENT.select().where(EVENT.c.kind == kind)).all())


class TestReminders:
    """Told once for each approval and level, by one process."""

    def test_only_the_highest_level_that_was_passed_is_due(self, session: TestSession) -> None:
        approvals = pending_approvals(session.store)
        found = due(approvals, [HALF, timedelta(hours=1)], {}, NOW)
        told = {r.action.id: r.after for r in found}
        assert told == {
            "a_reset": timedelta(hours=1),
            "a_credit": HALF,
            "a_reply": HALF,
        }
        assert found[0].action.id == "a_reset"
        again = due(approvals, [HALF, timedelta(hours=1)], {"a_reset": HALF, "a_reply": HALF}, NOW)
        assert {r.action.id for r in again} == {"a_reset", "a_credit"}

    def test_what_one_process_took_up_no_other_does(
        self, session: TestSession, tmp_path: Path
    ) -> None:
        other = open_workspace(str(tmp_path / "w.db"), clock=session.store.clock)
        late = due(pending_approvals(session.store), [HALF], {}, NOW)
        assert take_up(session.store, late) == late
        assert take_up(other, late) == []
        told = told_so_far(other, [r.action for r in late])
        assert told == {r.action.id: HALF for r in late}
        assert kinds(other, TOLD) == 3
        other.close()

    def test_what_was_decided_meanwhile_is_not_told(self, session: TestSession) -> None:
        late = due(pending_approvals(session.store), [HALF], {}, NOW)
        session.service.reject("a_credit", by="another", reason="no")
        assert "a_credit" not in {r.action.id for r in take_up(session.store, late)}

    def test_the_words_name_no_customer(self, session: TestSession) -> None:
        title, text = words_of(due(pending_approvals(session.store), [HALF], {}, NOW))
        assert title == "Handrail: 3 approvals wait for a decision"
        assert "Credit a balance 4,500 JPY, ticket T-2, waits 40m" in text
        for word in ("Kenji", "田中", "Priyanka", "example", "lawyer", "請求書"):
            assert word not in title + text

    def test_a_command_gets_the_text_without_a_shell(self, tmp_path: Path) -> None:
        out = tmp_path / "out; touch x"
        code = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"
        Command([sys.executable, "-c", code, str(out)]).send("Title", "Text")
        assert out.read_text() == "Title\n\nText"

    def test_a_failure_is_recorded_and_told_and_never_sent_twice(
        self, session: TestSession, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("console.reminding.AGAIN_SECONDS", 0.0)
        code = "import sys; print('no route to desk@example.org', file=sys.stderr); sys.exit(3)"
        told: list[str] = []
        command = Command([sys.executable, "-c", code])
        reminding = Reminding(session.store, Reminders(after=(HALF,)), [command], told.append)
        assert len(reminding.look()) == 3
        assert kinds(session.store, FAILED) == 1
        assert len(told) == 1
        assert "ended with code 3: no route to [email]" in told[0]
        assert reminding.look() == []

    def test_a_program_that_is_not_there(self) -> None:
        with pytest.raises(NotSent, match="nowhere-to-be-found: No such file"):
            Command(["/nowhere-to-be-found"]).send("a", "b")

    def test_addresses_come_from_the_environment_and_are_not_shown(self) -> None:
        pytest.importorskip("apprise")
        wanted = Reminders(after=(HALF,), apprise_env="DESK")
        with pytest.raises(HandrailError, match="variable DESK is not set"):
            channels_of(wanted, {})
        (channel,) = channels_of(wanted, {"DESK": "nonsense://me:secret@nowhere"})
        with pytest.raises(NotSent) as problem:
            channel.send("a", "b")
        assert "secret" not in str(problem.value)

    def test_a_console_tells_its_own_person_once(self, session: TestSession) -> None:
        late = LateApprovals(session.store, [HALF])
        note = late.look()
        assert note is not None
        assert note.text.startswith("◆ 3 approvals wait too long; the first for 1h")
        assert late.look() is None
        assert kinds(session.store, TOLD) == 0


class TestArrivals:
    """One note for each kind, however many came."""

    def test_what_came_and_still_waits(self, session: TestSession) -> None:
        store = session.store
        with store.write() as t:
            ticket = add_ticket(t, "N-1", "New", "Hello", status="awaiting_approval")
            add_run(t, ticket)
            arguments = {"customer": "cus", "amount": 500, "currency": "eur"}
            for name, state in (("a_n", "proposed"), ("a_gone", "rejected"), ("a_u", "unknown")):
                add_action(t, ticket, "issue_credit", arguments, id=name, state=state)
            for name in ("a_n", "a_gone"):
                add_event(t, ticket, "action.proposed", "billing", {"action": name})
            add_event(t, ticket, "action.unknown", "resolution", {"action": "a_u"})
            add_event(t, ticket, "handoff", "escalation", {"skill": "billing"})
            add_event(t, ticket, "triage", "triage", {})
        with store.read() as connection:
            newest = [row.id for row in connection.execute(EVENT.select())][-6:]
        found = arrivals(store, newest)
        assert [(a.kind, a.action_id, a.ticket_ref) for a in found] == [
            ("approval", "a_n", "N-1"),
            ("unknown", "a_u", "N-1"),
            ("escalation", None, "N-1"),
        ]
        told = [note.text for note in notes(found, "g a shows it")]
        assert told[0] == "◆ Credit a balance 5.00 EUR needs approval · N-1 · g a shows it"
        assert told[1].startswith("▲ N-1 ")
        assert "outcome unknown" in told[2]

    def test_many_are_one_note(self) -> None:
        came = [
            Arrival("approval", "t", f"T-{n}", f"a_{n}", "issue_credit", 100, "eur")
            for n in range(70)
        ] + [Arrival("escalation", "t", "T-1")] * 3
        told = [note.text for note in notes(came, "g a shows it")]
        assert told == [
            "◆ 70 new approvals, 70.00 EUR at stake · g a shows it",
            "▲ 3 tickets go to a person",
        ]

    def test_a_notification_of_the_desktop_passes_tmux(self) -> None:
        text = "new\x1b]52;c;eA==\x07 one\n"
        assert notification(text, {}) == "\x1b]9;new52;c;eA== one\x07"
        wrapped = notification(text, {"TMUX": "/tmp/x"})
        assert wrapped.startswith("\x1bPtmux;\x1b\x1b]9;")
        assert wrapped.endswith("\x07\x1b\\")


class TestReports:
    """What a report of a fault holds, and what it does not."""

    def test_neither_values_nor_words_of_customers(self, tmp_path: Path) -> None:
        logbook = Logbook()
        log = logging.getLogger("console.test")
        log.addHandler(logbook)
        log.setLevel(logging.INFO)
        for n in range(80):
            log.info("line %d of ada@example.com", n)
        log.removeHandler(logbook)
        customer = "I will tell my lawyer Ada"
        try:
            try:
                {}[customer]  # type: ignore[index]
            except KeyError:
                raise WorkspaceUnusable("no workspace of ada@example.com") from None
        except WorkspaceUnusable as problem:
            mine: BaseException = problem
        try:
            raise KeyError(customer)
        except KeyError as problem:
            other = problem
        text = report_of(mine, list(logbook.lines), {"TERM": "xterm", "SECRET": "hunter2"})
        assert "TERM=xterm" in text
        assert "WorkspaceUnusable: no workspace of [email]" in text
        assert "line 79 of [email]" in text
        assert "line 29 of" not in text
        assert "hunter2" not in text
        told = str(failed(other, [], tmp_path / "reports"))
        (report,) = (tmp_path / "reports").iterdir()
        assert str(report) in told
        assert "\n" not in told
        assert report.stat().st_mode & 0o077 == 0
        words = report.read_text()
        assert "in test_neither_values_nor_words_of_customers" in words
        assert customer not in words
        assert "textual 8" in words

    def test_old_reports_go(self, tmp_path: Path) -> None:
        for _ in range(23):
            failed(ValueError("x"), [], tmp_path)
        assert len(list(tmp_path.iterdir())) == 20


def test_the_back_office_is_looked_at_until_it_answers() -> None:
    answers = iter([HandrailError("the back office cannot be read (plans): locked"), None])
    seen: list[str | None] = []

    def look() -> None:
        answer = next(answers, None)
        seen.append(reach.problem)
        if answer is not None:
            raise answer

    reach = Reach(look)
    reach.start()
    for _ in range(500):
        if len(seen) >= 3:
            break
        reach.doubt()
        time.sleep(0.01)
    reach.stop()
    assert seen[0] is None
    assert seen[1] == (
        "the back office cannot be read (plans): locked; tickets wait until it answers"
    )
    assert seen[2] is None
