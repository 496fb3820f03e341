"""The server: its routes, its life, and what ends with it."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from http import HTTPStatus

from aiohttp import web

from console.serving import pages
from console.serving.guard import SOCKET, Guard, one_line
from console.serving.visits import Visits

STOP_SECONDS = 15.0
"""More than a page's process may take to end."""


def application(guard: Guard, visits: Visits) -> web.Application:
    """What answers, behind the guard."""

    async def page(request: web.Request) -> web.Response:
        await visits.wait_for_place()
        if (taken := visits.full) is not None:
            return one_line(HTTPStatus.SERVICE_UNAVAILABLE, taken)
        return await pages.page(request)

    async def stop(_: web.Application) -> None:
        visits.stop()

    app = web.Application(middlewares=[guard.middleware])
    app.router.add_get("/", page)
    app.router.add_get("/static/{name}", pages.loaded)
    app.router.add_get(SOCKET, visits.handle)
    app.on_response_prepare.append(guard.headers)
    app.on_shutdown.append(stop)
    return app


class Told(logging.Handler):
    """Faults of requests in a line each, without what was requested: it may hold a token."""

    def __init__(self, log: Callable[[str], None]) -> None:
        """Told by `log`."""
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Tell what kind of fault it was, and where in the code."""
        fault = record.exc_info[1] if record.exc_info else None
        if fault is None or record.exc_info is None:
            self._log("a request could not be answered")
            return
        at = record.exc_info[2]
        while at is not None and at.tb_next is not None:
            at = at.tb_next
        where = f" at {at.tb_frame.f_code.co_filename}:{at.tb_lineno}" if at else ""
        self._log(f"a request could not be answered: {type(fault).__name__}{where}")


async def serve(
    listening: socket.socket,
    app: web.Application,
    log: Callable[[str], None],
    on_ready: Callable[[], None],
) -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP; which of them came. Every page is closed by then."""
    loop = asyncio.get_running_loop()
    came: asyncio.Future[int] = loop.create_future()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, _note, came, number)
    told = logging.Logger("console.serving")
    told.addHandler(Told(log))
    runner = web.AppRunner(
        app, access_log=None, logger=told, shutdown_timeout=STOP_SECONDS, keepalive_timeout=15
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        on_ready()
        return await came
    finally:
        await runner.cleanup()


def _note(came: "asyncio.Future[int]", number: int) -> None:
    if not came.done():
        came.set_result(number)
