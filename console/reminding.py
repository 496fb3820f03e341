"""Sending reminders beyond the terminal: by a team's own command, or by apprise."""

import importlib.util
import logging
import os
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from agents.reminders import Reminder, due, record_failure, take_up, told_so_far
from console.arrivals import Note
from console.format import label, line, money, span
from data.errors import HandrailError
from data.queries.approvals import pending_approvals
from data.redaction import redact_text
from data.store import Store

if TYPE_CHECKING:
    from console.settings import Reminders

LOOK_SECONDS = 20.0
"""Between two looks at what waits."""

TRIES = 3
AGAIN_SECONDS = 5.0
"""How often a reminder is tried, and how long after a failure."""

PATIENCE_SECONDS = 30
"""How long a command may take."""

NAMED = 10
"""Approvals that one reminder names; the rest is counted."""

log = logging.getLogger(__name__)


class NotSent(HandrailError):
    """A reminder that a channel did not take; its text holds no address and no secret."""


class Channel(Protocol):
    """One way to people."""

    @property
    def name(self) -> str:
        """The setting that it comes from."""
        ...

    def send(self, title: str, text: str) -> None:
        """Send it; NotSent if it was not taken."""
        ...


class Command:
    """A program of the team's own, run without a shell, with the text on its standard input."""

    name = "reminders.command"

    def __init__(self, command: Sequence[str]) -> None:
        """The program and its arguments."""
        self._command = list(command)

    def send(self, title: str, text: str) -> None:
        """Run it; NotSent if it is not there, fails, or takes longer than half a minute."""
        program = line(os.path.basename(self._command[0]), 60)
        try:
            ended = subprocess.run(
                self._command,
                input=f"{title}\n\n{text}",
                text=True,
                capture_output=True,
                timeout=PATIENCE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NotSent(f"{program} took longer than {PATIENCE_SECONDS} s") from None
        except OSError as problem:
            raise NotSent(f"{program}: {problem.strerror}") from None
        if ended.returncode:
            said = line(redact_text(ended.stderr), 120)
            raise NotSent(f"{program} ended with code {ended.returncode}: {said}".rstrip(": "))


class Apprise:
    """Whatever apprise reaches by the addresses in an environment variable."""

    name = "reminders.apprise_env"

    def __init__(self, addresses: str) -> None:
        """Addresses, divided by spaces or commas; they may hold secrets and are never shown."""
        self._addresses = addresses

    def send(self, title: str, text: str) -> None:
        """Send to all; NotSent if one of them did not take it."""
        import apprise

        # Its own log lines name the addresses.
        logging.getLogger("apprise").setLevel(logging.CRITICAL)
        sender = apprise.Apprise()
        if not sender.add(self._addresses.replace(",", " ").split()):
            raise NotSent("apprise does not understand every address")
        if not sender.notify(title=title, body=text):
            raise NotSent("apprise could not reach every address")


def channels_of(
    reminders: "Reminders", environment: Mapping[str, str] = os.environ
) -> list[Channel]:
    """The ways that are set; HandrailError if one of them cannot work here."""
    found: list[Channel] = []
    if reminders.command:
        found.append(Command(reminders.command))
    if reminders.apprise_env:
        addresses = environment.get(reminders.apprise_env, "").strip()
        if not addresses:
            raise HandrailError(
                f"reminders.apprise_env: the environment variable {reminders.apprise_env} is not "
                "set; put the addresses for apprise into it"
            )
        if importlib.util.find_spec("apprise") is None:
            raise HandrailError(
                "reminders.apprise_env: apprise is not installed; "
                "`pip install handrail[remind]`, or take the setting out"
            )
        found.append(Apprise(addresses))
    return found


def words_of(reminders: Sequence[Reminder]) -> tuple[str, str]:
    """Title and text of one message; no name or word of a customer is in it."""
    count = len(reminders)
    title = f"Handrail: {count} approval{'s wait' if count > 1 else ' waits'} for a decision"
    rows = [f"- {_what(r)}, ticket {line(r.action.ticket_ref, 40)}, waits {span(r.waited)}"
            for r in reminders[:NAMED]]  # fmt: skip
    if count > NAMED:
        rows.append(f"- and {count - NAMED} more")
    sums: Counter[str] = Counter()
    for each in reminders:
        if each.action.amount and each.action.currency:
            sums[each.action.currency] += each.action.amount
    if sums and count > 1:
        rows.append("At stake: " + ", ".join(money(n, c) for c, n in sorted(sums.items())))
    rows.append("`handrail approvals` lists what waits.")
    return title, "\n".join(rows)


def _what(reminder: Reminder) -> str:
    action = reminder.action
    return f"{label(action.name)} {money(action.amount, action.currency)}".strip()


class LateApprovals:
    """What waits too long, told once at each level to the person at one console."""

    def __init__(self, store: Store, levels: Sequence[timedelta]) -> None:
        """At these times of waiting."""
        self._store, self._levels = store, levels
        self._told: dict[str, timedelta] = {}

    def look(self) -> Note | None:
        """A note for what has become late since the last look."""
        approvals = pending_approvals(self._store)
        late = due(approvals, self._levels, self._told, self._store.clock.now())
        self._told |= {reminder.action.id: reminder.after for reminder in late}
        if not late:
            return None
        first = f"{_what(late[0])} · {line(late[0].action.ticket_ref, 40)}"
        if len(late) == 1:
            return Note(f"◆ Waits for {span(late[0].waited)}: {first}", "warning")
        return Note(
            f"◆ {len(late)} approvals wait too long; the first for {span(late[0].waited)}: {first}",
            "warning",
        )


class Reminding:
    """Looks, from a thread of its own, whether people are to be reminded, and does it."""

    def __init__(
        self,
        store: Store,
        reminders: "Reminders",
        channels: Sequence[Channel],
        told: Callable[[str], None],
    ) -> None:
        """`told` hears, from the thread, of what could not be sent."""
        self._store, self._levels = store, reminders.after
        self._channels, self._told = channels, told
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reminders", daemon=True)

    def start(self) -> None:
        """Begin, if there is anything to do."""
        if self._levels and self._channels:
            self._thread.start()

    def stop(self) -> None:
        """End the thread; waits shortly for it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except Exception as problem:  # the database is out of reach: looked at again soon
                log.warning("reminders: %s", type(problem).__name__)
            self._stopping.wait(LOOK_SECONDS)

    def look(self) -> list[Reminder]:
        """Send what is due now; what this process sent, or tried to."""
        now = self._store.clock.now()
        late = due(pending_approvals(self._store), self._levels, {}, now)
        told = told_so_far(self._store, [reminder.action for reminder in late])
        again = [r for r in late if r.after > told.get(r.action.id, timedelta(0))]
        taken = take_up(self._store, again)
        if taken:
            title, text = words_of(taken)
            for channel in self._channels:
                self._send(channel, title, text, taken)
        return taken

    def _send(self, channel: Channel, title: str, text: str, taken: Sequence[Reminder]) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                channel.send(title, text)
                return
            except Exception as problem:
                said = str(problem) if isinstance(problem, NotSent) else type(problem).__name__
                last = attempt == TRIES or self._stopping.wait(AGAIN_SECONDS)
            if last:
                record_failure(self._store, taken, channel.name, said)
                self._told(f"{channel.name}: a reminder was not sent: {said}")
                return
