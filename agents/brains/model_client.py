"""The process that speaks to language models; the only one that imports litellm.

It stands alone: started by `client.py` with a cleaned environment, it knows nothing of the
workspace and holds no credentials but the model's own key, so that a poisoned release of a library
finds little. Each line on standard input is a request, each line on standard output belongs to one
by its `id`:

- `{"id", "op": "ask", "seconds", "stream", "request"}` is answered by `{"id", "words"}` while words
  come, then `{"id", "answer"}` or `{"id", "fault"}`; `request` is what `litellm.acompletion` takes.
- `{"id", "op": "about", "model", "messages"}` is answered by what is known of a model without
  asking it: what it can, what a token costs (in US dollars), how many tokens the messages are.
- `{"id", "op": "cancel", "of"}` ends a request; it is answered by nothing.
"""

import asyncio
import ipaddress
import json
import math
import os
import re
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

LOOPBACK_ONLY = "HANDRAIL_NO_REAL_MODELS"
"""The environment variable that forbids every address but this computer's own."""

LONGEST_TOKEN = 100
"""Characters; an answer longer than all its tokens could be is given up."""

LARGEST_BODY = 16_000_000
"""Bytes of an answer with all that is around its words; more are not read."""

LONG = "long"
"""The finish of an answer that was given up for its length; nothing of it is kept."""

MOST_TOKENS = 10_000_000
"""Of one call, by what its service says; more is taken for a mistake."""

