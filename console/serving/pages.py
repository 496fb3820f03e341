"""The page and the files that it loads: ours, and the terminal of textual-serve."""

from importlib.resources import files
from importlib.resources.abc import Traversable

from aiohttp import web

HTML, CSS, SCRIPT = "text/html", "text/css", "text/javascript"


def _own(name: str) -> Traversable:
    return files("console.serving") / "static" / name


def _theirs(*parts: str) -> Traversable:
    return files("textual_serve").joinpath("static", *parts)


PAGE = _own("index.html")

LOADED: dict[str, tuple[Traversable, str]] = {
    "icon.svg": (_own("icon.svg"), "image/svg+xml"),
    "page.css": (_own("page.css"), CSS),
    "page.js": (_own("page.js"), SCRIPT),
    "terminal.css": (_theirs("css", "xterm.css"), CSS),
    "terminal.js": (_theirs("js", "textual.js"), SCRIPT),
    "mono.ttf": (_theirs("fonts", "RobotoMono-VariableFont_wght.ttf"), "font/ttf"),
    "mono-italic.ttf": (_theirs("fonts", "RobotoMono-Italic-VariableFont_wght.ttf"), "font/ttf"),
}
"""All that is ever served beside the page: name to file and type."""


async def page(request: web.Request) -> web.Response:
    """The page, the same for everybody."""
    return web.Response(body=PAGE.read_bytes(), content_type=HTML, charset="utf-8")


async def loaded(request: web.Request) -> web.Response:
    """One of the files that the page loads."""
    found = LOADED.get(request.match_info["name"])
    if found is None:
        raise web.HTTPNotFound(text="handrail: there is no such file\n")
    file, kind = found
    charset = None if kind.startswith("font/") else "utf-8"
    return web.Response(body=file.read_bytes(), content_type=kind, charset=charset)
