"""A child of the torture tests: `stage.py FOLDER few|all PART…` prints a JSON line per part.

Parts: `kills:SEED:COUNT`, `cold`, `workspace`, `back-office`, `disk:FOLDER`, `errors`, `silent`,
`mute`, `slow`. Each plays the crowd with worker processes and compares its end with that of an
undisturbed run; what differs stands in `problems`.
"""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import connect
from typing import Any

import agents.understanding.encoder_accurate
from agents.connectors.protocols import Reader, Writer
from tests.torture import faults
from tests.torture.crowd import WORKSPACE, Ends, crowd, difference, found_crowd
from tests.torture.hindrances import Room, Ways
from tests.torture.keeper import Keeper, Plan, Told, copy_of, undisturbed
from tests.torture.rooms import Filling, ballast, limits

ROOT = Path(__file__).parents[2]
UNHURT = ("verified", "executed", "undone")


class Stage:
    """The crowd, its end when nothing is in its way, and room for runs."""

    def __init__(self, folder: Path, *, few: bool) -> None:
        """Play it undisturbed, which reads every model and file into memory for all the forks."""
        self.folder, self.crowd, self.few = folder, crowd(few=few), few
        self.template = folder / "template"
        self.template.mkdir()
        found_crowd(self.template, self.crowd)
        self.calm = undisturbed(copy_of(self.template, folder / "calm"), self.crowd)
        with closing(connect(folder / "calm" / WORKSPACE)) as database:
            self.events = int(database.execute("SELECT count(*) FROM event").fetchone()[0])
        self._runs = 0

    def fresh(self, place: Path | None = None) -> Path:
        """The crowd as it is before anybody has begun, in a folder of its own."""
        self._runs += 1
        return copy_of(self.template, (place or self.folder) / f"run{self._runs}")

    def compare(self, ends: Ends, without: list[str] | None = None) -> list[str]:
        """What is wrong with an end, tickets `without` left aside where it differs."""
        refs = without or []
        rows = self.calm.touched(refs) | ends.touched(refs)
        told = difference(self.calm.as_json(refs, rows), ends.as_json(refs, rows))
        return [*ends.problems, *([told] if told else [])]

    def done(self, keeper: Keeper) -> float:
        """Which share of the record there is, against the undisturbed run."""
        return keeper.events() / self.events

    def kills(self, seed: int, count: int) -> Iterator[dict[str, Any]]:
        """Crowd after crowd with workers killed, until so many are dead."""
        turn = 0
        while count > 0:
            plan = Plan(seed + turn, min(count, 80))
            keeper = Keeper(self.fresh(), self.crowd, plan)
            told = keeper.run()
            count -= max(keeper.killed, 1)
            turn += 1
            yield {**_summary(told), "seed": plan.seed, "problems": self.compare(told.ends)}

    def cold(self) -> dict[str, Any]:
        """Two workers as a shell starts them, and nothing in their way."""
        folder = self.fresh()
        keeper = Keeper(folder, self.crowd, Plan(0, 0), start=_start_cold)
        told = keeper.run()
        return {**_summary(told), "problems": self.compare(told.ends)}

    def full(self, which: str, disk: Path | None = None) -> dict[str, Any]:
        """The workspace, the back office or a whole disk runs out of room, again and again."""
        room = Room()
        folder = self.fresh(disk)
        log = self.folder / f"{folder.name}.log"
        fill, empty = ballast(disk, folder) if disk else limits(folder, room, which)
        ways = Ways(folder, str(log), room=None if disk else room)
        keeper = Keeper(folder, self.crowd, Plan(0, 0), ways)
        shares = (0.3,) if self.few else (0.15, 0.4, 0.65)
        filling = Filling(log, lambda: self.done(keeper), fill, empty, shares)
        told = keeper.run(lambda _: filling.look())
        problems = self.compare(told.ends)
        lines = log.read_text().splitlines()
        if filling.noticed < (len(shares) + 1) // 2:
            problems.append(f"{filling.noticed} of {len(shares)} times did a worker say so")
        problems += [f"a worker said: {line}" for line in lines if not line[:4].isdigit()][:3]
        most = 12 * max(filling.noticed, 1)
        if len(lines) > most:
            problems.append(f"the workers said {len(lines)} lines, such as {lines[most // 2]}")
        return {**_summary(told), "said": lines[:4], "lines": len(lines), "problems": problems}

    def failing(self, how: str) -> dict[str, Any]:
        """A back office that errs, is silent after the work, is mute or slow."""
        folder = self.fresh()
        kept = folder / "asked"
        kept.mkdir()
        times = faults.Times(kept)
        writers: dict[str, Callable[[Writer], Writer]] = {
            "errors": lambda inner: faults.Erring(inner, times),
            "silent": lambda inner: faults.Silent(inner, times),
            "mute": lambda inner: faults.Mute(inner, times),
            "slow": lambda inner: faults.Slow(inner, times),
        }
        reads = {"errors": faults.erring_reads(times), "slow": faults.slow_reads}

        def reader(inner: Reader) -> Any:
            return faults.Reading(inner, reads[how]) if how in reads else inner

        ways = Ways(folder, "workers.log", reader=reader, writer=writers[how])
        told = Keeper(folder, self.crowd, Plan(0, 0), ways).run()
        hit = {"errors": faults.errs_for_ever, "mute": faults.is_silent}.get(how)
        apart = self._with_an_action(hit) if hit else []
        problems = self.compare(told.ends, apart)
        for ref in apart:
            problems += self._not_by_rule(how, ref, told.ends)
        asked = len(list(kept.iterdir()))
        return {**_summary(told), "apart": apart, "asked": asked, "problems": problems}

    def _with_an_action(self, hit: Callable[[str, dict[str, Any]], bool]) -> list[str]:
        """Tickets of which an action was carried out that a fault hits."""
        return [
            ref for ref, ticket in self.calm.tickets.items()
            if any(hit(a[0], a[1]) and a[2] in UNHURT for a in ticket["actions"] if a[0] != "undo")
        ]  # fmt: skip

    def _not_by_rule(self, how: str, ref: str, ends: Ends) -> list[str]:
        """What the end of a ticket that a fault has hit is to be, and is not."""
        found = ends.tickets[ref]
        if how == "errors":
            hit = [a for a in found["actions"] if faults.errs_for_ever(a[0], a[1])]
            states = {a[2] for a in hit} - {"withdrawn", "rejected"}
            if states != {"failed"} or found["status"] != "escalated":
                return [f"{ref} is {found['status']} with what failed {sorted(states)}"]
            return []
        hit = [a for a in found["actions"] if faults.is_silent(a[0], a[1]) and a[0] != "undo"]
        states = {a[2] for a in hit} - {"withdrawn", "rejected"}
        if states != {"executed"}:
            return [f"{ref}: what nobody knew is {sorted(states)}, not as the people found it"]
        if any(a[0] == "send_reply" for a in hit):
            # Whose answer is not known to have gone out is a person's, and no customer is awaited.
            usual = self.calm.tickets[ref]["status"]
            return [] if found["status"] in ("escalated", usual) else [f"{ref} is not {usual}"]
        told = difference(self.calm.effects_of(ref), ends.effects_of(ref), f"effects of {ref}")
        return [told] if told else []


