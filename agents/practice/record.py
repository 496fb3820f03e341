"""The practice of one person: cases shown and answered, kept in rows of their own."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from agents.errors import NotDecidable
from agents.practice.cases import Case, Course
from data.store import Store, table
from data.tables import PracticeCase

_CASE = table(PracticeCase)
MOST_CASES = 50


@dataclass(frozen=True)
class Shown:
    """A case that stands before a person."""

    id: str
    course: str
    operator: str
    case: Case
    shown_at: datetime


@dataclass(frozen=True)
class Answer:
    """What a person said to a case, and whether that was right."""

    case: Case
    approved: bool
    took: timedelta

    @property
    def correct(self) -> bool:
        """Whether right was approved, or wrong rejected."""
        return self.approved is (self.case.wrong is None)


class Practice:
    """One person's practice; it writes to the workspace nothing but what it was like."""

    def __init__(self, store: Store, operator: str) -> None:
        """For this person."""
        self.store, self.operator = store, operator

    def begin(self, cases: int, seed: int | None = None) -> Shown:
        """A new course, and its first case; a seed makes the same course again."""
        if not 1 <= cases <= MOST_CASES:
            raise NotDecidable(f"{cases} cases: a course has 1 to {MOST_CASES}")
        chosen = random.SystemRandom().randrange(1_000_000) if seed is None else seed
        return self._show(None, Course(chosen, cases), 1)

    def take_up(self) -> Shown | None:
        """The case that stands open, or the next of the newest course; None if that is over.

        What was left open begins anew: the time to decide runs from now.
        """
        newest = self._newest()
        if newest is None:
            return None
        course, number = Course(newest["seed"], newest["cases"]), newest["number"]
        if newest["answered_at"] is None:
            return self._again(newest, course.case(number))
        if number < newest["cases"]:
            return self._show(newest["course"], course, number + 1)
        return None

    def answer(self, shown: Shown, *, approve: bool, took: timedelta | None = None) -> Answer:
        """Keep what they said; NotDecidable if this case was answered already.

        `took` is how long it stood there; None: since it was shown.
        """
        with self.store.write() as tx:
            took = tx.now - shown.shown_at if took is None else took
            changed = tx.connection.execute(
                update(_CASE)
                .where(_CASE.c.id == shown.id, _CASE.c.answered_at.is_(None))
                .values(
                    answered_at=tx.now, approved=approve,
                    took_ms=max(0, round(took / timedelta(milliseconds=1))),
                )
            )  # fmt: skip
            if changed.rowcount != 1:
                raise NotDecidable("this case was answered already")
        return Answer(shown.case, approve, took)

    def opened(self) -> Shown | None:
        """The case that stands open since it was shown; None if none does."""
        newest = self._newest()
        if newest is None or newest["answered_at"] is not None:
            return None
        case = Course(newest["seed"], newest["cases"]).case(newest["number"])
        return Shown(newest["id"], newest["course"], self.operator, case, newest["shown_at"])

    def _newest(self) -> dict[str, Any] | None:
        query = select(_CASE).where(_CASE.c.operator == self.operator)
        query = query.order_by(_CASE.c.shown_at.desc(), _CASE.c.number.desc()).limit(1)
        with self.store.read() as connection:
            row = connection.execute(query).mappings().first()
        return dict(row) if row is not None else None

    def _again(self, row: dict[str, Any], case: Case) -> Shown:
        with self.store.write() as tx:
            tx.connection.execute(
                update(_CASE).where(_CASE.c.id == row["id"]).values(shown_at=tx.now)
            )
            return Shown(row["id"], row["course"], self.operator, case, tx.now)

    def _show(self, course_id: str | None, course: Course, number: int) -> Shown:
        case = course.case(number)
        with self.store.write() as tx:
            named, case_id = course_id or tx.ids("p"), tx.ids("pc")
            tx.insert(
                PracticeCase, id=case_id, course=named, operator=self.operator, seed=course.seed,
                number=number, cases=course.cases, scenario=case.scenario, wrong=case.wrong,
                shown_at=tx.now,
            )  # fmt: skip
            return Shown(case_id, named, self.operator, case, tx.now)