_NOTHING = {"tokens_in": 0, "tokens_out": 0, "dollars": 0.0}
_LONGEST_FAULT = 600
_SECRET = re.compile("KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)


def main() -> None:
    """Serve until standard input ends, which it does with the process that started this one."""
    if os.environ.get(LOOPBACK_ONLY):
        sys.addaudithook(_refuse_the_world)
    # Whatever a library prints is no answer of ours.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    lock = threading.Lock()

    def tell(message: dict[str, Any]) -> None:
        with lock:
            out.write(line_of(message))
            out.flush()

    loop = asyncio.new_event_loop()
    threading.Thread(target=_listen, args=(loop, Desk(tell)), daemon=True).start()
    loop.run_forever()


def _listen(loop: asyncio.AbstractEventLoop, desk: "Desk") -> None:
    try:
        for line in sys.stdin.buffer:
            loop.call_soon_threadsafe(desk.take, json.loads(line))
    finally:
        os._exit(0)


def line_of(message: dict[str, Any]) -> str:
    """A message as one line; halves of characters find together, a lone one is replaced."""
    text = json.dumps(message, ensure_ascii=False) + "\n"
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class Desk:
    """Takes requests and answers them side by side; lives in the event loop."""

    def __init__(self, tell: Callable[[dict[str, Any]], None]) -> None:
        """Tell what comes by `tell`."""
        self._tell = tell
        self._running: dict[str, asyncio.Task[None]] = {}

    def take(self, message: dict[str, Any]) -> None:
        """Begin with a request, or end another."""
        if message["op"] == "cancel":
            if task := self._running.get(message["of"]):
                task.cancel()
            return
        task = asyncio.ensure_future(self._serve(message))
        self._running[message["id"]] = task
        task.add_done_callback(lambda _: self._running.pop(message["id"], None))

    async def _serve(self, message: dict[str, Any]) -> None:
        try:
            litellm = await asyncio.to_thread(library)
            if message["op"] == "about":
                told = {"answer": await asyncio.to_thread(about, litellm, message)}
            else:
                told = {"answer": await self._ask(litellm, message)}
        except asyncio.CancelledError:
            return
        except BaseException as fault:
            asked = message.get("request") or {}
            told = {"fault": fault_of(fault, asked.get("key_variable") or "")}
        self._tell({"id": message["id"], **told})

    async def _ask(self, litellm: Any, message: dict[str, Any]) -> dict[str, Any]:
        request: dict[str, Any] = dict(message["request"])
        if variable := request.pop("key_variable", None):
            request["api_key"] = os.environ.get(variable)
        if os.environ.get(LOOPBACK_ONLY) and not _is_loopback(request.get("api_base") or ""):
            raise PermissionError(f"{LOOPBACK_ONLY} is set")
        seconds = message["seconds"]
        request |= {"timeout": seconds, "max_retries": 0, "num_retries": 0, "drop_params": True}
        begun = time.monotonic()
        try:
            if message.get("stream"):
                answer = await asyncio.wait_for(
                    self._streamed(litellm, message["id"], request), seconds
                )
            else:
                response = await asyncio.wait_for(litellm.acompletion(**request), seconds)
                answer = answer_of(litellm, response, request)
        except TooLong:
            answer = given_up(litellm, request)
        return {**answer, "seconds": time.monotonic() - begun}

    async def _streamed(self, litellm: Any, name: str, request: dict[str, Any]) -> dict[str, Any]:
        stream = await litellm.acompletion(
            **request, stream=True, stream_options={"include_usage": True}
        )
        if _header_of_stream(stream, "content-type").startswith("text/html"):
            raise Page
        chunks, refusal, fault, length = [], "", None, 0
        try:
            async for chunk in stream:
                chunks.append(chunk)
                for choice in chunk.choices:
                    length += _length_of(choice.delta)
                    _check_length(length, request)
                    refusal += _refusal_of(choice.delta)
                    if words := choice.delta.content:
                        self._tell({"id": name, "words": words})
        except TooLong:
            await stream.aclose()
            raise
        except litellm.exceptions.APIError as problem:
            # What came before the stream broke was paid for.
            fault = problem
        if fault is not None and not chunks:
            raise fault
        response = litellm.stream_chunk_builder(chunks, messages=request["messages"])
        if response is None:
            return {"text": "", "finish": "cut", "refusal": refusal, **_NOTHING}
        answer = answer_of(litellm, response, request)
        if fault is not None or stream.received_finish_reason is None:
            answer["finish"] = "cut"
        answer["refusal"] = answer["refusal"] or refusal
        return answer


def library() -> Any:
    """litellm, quiet; importing it takes seconds."""
    import litellm

    litellm.suppress_debug_info = True
    litellm.disable_hf_tokenizer_download = True
    bound_bodies()
    return litellm


def _header_of_stream(stream: Any, name: str) -> str:
    kept = (getattr(stream, "_hidden_params", None) or {}).get("additional_headers") or {}
    return str(kept.get(f"llm_provider-{name}") or "")


class Page(Exception):
    """A page for people came in place of an answer."""


class TooLong(BaseException):
    """An answer does not end; no `Exception`, which libraries would take for a broken connection
    and try again."""


@cache
def bound_bodies() -> None:
    """Let no body that httpx reads go beyond the largest; every library here reads by httpx."""
    import httpx

    whole, whole_now = httpx.Response.aiter_bytes, httpx.Response.iter_bytes

    async def aiter_bytes(self: Any, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        left = LARGEST_BODY
        async for part in whole(self, chunk_size):
            if (left := left - len(part)) < 0:
                await self.aclose()
                raise TooLong
            yield part

    def iter_bytes(self: Any, chunk_size: int | None = None) -> Iterator[bytes]:
        left = LARGEST_BODY
        for part in whole_now(self, chunk_size):
            if (left := left - len(part)) < 0:
                self.close()
                raise TooLong
            yield part

    httpx.Response.aiter_bytes = aiter_bytes  # type: ignore[method-assign]
    httpx.Response.iter_bytes = iter_bytes  # type: ignore[method-assign]


def given_up(litellm: Any, request: dict[str, Any]) -> dict[str, Any]:
    """What stands for an answer that does not end: it is charged as the longest asked for."""
    read = tokens_of(litellm, request["model"], messages=request["messages"])
    written = request["max_tokens"]
    took = {"tokens_in": read, "tokens_out": written}
    dollars = _price(litellm, request["model"], read, written)
    return {"text": "", "finish": LONG, "refusal": "", **took, "dollars": dollars}


def _check_length(length: int, request: dict[str, Any]) -> None:
    if length > LONGEST_TOKEN * request["max_tokens"]:
        raise TooLong


def _length_of(said: Any) -> int:
    """Characters of the words and the arguments of an answer, or of a part of one."""
    calls = [call.function.arguments or "" for call in said.tool_calls or []]
    return len(said.content or "") + len(_refusal_of(said)) + sum(map(len, calls))


def answer_of(litellm: Any, response: Any, request: dict[str, Any]) -> dict[str, Any]:
    """What a response says, as plain data."""
    if not response.choices:
        return {"text": "", "finish": "stop", "refusal": "", **_took(litellm, response, request)}
    choice = response.choices[0]
    _check_length(_length_of(choice.message), request)
    calls = [
        {"id": call.id or f"call_{at}", "name": call.function.name or "",
         "arguments": call.function.arguments or ""}
        for at, call in enumerate(choice.message.tool_calls or [])
    ]  # fmt: skip
    return {
        "text": choice.message.content or "",
        "finish": choice.finish_reason or "stop",
        "refusal": _refusal_of(choice.message),
        "tool_calls": calls,
        **_took(litellm, response, request),
    }


def _refusal_of(said: Any) -> str:
    told = getattr(said, "refusal", None)
    if not told:
        told = (getattr(said, "provider_specific_fields", None) or {}).get("refusal")
    return told if isinstance(told, str) else ""


def _took(litellm: Any, response: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Tokens, counted here if the service does not say, and dollars, 0 where no price is known."""
    usage = getattr(response, "usage", None)
    told = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    read, written = told
    if not read:
        read = tokens_of(litellm, request["model"], messages=request["messages"])
    if not written and response.choices:
        said = response.choices[0].message
        spelled = (said.content or "") + "".join(
            f"{call.function.name}{call.function.arguments}" for call in said.tool_calls or []
        )
        written = tokens_of(litellm, request["model"], text=spelled) if spelled else 0
    dollars = 0.0
    if all(told):
        with suppress(Exception):  # a model without a price
            dollars = litellm.completion_cost(completion_response=response, model=request["model"])
    if not (dollars > 0 and math.isfinite(dollars)):
        dollars = _price(litellm, request["model"], read, written)
    return {"tokens_in": read, "tokens_out": written, "dollars": dollars}


def _count(usage: Any, name: str) -> int:
    """Tokens as the service tells them; 0 where it does not, or tells what cannot be."""
    told = getattr(usage, name, None)
    return told if isinstance(told, int) and 0 < told <= MOST_TOKENS else 0


def _price(litellm: Any, model: str, read: int, written: int) -> float:
    try:
        dollars = float(
            sum(litellm.cost_per_token(model=model, prompt_tokens=read, completion_tokens=written))
        )
    except Exception:  # a model without a price
        return 0.0
    return max(0.0, dollars)


def tokens_of(litellm: Any, model: str, **what: Any) -> int:
    """How many tokens messages or a text are, about."""
    try:
        return int(litellm.token_counter(model=model, **what))
    except Exception:  # a tokenizer that is not at hand
        return len(json.dumps(what, ensure_ascii=False)) // 4


def about(litellm: Any, message: dict[str, Any]) -> dict[str, Any]:
    """What is known of a model without asking it; ValueError if its name tells no provider."""
    model = message["model"]
    try:
        provider = litellm.get_llm_provider(model)[1]
    except Exception:
        raise ValueError(f"{model!r} names no provider") from None
    return {
        "provider": provider,
        "tools": bool(litellm.supports_function_calling(model)),
        "schema": bool(litellm.supports_response_schema(model)),
        "dollars_in": _price(litellm, model, 1_000_000, 0) / 1_000_000,
        "dollars_out": _price(litellm, model, 0, 1_000_000) / 1_000_000,
        "tokens": tokens_of(litellm, model, messages=message.get("messages") or []),
    }


def fault_of(fault: BaseException, key_variable: str = "") -> dict[str, Any]:
    """An error as plain data, without keys: its kind, its HTTP status and Retry-After if it had
    them, the kinds of what it came from, and the text of the first cause."""
    causes = _causes(fault)
    told = {
        "kind": type(fault).__name__,
        "text": scrubbed(_printable(str(fault)), key_variable)[:_LONGEST_FAULT],
        "status": _status(fault),
        "code": _code(fault),
        "causes": [type(cause).__name__ for cause in causes],
        "cause": scrubbed(_printable(str(causes[-1])), key_variable)[:_LONGEST_FAULT],
    }
    wait = _header(fault, "retry-after")
    return told | ({"retry_after": wait} if wait else {})


def _causes(fault: BaseException) -> list[BaseException]:
    """An error, and what it came from, back to the first cause."""
    found: list[BaseException] = []
    cause: BaseException | None = fault
    while cause is not None and cause not in found:
        found.append(cause)
        cause = cause.__cause__ or cause.__context__
    return found


def _printable(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _status(fault: BaseException) -> int | None:
    if isinstance(fault, TimeoutError):
        return 408
    status = getattr(fault, "status_code", None)
    return status if isinstance(status, int) else None


def _code(fault: BaseException) -> str:
    """The service's own word for the error."""
    body = getattr(fault, "body", None)
    return str(body.get("code") or "") if isinstance(body, dict) else ""


def _header(fault: BaseException, name: str) -> str | None:
    """A header of the answer that an error stands for, which litellm keeps in several places."""
    response = getattr(fault, "response", None)
    for held in (
        getattr(fault, "litellm_response_headers", None),
        getattr(response, "headers", None),
        getattr(fault, "headers", None),
    ):
        if found := held and held.get(name):
            return str(found)
    return None


def scrubbed(text: str, variable: str = "") -> str:
    """`text` without the value of any key that this process holds; `variable` names one more."""
    held = [(v, n) for n, v in os.environ.items() if v and (n == variable or _SECRET.search(n))]
    for value, name in sorted(held, key=lambda pair: len(pair[0]), reverse=True):
        for spelled in {value, quote(value, safe=""), json.dumps(value)[1:-1]}:
            # A short one may be a part of any word.
            found = (
                re.escape(spelled) if len(spelled) >= 8 else rf"(?<!\w){re.escape(spelled)}(?!\w)"
            )
            text = re.sub(found, f"[{name}]", text)
    return text


def _is_loopback(address: str) -> bool:
    """Whether a URL or host is this computer's own."""
    host = urlsplit(address).hostname if "//" in address else address
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _refuse_the_world(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: no connection leaves this computer, whatever a library attempts."""
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host is not None and not _is_loopback(str(host)):
        raise PermissionError(f"{LOOPBACK_ONLY} is set: {host} is not this computer")


if __name__ == "__main__":
    main()
