"""Going through the queue by its indexes: a few rows cost the same in any size of workspace.

Where something asked for fits few tickets, those are gathered and sorted. Else the answers are
walked in the order that is wanted: an order has an index for each state, so that the walk merges
several ranges ("arms") that are each in order. Words are tested a stretch of rows at a time, since
tickets that lie together in an order lie together in the index of words as well.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from heapq import merge
from itertools import chain, dropwhile, islice
from math import isqrt
from typing import Any

from data.queries.asking import Question
from data.queries.held import EVERY, Held, Run, Way
from data.queries.orders import ORDERS, Key, Segment
from data.queries.word_index import FOUND, MATCHES, words_beginning, words_that_fit

_MANY = 4_000
"""More tickets than this are never gathered."""
_MANY_FOUND = 10_000
"""The same for tickets that the index of words finds, whose walk has to look at more."""
_FAR, _FAR_FOUND = 12, 70
"""Rows of a page, over the cost of a row that is gathered to that of one that is passed."""
_FEW_COUNTED = 5_000
"""Up to so many answers without a word are counted by walking, more by all that have the word."""
_FEW_IN_ORDER = 200
"""Up to so many are gathered though an index has them in the order that is wanted."""
_NARROW = 20_000
"""Up to so many tickets in the states that are wanted, their indexes serve better than others."""
_SAMPLE = 20_000
"""Of so many tickets, the newest, is told whether words are in many."""
_STRETCH, _FIRST = 64, 16
_LONGEST = 8_192
"""Rows whose words are tested at once, at first (in one of several arms) and at most."""


class Walk:
    """One question asked of one state of the workspace."""

    def __init__(self, asked: Question, run: Run, *, few: int | None = None) -> None:
        """Read through `run`, in one transaction.

        `few` says up to how many tickets are gathered rather than walked; None: as it is cheaper.
        """
        self.asked, self._run, self._few_at_most = asked, run, few
        self.held: Held = asked.held(lambda begun: words_beginning(run, begun))
        self._sizes: dict[str, int] | None = None
        self._possible = bool(self.held.statuses) and self.held.ranks != ()
        self._gathered = self._few() if self._possible else None
        worded = self.held.match or self.held.without
        self._tested = bool(worded) and self._gathered is not FOUND
        """Whether the words of each row have still to be tested."""

    # Pages.

    def page(
        self, limit: int, *, offset: int = 0, after: Key | None = None, backward: bool = False
    ) -> list[Key]:
        """The keys of at most `limit` answers past the key `after`, in order; backward, the last
        ones before it."""
        if not self._possible or limit <= 0:
            return []
        keys = self._keys(after, backward, offset + limit)
        found = list(islice(keys, offset, offset + limit))
        return found[::-1] if backward else found

    def key_of(self, ticket_id: str) -> Key | None:
        """Where a ticket stands in the order; None if it is no answer (any more)."""
        if not self._possible:
            return None
        alone = Way("ticket", f"ticket.id = {self.held.bind(ticket_id)}")
        for number, segment in enumerate(ORDERS[self.asked.order]):
            tested = bool(self.held.match or self.held.without)
            for key in self._arm(number, segment, alone, "", None, segment.down, 1, tested):
                return key
        return None

    # Counting.

    def count(self, most: int | None = None, *, seen: int = 0) -> tuple[int, bool]:
        """How many answers there are, and whether that is exact: beyond `most` it is not.

        Where `seen` are known of and `most` is no more, nothing that costs time is looked for.
        """
        held = self.held
        if not self._possible:
            return 0, True
        if self._gathered is not None:
            return len(self._all), True
        if self.asked.indexed and not (held.tests or held.ranks or held.match or held.without):
            return self._size(), True
        if most is not None and most <= seen:
            return seen, False
        if held.without and most is not None and most <= _FEW_COUNTED:
            found = sum(1 for _ in islice(self._keys(None, False, most + 1), most + 1))
            return min(found, most), found <= most
        way = FOUND if held.match else self._narrowest()
        tests = self._where(way.where)
        if held.without:
            tests += " AND ticket.seq NOT IN "
            tests += "(SELECT rowid FROM ticket_words WHERE ticket_words MATCH :without)"
        counted = f"SELECT 1 FROM {self._source(way)} WHERE {tests}"
        if tests == way.where and held.match:
            counted = MATCHES
        found = self._number(counted, most)
        return (found, True) if most is None or found <= most else (most, False)

    def count_before(self, key: Key, most: int) -> int | None:
        """How many answers stand before a key; None if there are more than `most`."""
        if not self._possible:
            return 0
        found = sum(1 for _ in islice(self._keys(key, True, most + 1), most + 1))
        return found if found <= most else None

    def _number(self, counted: str, most: int | None) -> int:
        limit = "" if most is None else f" LIMIT {most + 1}"
        return int(self._run(f"SELECT count(*) FROM ({counted}{limit}) c", self._params())[0][0])

    def _size(self, statuses: Sequence[str] | None = None) -> int:
        """Tickets in the states, or else in those that are wanted."""
        if self._sizes is None:
            rows = self._run("SELECT status, tickets FROM ticket_tally", {})
            self._sizes = {str(status): int(count) for status, count in rows}
        wanted = self.held.statuses if statuses is None else statuses
        return sum(self._sizes.get(status, 0) for status in wanted)

    # Ways.

    def _few(self) -> Way | None:
        """The way with the fewest tickets, if those are so few that sorting them costs less than
        walking until a page is full."""
        held = self.held
        best: tuple[int, Way] | None = None
        for way in (*held.ways, *([FOUND] if held.match else [])):
            most = min(self._worth(way), best[0] - 1 if best else _MANY_FOUND)
            counted = f"SELECT 1 FROM {self._source(way)} WHERE {way.where}"
            if way is FOUND:
                counted = MATCHES
                if self._in_many(most):
                    continue
            count = self._number(counted, most)
            if count <= most:
                best = (count, way)
        return best[1] if best else None

    def _in_many(self, most: int) -> bool:
        """Whether the words are surely in more tickets than this, by a look at the newest."""
        total = self._size(EVERY)
        if total < 10 * _SAMPLE:
            return False
        share = most * _SAMPLE // total
        counted = f"{MATCHES} AND rowid > {total - _SAMPLE}"
        return self._number(counted, 2 * share) > 2 * share

    def _worth(self, way: Way) -> int:
        """How many tickets this way may have to be worth gathering."""
        if self._few_at_most is not None:
            return self._few_at_most
        if not self.asked.indexed:
            return _MANY
        # The fewer fit of those that are passed, the further a walk goes for a page.
        most = isqrt(self._size(way.among or EVERY) * (_FAR_FOUND if way is FOUND else _FAR))
        most = min(most, self._size(), _MANY_FOUND if way is FOUND else _MANY)
        ordered = way.arms or way.index == "ix_ticket_opened"
        return min(most, _FEW_IN_ORDER) if ordered and self._by_opening else most

    @property
    def _by_opening(self) -> bool:
        return ORDERS[self.asked.order][0].columns == ("opened_at",)

    def _narrowest(self) -> Way:
        """The way by which counting is likely to pass the fewest rows."""
        if self.held.ways and not (self.asked.indexed and self._size() <= _NARROW):
            return self.held.ways[0]
        return self._status_way()

    def _status_way(self) -> Way:
        arms = tuple(f"ticket.status = '{status}'" for status in self.held.statuses)
        return Way("ticket", f"({' OR '.join(arms)})", "ix_ticket_status_opened", arms)

    def _source(self, way: Way) -> str:
        hint = f" INDEXED BY {way.index}" if way.index and self.asked.indexed else ""
        return f"{way.source}{hint}"

    def _arms(self, segment: Segment) -> list[tuple[Way, str]]:
        """The ranges of indexes that hold a segment's rows, each in its order."""
        held = self.held
        if self._gathered is not None:
            return [(self._gathered, self._gathered.where)]
        if segment.index:
            return [(Way("ticket", "", segment.index), "")]
        states = self._status_way()
        first = segment.columns[0]
        if held.ranks is not None and first != "updated_at":
            queue = Way("ticket", "", "ix_ticket_queue")
            ranks = [f"ticket.priority_rank = {rank}" for rank in held.ranks]
            return [(queue, f"{arm} AND {rank}") for arm in states.arms for rank in ranks]
        if first == "opened_at":
            ranged = next((way for way in held.ways if way.arms), None)
            if ranged is not None and not (self.asked.indexed and self._size() <= _NARROW):
                return [(ranged, arm) for arm in ranged.arms]
            if held.statuses == EVERY:
                return [(Way("ticket", "", "ix_ticket_opened"), "")]
            return [(states, arm) for arm in states.arms]
        index = "ix_ticket_queue" if first == "priority_rank" else "ix_ticket_updated"
        return [(Way("ticket", "", index), arm) for arm in states.arms]

    # Rows.

    @cached_property
    def _all(self) -> list[Key]:
        """Every answer's key in order, where they are gathered."""
        return list(self._walked(None, False, _MANY_FOUND + 1))

    def _keys(self, after: Key | None, backward: bool, limit: int) -> Iterator[Key]:
        """The keys past `after` in order, lazily."""
        if self._gathered is None:
            return self._walked(after, backward, limit)
        keys = iter(self._all[::-1] if backward else self._all)
        if after is None:
            return keys
        down = [segment.down for segment in ORDERS[self.asked.order]]

        def reached(key: Key) -> bool:
            if key[0] != after[0]:
                return (key[0] > after[0]) is not backward
            return key != after and (key > after) is not (down[key[0]] is not backward)

        return dropwhile(lambda key: not reached(key), keys)

    def _walked(self, after: Key | None, backward: bool, limit: int) -> Iterator[Key]:
        numbered = list(enumerate(ORDERS[self.asked.order]))
        if after is not None:
            numbered = numbered[: after[0] + 1] if backward else numbered[after[0] :]
        parts = (
            self._segment(number, segment, after, backward, limit)
            for number, segment in (reversed(numbered) if backward else numbered)
        )
        return chain.from_iterable(parts)

    def _segment(
        self, number: int, segment: Segment, after: Key | None, backward: bool, limit: int
    ) -> Iterator[Key]:
        past = after[1:] if after is not None and after[0] == number else None
        down = segment.down is not backward
        ranges = self._arms(segment)
        size = limit if not self._tested else _STRETCH if len(ranges) == 1 else _FIRST
        arms = [
            self._arm(number, segment, way, where, past, down, size, self._tested)
            for way, where in ranges
        ]
        return arms[0] if len(arms) == 1 else merge(*arms, reverse=down)

    def _arm(
        self, number: int, segment: Segment, way: Way, where: str, past: Key | None, down: bool,
        limit: int, tested: bool,
    ) -> Iterator[Key]:  # fmt: skip
        """The keys of one arm, in order; where words are asked for, only of those that fit."""
        names = [*segment.columns, "id"]
        columns = ", ".join(f"ticket.{name}" for name in names)
        order = ", ".join(f"ticket.{name}{' DESC' if down else ''}" for name in names)
        tests = self._where(where or way.where, segment.test)
        stretch = limit if self._gathered is None or not tested else _MANY_FOUND + 1
        while True:
            query = f"SELECT {columns}, ticket.seq FROM {self._source(way)} WHERE {tests}"
            if past:
                query += f" AND ({columns}) {'<' if down else '>'} {self.held.among(past)}"
            rows = self._run(f"{query} ORDER BY {order} LIMIT {stretch}", self._params())
            fitting = self._fitting(rows) if tested else rows
            yield from ((number, *row[: len(names)]) for row in fitting)
            if len(rows) < stretch:
                return
            past = tuple(rows[-1][: len(names)])
            stretch = min(2 * stretch, _LONGEST) if tested else stretch

    def _params(self) -> dict[str, Any]:
        return {**self.held.params, "match": self.held.match, "without": self.held.without}

    def _where(self, way: str, more: str = "") -> str:
        """The conditions on columns besides `way`, which holds what an index is to be used for."""
        held = self.held
        tests = [test for test in (way, more) if test]
        if held.statuses != EVERY and "ticket.status = " not in way:
            listed = ", ".join(f"'{status}'" for status in held.statuses)
            tests.append(f"ticket.status IN ({listed})")
        if held.ranks is not None and "ticket.priority_rank = " not in way:
            tests.append(f"ticket.priority_rank IN ({', '.join(map(str, held.ranks))})")
        return " AND ".join([*tests, *held.tests]) or "true"

    def _fitting(self, rows: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
        """The rows whose words fit."""
        numbers = [row[-1] for row in rows if row[-1] is not None]
        expression = self.held.match or self.held.without or ""
        found = words_that_fit(self._run, expression, numbers)
        wanted = bool(self.held.match)
        return [row for row in rows if (row[-1] in found) is wanted]