def _summary(told: Told) -> dict[str, Any]:
    kinds: dict[str, int] = {}
    for word in told.deaths:
        kinds[word.split()[0]] = kinds.get(word.split()[0], 0) + 1
    tenths = [0] * 10
    for moment in told.moments:
        tenths[min(int(moment * 10), 9)] += 1
    return {
        "killed": len(told.moments), "deaths": kinds, "tenths": tenths, "in acts": told.in_acts,
        "seconds": round(told.seconds, 1),
    }  # fmt: skip


def _start_cold(ways: Ways) -> int:
    command = [sys.executable, "-P", "-m", "agents.worker", str(ways.folder / WORKSPACE)]
    with (ways.folder / ways.log).open("ab") as log:
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log).pid


@contextmanager
def _told(part: str) -> Iterator[Callable[[dict[str, Any]], None]]:
    def say(found: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps({"part": part, **found}) + "\n")
        sys.stdout.flush()

    try:
        yield say
    except Exception as problem:
        say({"problems": [f"{type(problem).__name__}: {problem}"]})


def main(folder: Path, size: str, *parts: str) -> None:
    """Play each part."""
    agents.understanding.encoder_accurate._THREADS = 1  # Threads of a model do not outlive a fork.
    stage = Stage(folder, few=size == "few")
    gc.collect()
    gc.freeze()  # Forks share what is there; a collection would copy it.
    for part in parts:
        name, *more = part.split(":")
        with _told(part) as say:
            if name == "kills":
                for found in stage.kills(int(more[0]), int(more[1])):
                    say(found)
            elif name == "cold":
                say(stage.cold())
            elif name == "disk":
                say(stage.full(name, Path(more[0])))
            elif name in ("workspace", "back-office"):
                say(stage.full(name))
            else:
                say(stage.failing(name))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
