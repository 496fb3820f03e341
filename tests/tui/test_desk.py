"""The desk by keys: queue, search, views, panes, what arrives while one looks."""

from pathlib import Path

from textual.widgets import Input

from console.actions import APP_WIDE, COMMANDS
from console.app import Handrail
from console.screens.approval import Approval
from console.screens.desk import Desk
from console.screens.help import Help
from data.errors import WorkspaceUnusable
from tests.tui.company import add_refund_ticket
from tests.tui.driving import console, opened, press, until, words
from tests.tui.rows import add_event, add_ticket
from tests.tui.world import TestSession, make_session


def arrive(session: TestSession, count: int, *, start: int = 100, minutes: float = 1) -> None:
    with session.store.write() as t:
        for n in range(start, start + count):
            add_ticket(t, f"N-{n}", f"New one {n}", "Hello", minutes=minutes - n / 100_000)


async def test_an_arrival_shows_by_itself(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        before = desk.ticket_id
        arrive(session, 1)
        await until(pilot, lambda: desk.queue.total == 6)
        row = desk.queue.row_at(0)
        assert row is not None
        assert row.ref == "N-100"
        assert desk.ticket_id == before == desk.queue.key


async def test_the_selected_row_stays_where_it_is_on_the_screen(session: TestSession) -> None:
    arrive(session, 60, start=0, minutes=30)
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, *["pagedown"] * 2, "j")
        key, queue = desk.queue.key, desk.queue

        def place() -> int:
            return queue.cursor * queue.row_height - queue.scroll_offset.y

        before = place()
        arrive(session, 7)
        await until(pilot, lambda: queue.total == 72)
        assert queue.key == key == queue.key_at(queue.cursor) == desk.ticket_id
        assert place() == before
        assert "7 new above" in str(desk.query_one("#left").border_subtitle)
        await press(pilot, "home")
        assert queue.cursor == 0


async def test_the_selected_ticket_stays_though_it_leaves_the_view(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "j")
        with session.store.write() as t:
            t.set_ticket("t_t-1", status="resolved")
            add_event(t, "t_t-1", "ticket.closed", "system", {})
        await until(pilot, lambda: desk.queue.gone)
        assert desk.ticket_id == "t_t-1"
        assert desk.queue.key_at(desk.queue.cursor) != desk.queue.key
        await press(pilot, "j")
        assert desk.ticket_id == "t_t-2"


async def test_the_trace_grows_while_the_agents_work(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "j", "g", "t")
        steps = desk.trace.last_event
        with session.store.write() as t:
            add_event(
                t,
                "t_t-1",
                "tool.called",
                "billing",
                {"tool": "read_plan"},
                run="r_t_t-1",
                step="s99",
            )
        await until(pilot, lambda: desk.trace.last_event > steps)
        labels = [
            str(node.label)
            for run in desk.trace.root.children
            for a in run.children
            for node in a.children
        ]
        assert any("read_plan" in label for label in labels)
        assert any(label.startswith("3,000 ms  ! service_status") for label in labels)


async def test_searching_by_words_and_fields(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "slash")
        assert isinstance(app.focused, Input)
        await pilot.press(*"status:nonsense")
        await until(pilot, lambda: "is unknown" in words(app, "#search-help"))
        assert desk.queue.total == 5
        app.focused.value = "status:escalated law"
        await until(pilot, lambda: desk.queue.total == 1)
        await press(pilot, "enter")
        assert desk.ticket_id == "t_t-4"
        await press(pilot, "escape")
        await until(pilot, lambda: desk.queue.total == 5)


async def test_views(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "v", "j", "enter")
        await until(pilot, lambda: desk.queue.total == 3)
        assert desk.queue.asked.view == "needs approval"


async def test_tab_walks_the_panes_at_every_size(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(80, 24)) as pilot:
        desk = await opened(pilot)
        for width in (80, 120, 160):
            await pilot.resize_terminal(width, 36)
            seen = []
            for _ in range(5):
                assert desk.focused is not None
                assert desk.focused.region.area > 0
                seen.append(desk.focused.id)
                await press(pilot, "tab")
            assert seen == ["queue", "conversation", "findings", "trace", "approvals"]


async def test_help_lists_every_command_with_its_key(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await press(pilot, "question_mark")
        assert isinstance(app.screen, Help)
        shown = words(app, "#help-keys Static")
        for command in COMMANDS:
            assert f"{command.keys}  {command.label}: " in shown
        await press(pilot, "escape")
        bound = {b.action for b in Desk.BINDINGS if not isinstance(b, tuple)}
        for command in COMMANDS:
            if (
                command.key
                and command.group not in ("Go to", "Replay")
                and command.id not in APP_WIDE
            ):
                assert f"command('{command.id}')" in bound


async def test_the_palette_runs_a_command(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        await press(pilot, "ctrl+p")
        await pilot.press(*"findings")
        await pilot.pause(0.4)
        await press(pilot, "enter")
        await until(pilot, lambda: desk.pane == "findings")


async def test_an_empty_workspace_says_what_to_do(empty_session: TestSession) -> None:
    app = console(empty_session)
    async with app.run_test(size=(80, 24)) as pilot:
        desk = await opened(pilot)
        assert "handrail ingest FILE" in words(app, "#welcome")
        assert desk.query_one("#welcome").region.area > 0
        with empty_session.store.write() as t:
            add_refund_ticket(t)
        await until(pilot, lambda: desk.detail)
        assert desk.query_one("#welcome").region.area == 0


async def test_a_tiny_terminal_gets_one_line(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.pause()
        visible = [w for w in app.screen.query("Screen > *") if w.region.area]
        assert [w.id for w in visible if w.display] == ["too-small"]
        await pilot.resize_terminal(80, 24)
        desk = await opened(pilot)
        assert desk.queue.region.area > 0


async def test_trouble_with_the_database_is_said_in_the_status_line(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = await opened(pilot)
        app.read_trouble("the database is locked by another program")
        assert "locked" in words(app, "#status")
        app.read_trouble(None)
        assert "locked" not in words(app, "#status")
        assert desk.queue.total == 5


class NoWorker(TestSession):
    """Cannot start one."""

    __test__ = False

    def start_worker(self):
        raise WorkspaceUnusable("the worker cannot be started: no room")


async def test_a_worker_is_started_where_none_is_alive_and_watched(tmp_path: Path) -> None:
    session = make_session(tmp_path, filled=False)
    app = Handrail(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: session.started == 1)
        desk = await opened(pilot)
        app.watch_worker(desk.health)  # type: ignore[arg-type]
        await until(pilot, lambda: "the worker ended (code 0)" in words(app, "#status"))
        await press(pilot, "w")
        await until(pilot, lambda: session.started == 2)
    broken = NoWorker(session.store, session.service)
    app = Handrail(broken)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "no room" in words(app, "#status"))
    session.close()


async def test_an_open_approval_says_when_it_no_longer_waits(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await press(pilot, "g", "a", "enter")
        assert isinstance(app.screen, Approval)
        session.service.reject("a_credit", by="other", reason="no")
        await until(
            pilot, lambda: "no longer waits: rejected by other" in words(app, "#approval-told")
        )
        await press(pilot, "a")
        assert any("no longer waits" in told for told in app.told)
        assert [call[0] for call in session.service.calls] == ["reject"]
