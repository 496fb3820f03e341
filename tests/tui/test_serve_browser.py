"""The console in a real browser."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.tui.browser import NAMES, Page, browsing, find_browser
from tests.tui.serving import (
    NAME,
    PASSPHRASE,
    decision_of,
    gone,
    make_workspace,
    serving,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads the list of processes from /proc"),
]

COLOURED = """
Math.max(...[...document.querySelectorAll("canvas")].map((canvas) => {
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const drawing = copy.getContext("2d");
  drawing.drawImage(canvas, 0, 0);
  const seen = drawing.getImageData(0, 0, copy.width, copy.height).data;
  let found = 0;
  for (let at = 0; at < seen.length; at += 4) {
    const three = seen.slice(at, at + 3);
    found += Math.max(...three) - Math.min(...three) > 80;
  }
  return found;
}))
"""
"""How many points of the terminal in the page have a colour, and are not only more or less grey."""


@pytest.fixture
def chromium() -> str:
    """The browser's program."""
    found = find_browser()
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed (Debian: chromium)")
    return found


async def sign_in(page: Page, passphrase: str = PASSPHRASE) -> None:
    """Fill in what a page asks for first."""
    await page.until_shown("Handrail: sign in")
    await page.write(NAME)
    await page.press("Tab")
    # Keys that come before the focus has moved would still go to the name.
    await page.until(lambda: page.line_of_cursor() == page.line_of("passphrase") + 1)
    await page.write(passphrase)
    await page.press("Enter")


async def test_a_person_signs_in_sees_the_queue_and_approves(chromium: str, tmp_path: Path) -> None:
    db = make_workspace(tmp_path)
    with serving(db) as server:
        async with browsing(chromium, tmp_path / "profile") as page:
            await page.open(server.address)
            await page.until_shown("Handrail: sign in")
            assert "Charged twice" not in page.shown()
            await sign_in(page)
            await page.until_shown("Charged twice for March")
            assert decision_of(db, "a_credit") == ("proposed", None)
            await page.press("g")
            await page.until_shown("go to")
            await page.press("a")
            await page.until_shown("▸Approvals (4)")
            await page.until_shown("Credit a balance")
            await page.press("a")
            await page.until(lambda: decision_of(db, "a_credit") == ("approved", NAME))

            assert await page.ask("location.href") == f"{server.origin}/"
            assert await page.ask(COLOURED) > 100
            own = (f"{server.origin}/", f"{server.origin.replace('http', 'ws')}/")
            assert [address for address in page.requested if not address.startswith(own)] == []
            # The terminal would write its sheet into the page, which gets it as a file instead.
            assert [said for said in page.complaints if "inline style" not in said] == []

            started = server.children()
            assert len(started) == 1
            await page.press("q")
            await page.until_asked("document.getElementById('why').textContent", "You left.")
            assert await asyncio.to_thread(gone, started)

            await page.press("Enter")  # on the button that opens it again
            await page.until_shown("Handrail: sign in")
            assert "Charged twice" not in page.shown()


async def test_a_wrong_passphrase_shows_nothing(chromium: str, tmp_path: Path) -> None:
    with serving(make_workspace(tmp_path)) as server:
        async with browsing(chromium, tmp_path / "profile") as page:
            await page.open(server.address)
            await sign_in(page, "not the passphrase")
            await page.until_shown("name or passphrase is wrong")
            assert "Charged twice" not in page.shown()
            assert NAME in page.shown()


async def test_without_the_token_there_is_one_line(chromium: str, tmp_path: Path) -> None:
    with serving(make_workspace(tmp_path)) as server:
        async with browsing(chromium, tmp_path / "profile") as page:
            await page.open(f"{server.origin}/")
            told = "handrail: open the address that `handrail serve` printed when it began"
            await page.until_asked("document.body.innerText.trim()", told)
            assert server.children() == []
