"""Our side of the model's process: starts it, speaks to it, and notices when it is gone."""

import contextlib
import json
import os
import queue
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from agents.errors import Retryable

PROGRAM = Path(__file__).with_name("model_client.py")

STARTING = 90.0
"""Seconds that a new process may take before its first answer, since it imports litellm then."""

GRACE = 5.0
"""Seconds beyond its own limit after which a process that says nothing is taken to hang."""

Reply = dict[str, Any]


class ClientGone(Retryable):
    """The model's process ended, or hangs, while it was to answer."""


class ModelProcess:
    """One process that asks models, started at the first request; safe to use from threads."""

    def __init__(self, environment: Callable[[], Mapping[str, str]], grace: float = GRACE) -> None:
        """`environment` gives all that it is to know of ours, when it starts."""
        self._environment, self._grace = environment, grace
        self._lock = threading.Lock()
        self._started: _Started | None = None
        self._closed = False
        self._numbers = count(1)

    @property
    def pid(self) -> int | None:
        """The process that runs now; None if there is none."""
        started = self._started
        return started.process.pid if started and not started.gone else None

    def request(
        self, message: dict[str, Any], seconds: float, told: Callable[[str], None] | None = None
    ) -> Reply:
        """The reply to one message; if the process is lost meanwhile, it is asked once more.

        ClientGone if it is lost twice.
        """
        try:
            return self._once(message, seconds, told)
        except ClientGone:
            if told is not None:
                told("")
            return self._once(message, seconds, told)

    def _once(
        self, message: dict[str, Any], seconds: float, told: Callable[[str], None] | None
    ) -> Reply:
        started = self._running()
        name = f"r{next(self._numbers)}"
        replies = started.expect(name)
        try:
            started.send({"id": name, "seconds": seconds, **message})
            while True:
                patience = seconds + self._grace + (0 if started.answered else STARTING)
                try:
                    reply = replies.get(timeout=patience)
                except queue.Empty:
                    started.kill()
                    raise ClientGone("the model's process does not answer any more") from None
                if reply is None:
                    raise ClientGone("the model's process ended")
                if "words" not in reply:
                    return reply
                if told is not None:
                    told(reply["words"])
        except BaseException:
            # An answer that nobody waits for is not paid for to its end.
            with contextlib.suppress(ClientGone):
                started.send({"id": f"{name}c", "op": "cancel", "of": name})
            raise
        finally:
            started.forget(name)

    def _running(self) -> "_Started":
        with self._lock:
            if self._closed:
                raise ClientGone("the model's process is not needed any more")
            if self._started is None or self._started.gone:
                self._started = _Started(self._environment())
            return self._started

    def close(self) -> None:
        """End the process, if it runs; who still waits for it, or asks, finds it gone."""
        with self._lock:
            self._closed = True
            if self._started is not None:
                self._started.end()
                self._started = None


class _Started:
    """A process that was started, and who waits for what from it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # What libraries say there may quote a request.
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            cwd=os.sep,
            # Ctrl+c is for who started us; the process ends when its standard input does.
            start_new_session=True,
            bufsize=0,
        )
        assert self.process.stdin is not None
        os.set_blocking(self.process.stdin.fileno(), False)
        self.gone = self.answered = False
        self._waiting: dict[str, queue.SimpleQueue[Reply | None]] = {}
        self._lock, self._writing = threading.Lock(), threading.Lock()
        threading.Thread(target=self._listen, name="model-client", daemon=True).start()

    def expect(self, name: str) -> "queue.SimpleQueue[Reply | None]":
        replies: queue.SimpleQueue[Reply | None] = queue.SimpleQueue()
        with self._lock:
            self._waiting[name] = replies
            if self.gone:
                replies.put(None)
        return replies

    def forget(self, name: str) -> None:
        with self._lock:
            self._waiting.pop(name, None)

    def send(self, message: dict[str, Any]) -> None:
        line = memoryview(json.dumps(message).encode() + b"\n")
        assert self.process.stdin is not None
        try:
            with self._writing:
                while line:
                    # Not written at all where the pipe is full, which is None.
                    line = line[self.process.stdin.write(line) or self._room() :]
        except (OSError, ValueError):
            self.gone = True
            raise ClientGone("the model's process ended") from None

    def _room(self) -> int:
        """Wait until the process takes more; kill it if it does not."""
        assert self.process.stdin is not None
        if not select.select([], [self.process.stdin], [], GRACE)[1]:
            self.kill()
        return 0

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            try:
                reply = json.loads(line)
            except ValueError:  # the last line of a process that was killed
                break
            self.answered = True
            with self._lock:
                waiting = self._waiting.get(reply["id"])
            if waiting is not None:
                waiting.put(reply)
        self.kill()
        with self._lock:
            self.gone = True
            for replies in self._waiting.values():
                replies.put(None)
        self.process.stdout.close()

    def kill(self) -> None:
        self.gone = True
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        self.gone = True
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.kill()
