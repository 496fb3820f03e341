"""Files and addresses in the conversation: shown, opened by the terminal, saved by a key."""

from pathlib import Path

import pytest
from textual.widgets import Static

from agents.intake.records import Attached
from console.screens.ask import Ask
from console.screens.desk import Desk
from tests.tui.driving import console, opened, press, until, words
from tests.tui.world import TestSession

BODY = "See https://a.example/x \x1b]8;;https://evil.example\x07here\x1b]8;;\x07."


@pytest.fixture
def with_files(session: TestSession) -> TestSession:
    """The first ticket gets a message with an address and two files."""
    files = [Attached("../[b]a[/b].txt", "text/plain", 5, b"hello"), Attached("b.png", "x", 9)]
    session.service.receive("t_t-1", BODY, attachments=files)
    return session


async def _at(desk: Desk, pilot: object) -> None:
    for _ in range(20):
        if desk.detail is not None and desk.detail.ticket.ref == "T-1":
            return
        await press(pilot, "j")  # type: ignore[arg-type]
    raise AssertionError("no T-1")


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
async def test_files_are_shown_and_saved(
    with_files: TestSession, size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = console(with_files)
    async with app.run_test(size=size) as pilot:
        desk = await opened(pilot)
        await _at(desk, pilot)
        await until(pilot, lambda: "⎘ b.png" in words(app, "#conversation-words"))
        assert "⎘ ../[b]a[/b].txt (text/plain, 5 B)" in words(app, "#conversation-words")
        await press(pilot, "s")
        assert isinstance(app.screen, Ask)
        await press(pilot, *"out", "enter")
        await until(pilot, lambda: isinstance(app.screen, Desk))
        assert any(told.startswith("1 saved in") for told in app.told)
        assert any("not b.png" in told for told in app.told)
        (saved,) = (tmp_path / "out").iterdir()
        assert saved.read_bytes() == b"hello"


async def test_an_address_is_a_link_to_itself_and_hidden_ones_are_words(
    with_files: TestSession,
) -> None:
    app = console(with_files)
    async with app.run_test(size=(160, 48)) as pilot:
        desk = await opened(pilot)
        await _at(desk, pilot)
        await until(pilot, lambda: "a.example" in words(app, "#conversation-words"))
        content = app.screen.query_one("#conversation-words", Static).visual
        links = {
            (content.plain[s.start : s.end], s.style.link)  # type: ignore[attr-defined]
            for s in content.spans  # type: ignore[attr-defined]
            if getattr(s.style, "link", None)
        }
        assert links == {("https://a.example/x", "https://a.example/x")}


async def test_without_files_the_key_says_so(session: TestSession) -> None:
    app = console(session)
    async with app.run_test(size=(160, 48)) as pilot:
        await opened(pilot)
        await press(pilot, "s")
        assert app.told == ["Save files: no file came with this ticket"]
