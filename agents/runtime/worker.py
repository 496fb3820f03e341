"""The loop of a worker process: look for tickets to advance, dispatch them, tell that it lives.

Knows no storage: all it needs of the store comes in as callables. The store's list of pending
tickets is the queue and says what there is to do; the dispatcher sees to it that one worker at a
time does it.
"""

import logging
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from agents.runtime.backoff import STUCK_AFTER, Backoff
from agents.runtime.protocol import (
    Abandoned,
    ChangeWatch,
    Dispatcher,
    HeldElsewhere,
    LiveWorkers,
    NotNow,
    PendingTickets,
    Settled,
)

HEARTBEAT_SECONDS = 2.0
SWEEP_SECONDS = 1.0
"""Tickets and timers are looked for at least this often, also when no change was seen."""

WATCH_SECONDS = 0.25
"""How long a wait for changes may last, and so how late the loop may notice that it shall stop."""

SHORTEST_TIMER = 0.02

log = logging.getLogger(__name__)

Inbox = SimpleQueue[Settled | None]
"""What the loop waits for: a dispatch is over, or (None) the store changed."""


def run_worker(
    dispatcher: Dispatcher,
    pending: PendingTickets,
    watch: ChangeWatch,
    heartbeat: Callable[[frozenset[str]], None],
    *,
    live_workers: LiveWorkers,
    on_timer: Callable[[], float | None],
    on_stuck: Callable[[str, Exception], None],
    stop: threading.Event,
    until_idle: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Work until `stop` is set or, with `until_idle`, until no ticket is pending or held by anyone.

    Whether it came to rest so, rather than being stopped.

    `heartbeat` is called with the tickets being advanced, before the first dispatch and every two
    seconds until the last advance has returned. `on_timer` carries out what is due and tells in how
    many seconds it next wants to be called. `on_stuck` hears of each failure of a ticket from the
    fifth in a row on, and should set it aside: else it is tried again every 30 seconds, and not
    waited for by `until_idle`. All of them are called from this thread, only `watch` from another.
    `stop` is set on return.
    """
    inbox: Inbox = SimpleQueue()
    backoff, rests = Backoff(), False
    watcher = threading.Thread(target=_watch, args=(watch, inbox, stop), name="store-watch")
    beat_at = timer_at = sweep_at = clock()
    heartbeat(frozenset())
    dispatcher.launch(inbox.put)
    watcher.start()
    try:
        while not stop.is_set() or dispatcher.running():
            now = clock()
            if now >= beat_at:
                heartbeat(dispatcher.running())
                beat_at = now + HEARTBEAT_SECONDS
                if not stop.is_set():
                    dispatcher.tend(live_workers)
            if now >= timer_at and not stop.is_set():
                due = on_timer()
                timer_at = now + _within(due, SHORTEST_TIMER, SWEEP_SECONDS)
            if now >= sweep_at and not stop.is_set():
                if _sweep(dispatcher, pending, backoff, now, until_idle) and inbox.empty():
                    rests = True
                    break
                sweep_at = min(now + SWEEP_SECONDS, backoff.next_due())
            wake_at = beat_at if stop.is_set() else min(beat_at, timer_at, sweep_at)
            messages = _listen(inbox, _within(wake_at - clock(), 0.0, SWEEP_SECONDS))
            for message in messages:
                if message is not None:
                    _note(message, backoff, clock(), on_stuck)
            if messages:
                sweep_at = now
    finally:
        stop.set()
        dispatcher.close()
        watcher.join()
    return rests


def _sweep(
    dispatcher: Dispatcher, pending: PendingTickets, backoff: Backoff, now: float, until_idle: bool
) -> bool:
    """Start what there is room for; whether a worker that works until idle has finished."""
    put_off = backoff.waiting(now)
    room = dispatcher.room()
    if not room:
        return False
    # In this order: what an advance left pending is to be seen by `pending` once it is not running.
    running = dispatcher.running()
    quiet = until_idle and not running and dispatcher.idle()
    apart = running | put_off
    tickets = pending(room + len(apart))
    if quiet and all(backoff.stuck(ticket) for ticket in tickets):
        return True
    for ticket in [ticket for ticket in tickets if ticket not in apart][:room]:
        dispatcher.start(ticket)
    return False


def _note(
    settled: Settled, backoff: Backoff, now: float, on_stuck: Callable[[str, Exception], None]
) -> None:
    """Draw the consequences of how a dispatch ended."""
    ticket_id, error = settled.ticket_id, settled.error
    if error is None:
        backoff.succeeded(ticket_id)
        return
    if isinstance(error, HeldElsewhere | NotNow):
        backoff.put_off(ticket_id, now + SWEEP_SECONDS)
        return
    times = STUCK_AFTER if isinstance(error, Abandoned) else 1
    failures = backoff.failed(ticket_id, now, times=times)
    log.warning("ticket %s could not be advanced (%d)", ticket_id, failures, exc_info=error)
    if backoff.stuck(ticket_id):
        on_stuck(ticket_id, error)


def _listen(inbox: Inbox, seconds: float) -> list[Settled | None]:
    """All messages there are, waiting for a first one at most so long."""
    messages = []
    try:
        messages.append(inbox.get(timeout=seconds))
        while True:
            messages.append(inbox.get_nowait())
    except Empty:
        return messages


def _watch(watch: ChangeWatch, inbox: Inbox, stop: threading.Event) -> None:
    """Put each change of the store into the inbox, and the wish to stop, on which it ends."""
    while not stop.is_set():
        try:
            if watch(WATCH_SECONDS):
                inbox.put(None)
        except Exception:
            log.exception("the store cannot be watched; it is swept each second meanwhile")
            stop.wait(SWEEP_SECONDS)
    inbox.put(None)


def _within(seconds: float | None, least: float, most: float) -> float:
    """The time span, held between two bounds; the longest if it is None."""
    return most if seconds is None else min(max(seconds, least), most)
