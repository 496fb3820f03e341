"""Running the console on an open session, and what goes on beside it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from console import first_page
from console.app import Handrail
from console.keymap import Keys
from console.session import SessionLike

if TYPE_CHECKING:
    from console.crash import Logbook
    from console.reminding import Channel
    from console.settings import Settings


def run(
    session: SessionLike,
    *,
    worker: bool = True,
    keep_worker: bool = False,
    settings: "Settings | None" = None,
    keys: Keys | None = None,
    keep_in: Path | None = None,
    channels: "Sequence[Channel]" = (),
    logbook: "Logbook | None" = None,
) -> int:
    """Show the console until the person leaves; the code that a signal asks for, else 0.

    ConsoleFailed, after a report was written, if it met a fault of the program.
    """
    app = Handrail(
        session,
        worker=worker,
        keep_worker=keep_worker,
        settings=settings,
        keys=keys,
        keep_in=keep_in,
    )
    reminding = None
    if settings is not None and channels:
        from console.reminding import Reminding

        def told(words: str) -> None:
            app.notify(words, severity="error", markup=False, timeout=10)

        reminding = Reminding(session.store, settings.reminders, channels, told)
        reminding.start()
    first_page.hand_over()
    try:
        app.run()
    finally:
        if reminding is not None:
            reminding.stop()
        app.stop_worker()
    if app.failure is not None:
        from console import crash

        lines = list(logbook.lines) if logbook else []
        raise crash.failed(app.failure, lines, crash.reports_place())
    return app.return_code or 0
