"""The server: its routes, its life, and what ends with it."""

import asyncio
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


async def serve(
    listening: socket.socket,
    app: web.Application,
    on_ready: Callable[[], None],
) -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP; which of them came. Every page is closed by then."""
    came: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, _first, came, number)
    runner = web.AppRunner(
        app, access_log=None, shutdown_timeout=STOP_SECONDS, keepalive_timeout=15
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        on_ready()
        return await came
    finally:
        await runner.cleanup()


def _first(came: "asyncio.Future[int]", number: int) -> None:
    if not came.done():
        came.set_result(number)
