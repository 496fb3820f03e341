"""A server on this computer that speaks as services of language models do, by a script.

It serves the chat-completions interface over HTTP, streamed or not, in the shapes in which real
services answer, and keeps what it was asked.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Asked = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """What the service answers to one request."""

    text: str | None = None
    tools: tuple[tuple[str, str], ...] = ()
    """Names and arguments, as they are spelled, of tools that are called."""
    refusal: str | None = None
    finish: str = ""
    usage: tuple[int, int] | None = (20, 5)
    """Tokens read and written; None: the service does not say."""
    status: int = 200
    error: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    """The connection ends after so many pieces of a stream."""
    until: threading.Event | None = None
    """The answer waits for it."""
    padding: int = 0
    """Bytes of blanks before the answer; a multiple of 100,000."""
    page: str | None = None
    """A page for people, with `status`, in place of an answer."""
    hang_up: bool = False
    """The connection ends without an answer."""

    @property
    def end(self) -> str:
        """The finish reason."""
        return self.finish or ("tool_calls" if self.tools else "stop")


def said(value: object, **how: Any) -> Reply:
    """An answer that is a JSON value."""
    return Reply(json.dumps(value), **how)


def failed(status: int, message: str, code: str | None = None, **headers: str) -> Reply:
    """An error as services word it."""
    error = {"message": message, "type": "error", "param": None, "code": code}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, error=error, headers=named)


class ScriptedModel:
    """The script, and what was asked."""

    def __init__(self) -> None:
        """Without a script, every request is answered with an error."""
        self.asked: list[Asked] = []
        self.keys: list[str] = []
        self.script: deque[Reply] = deque()
        self.otherwise: Callable[[Asked], Reply] = lambda asked: failed(418, "no script")
        self.url = ""
        self._lock = threading.Lock()

    def will(self, *replies: Reply) -> None:
        """Answer with these, in this order, and then as before."""
        with self._lock:
            self.script.extend(replies)

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self.asked.clear()
            self.keys.clear()
            self.script.clear()
            self.otherwise = lambda asked: failed(418, "no script")

    def reply_to(self, asked: Asked, key: str) -> Reply:
        """The reply to a request, which is kept."""
        with self._lock:
            self.asked.append(asked)
            self.keys.append(key)
            if self.script:
                return self.script.popleft()
        return self.otherwise(asked)


def whole(reply: Reply, model: str) -> dict[str, Any]:
    """The body of an answer that is not streamed."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if reply.refusal is not None:
        message["refusal"] = reply.refusal
    if reply.tools:
        message["tool_calls"] = [
            {"id": f"call_{at}", "type": "function", "function": {"name": name, "arguments": given}}
            for at, (name, given) in enumerate(reply.tools)
        ]
    choice = {"index": 0, "message": message, "finish_reason": reply.end, "logprobs": None}
    body = {"id": "c1", "object": "chat.completion", "created": 1, "model": model}
    return body | {"choices": [choice]} | _usage(reply)


def _usage(reply: Reply) -> dict[str, Any]:
    if reply.usage is None:
        return {}
    read, written = reply.usage
    told = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return {"usage": told}


def pieces(reply: Reply, model: str) -> Iterator[dict[str, Any]]:
    """The pieces of a streamed answer: words, parts of tool calls, the end, the usage."""
    body = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": model}

    def piece(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return body | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    yield piece({"role": "assistant", "content": ""})
    for word in _split(reply.text or "", 6):
        yield piece({"content": word})
    for word in _split(reply.refusal or "", 6):
        yield piece({"refusal": word})
    for at, (name, given) in enumerate(reply.tools):
        begun = {"index": at, "id": f"call_{at}", "type": "function"}
        yield piece({"tool_calls": [begun | {"function": {"name": name, "arguments": ""}}]})
        for part in _split(given, 5):
            yield piece({"tool_calls": [{"index": at, "function": {"arguments": part}}]})
    yield piece({}, reply.end)
    if reply.usage is not None:
        yield body | {"choices": []} | _usage(reply)


def _split(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        reply = self.server.scripted.reply_to(asked, self.headers.get("Authorization", ""))
        if reply.until is not None:
            reply.until.wait(60)
        if reply.hang_up:
            self.close_connection = True
        elif reply.page is not None:
            self._send(reply.status, reply.page, {"Content-Type": "text/html"})
        elif reply.error is not None:
            self._send(reply.status, json.dumps({"error": reply.error}), reply.headers)
        elif asked.get("stream"):
            self._stream(asked, reply)
        else:
            self._send(200, json.dumps(whole(reply, asked["model"])), reply.headers, reply.padding)

    def _pad(self, size: int) -> None:
        for _ in range(0, size, 100_000):
            self.wfile.write(b" " * 100_000)

    def _send(self, status: int, body: str, headers: dict[str, str], padding: int = 0) -> None:
        told = body.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(told) + padding))
        self.end_headers()
        self._pad(padding)
        self.wfile.write(told)

    def _stream(self, asked: Asked, reply: Reply) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        self._pad(reply.padding)
        for at, piece in enumerate(pieces(reply, asked["model"])):
            if at == reply.cut_after:
                return
            self.wfile.write(f"data: {json.dumps(piece)}\n\n".encode())
            self.wfile.flush()
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    scripted: ScriptedModel

    def handle_error(self, request: object, client_address: object) -> None:
        """Who went away before the answer is no error."""


@contextmanager
def serving() -> Iterator[ScriptedModel]:
    """A scripted model at `url` for the length of the block."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.scripted = scripted = ScriptedModel()
    scripted.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield scripted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
