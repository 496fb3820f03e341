"""How long until a ticket is due, in a sign, a number and a word."""

from datetime import datetime, timedelta

from console.format import span
from data.queries.views import SOON


def countdown(due: datetime | None, now: datetime) -> tuple[str, str]:
    """Such as `-12m late`, `40m soon` or `3h left`, and its tone; empty where nothing is due."""
    if due is None:
        return "", ""
    left = due - now
    if left < timedelta(0):
        return f"-{span(-left)} late", "error"
    if left <= SOON:
        return f"{span(left)} soon", "warning"
    return f"{span(left)} left", "muted"
