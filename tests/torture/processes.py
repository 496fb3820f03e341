"""Workers and people as processes, forked from one that has read everything already.

A worker is `agents.worker.main` on a workspace's path, what `python -P -m agents.worker` runs.
"""

import logging
import os
import sys
import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

import agents.runtime.dbos_runtime
import agents.worker
from agents.reach import Voice
from data.errors import HandrailError
from tests.torture.crowd import WORKSPACE
from tests.torture.hindrances import Ways, hinder
from tests.torture.people import people_of

LOOK_SECONDS = 0.02
WARM = agents.runtime.dbos_runtime.WORKFLOW
"""Imported once, for all the forks."""


def start_worker(ways: Ways, *more: str) -> int:
    """A worker process on the folder's workspace; its pid. It ends with this process."""
    parent = str(os.getpid())

    def run() -> int:
        place = str(ways.folder / WORKSPACE)
        return agents.worker.main([place, "--parent", parent, *more])

    return _fork(ways, run)


def start_people(ways: Ways, answers: dict[str, list[str]]) -> int:
    """A process of the people, who act until they are ended; its pid."""
    parent = os.getpid()

    def run() -> int:
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
        voice = Voice(logging.getLogger("people").warning, "all is well again")
        with people_of(ways.folder, answers) as people:
            while os.getppid() == parent:
                try:
                    idle = not people.act()
                    voice.tell(None)
                except (HandrailError, SQLAlchemyError) as problem:
                    voice.tell(str(problem)[:200])
                    idle = True
                if idle:
                    time.sleep(LOOK_SECONDS)
        return 0

    return _fork(ways, run)


def _fork(ways: Ways, run: Callable[[], int]) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        out = os.open(ways.folder / ways.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(out, 1)
        os.dup2(out, 2)
        hinder(ways)
        code = run()
    except BaseException:
        logging.getLogger(__name__).exception("ended")
    finally:
        sys.stderr.flush()
        os._exit(code)
