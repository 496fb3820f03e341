"""The rows of a back office that is being made up, and the history of a customer in them."""

import calendar
import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from agents.connectors.embedded.schema import WORLD
from agents.connectors.protocols import Row

ALL = ["dashboard", "exports", "reports", "alerts", "api"]
PLANS: dict[str, Row] = {
    str(row["id"]): row
    for row in [
        {"id": "solo", "name": "Solo", "amount": 1400, "currency": "usd", "interval": "month",
         "features": ALL[:2]},
        {"id": "solo_eu", "name": "Solo", "amount": 1290, "currency": "eur", "interval": "month",
         "features": ALL[:2]},
        {"id": "team", "name": "Team", "amount": 4900, "currency": "usd", "interval": "month",
         "features": ALL},
        {"id": "team_uk", "name": "Team", "amount": 3850, "currency": "gbp", "interval": "month",
         "features": ALL},
        {"id": "studio_eu", "name": "Studio", "amount": 28800, "currency": "eur",
         "interval": "year", "features": ALL},
        {"id": "enterprise", "name": "Enterprise", "amount": 96000, "currency": "usd",
         "interval": "year", "features": [*ALL, "audit"]},
    ]
}  # fmt: skip
"""The demo company's plans."""


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a shorter month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


@dataclass
class Ledger:
    """Collects rows; `now` is the moment that every date is told from."""

    now: datetime
    rng: random.Random
    rows: dict[str, list[Row]] = field(default_factory=lambda: {table: [] for table in WORLD})
    _charges: int = 0

    def add(self, table: str, **row: Any) -> Row:
        """Put a row into a table."""
        self.rows[table].append(row)
        return row

    def subscribe(
        self,
        customer: Row,
        plan_id: str,
        *,
        newest: int,
        periods: int,
        skip: int = 0,
        **fields: Any,
    ) -> tuple[Row, list[Row]]:
        """A subscription with a charge for each of its periods, the newest so many days ago.

        `skip` leaves out the newest charges: the subscription ended before they were due.
        """
        plan = PLANS[plan_id]
        step = 12 if plan["interval"] == "year" else 1
        last = (self.now - timedelta(days=newest)).date()
        starts = [months_later(last, -step * back) for back in range(periods - 1, -1, -1)]
        subscription = self.add(
            "subscriptions",
            id=f"sub_{len(self.rows['subscriptions']) + 1:04d}",
            customer=customer["id"],
            plan=plan_id,
            status="active",
            started=starts[0],
            current_period_end=months_later(last, step),
            features=list(plan["features"]),
        )
        subscription |= fields
        customer.setdefault("since", starts[0])
        charges = [
            self.charge(subscription, start, months_later(start, step))
            for start in starts[: len(starts) - skip]
        ]
        return subscription, charges

    def charge(
        self, subscription: Row, start: date, end: date, *, minutes: int = 0, **fields: Any
    ) -> Row:
        """A charge for one period, taken a few minutes after it began."""
        plan = PLANS[subscription["plan"]]
        self._charges += 1
        at = datetime.combine(start, time(0, 4), UTC) + timedelta(minutes=minutes)
        row = {
            "id": f"ch_{self._charges:05d}",
            "customer": subscription["customer"],
            "subscription": subscription["id"],
            "amount": plan["amount"],
            "currency": plan["currency"],
            "status": "succeeded",
            "refunded": 0,
            "at": min(at, self.now - timedelta(minutes=2)),
            "period_start": start,
            "period_end": end,
        }
        return self.add("charges", **(row | fields))

    def log(
        self, customer: Row, service: str, code: str, message: str, *, hours: float,
        level: str = "error",
    ) -> Row:  # fmt: skip
        """A line of the customer's log, so many hours ago."""
        at = (self.now - timedelta(hours=hours)).replace(microsecond=0)
        return self.add(
            "logs", customer=customer["id"], at=at, service=service, level=level, code=code,
            message=message,
        )  # fmt: skip

    def did(self, customer: Row, kind: str, *, days: float, detail: str = "web") -> Row:
        """Something that the customer did, so many days ago."""
        at = (self.now - timedelta(days=days)).replace(microsecond=0)
        return self.add("activity", customer=customer["id"], at=at, kind=kind, detail=detail)
