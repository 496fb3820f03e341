"""Who may ask for anything: every request passes here, and every answer gets its headers here."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from console.serving.address import Address
from console.serving.keys import Keys

SOCKET = "/ws"
TOKEN = "token"
"""The parameter of the address that carries the token."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_FOR_ALL = {
    "Cache-Control": "no-store",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "Server": "handrail",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def content_policy(address: Address) -> str:
    """What a page may load: its own files and its own websocket, nothing else."""
    own = " ".join(f"ws://{name}" for name in sorted(address.authorities))
    rules = {
        "default-src": "'none'",
        "connect-src": f"'self' {own}",
        "font-src": "'self'",
        "img-src": "'self'",
        "script-src": "'self'",
        "style-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


class Guard:
    """Lets in who brings the token or its cookie, under our own name, from our own pages."""

    def __init__(self, address: Address, keys: Keys) -> None:
        """For a server at `address`."""
        self._address, self._keys = address, keys
        self._cookie = f"handrail-{address.port}"
        self._headers = _FOR_ALL | {"Content-Security-Policy": content_policy(address)}

    async def headers(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        """Give an answer the headers that all have; called for each before it is sent."""
        response.headers.update(self._headers)

    def misplaced(self, request: web.Request) -> tuple[HTTPStatus, str] | None:
        """Why a request is refused whoever makes it, with the status; None if it is not."""
        host = request.headers.get("Host", "").lower()
        if host not in self._address.authorities:
            return HTTPStatus.MISDIRECTED_REQUEST, (
                f"only {self._address.origin} is served here; a tunnel must keep the port"
            )
        origin = request.headers.get("Origin")
        own = origin is not None and origin.lower() == f"http://{host}"
        fetched = request.headers.get("Sec-Fetch-Site", "none")
        if (
            not (own or (origin is None and request.path != SOCKET))
            or (request.path != "/" and fetched not in ("same-origin", "none"))
        ):  # fmt: skip
            return HTTPStatus.FORBIDDEN, "only a page of this server may ask for that"
        if request.method not in ("GET", "HEAD"):
            return HTTPStatus.METHOD_NOT_ALLOWED, "there is nothing to send here"
        return None

    def knows(self, request: web.Request) -> bool:
        """Whether the request brings our cookie."""
        return self._keys.knows(request.cookies.get(self._cookie, ""))

    def exchange(self, request: web.Request) -> web.Response | None:
        """The answer to an address with a token: a cookie, and the address without it.

        None if there is no token, or none of ours.
        """
        if request.path != "/" or request.method != "GET" or TOKEN not in request.query:
            return None
        cookie = self._keys.admit(request.query[TOKEN])
        if cookie is None:
            return None
        response = _to_the_page()
        response.set_cookie(self._cookie, cookie, httponly=True, samesite="Strict", path="/")
        return response

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request through, or answer it."""
        if (refused := self.misplaced(request)) is not None:
            return one_line(*refused)
        if (admitted := self.exchange(request)) is not None:
            return admitted
        if not self.knows(request):
            return one_line(
                HTTPStatus.FORBIDDEN, "open the address that `handrail serve` printed when it began"
            )
        if request.path == "/" and request.query_string:
            return _to_the_page()
        return await handler(request)


def one_line(status: HTTPStatus, text: str) -> web.Response:
    """An answer in one line of plain text."""
    return web.Response(status=status, text=f"handrail: {text}\n")


def _to_the_page() -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/"})
