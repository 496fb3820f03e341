"""What can follow in a search that is being written: fields, values, and values that are found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from data.queries.held import Run
from data.queries.queue import runner
from data.queries.search import ABOUT, ALSO, CHOICES, LIKELY
from data.words import spaced

if TYPE_CHECKING:
    from data.store import Store

MOST = 8
"""Choices offered at once."""

_NEWEST = 400
"""Of so many tickets, the newest, are values taken where no index has them."""

_BY_INDEX = {
    "tier": "tier IS NOT NULL",
    "language": "language <> 'und'",
    "owner": "owner <> 'agents'",
}
_NAMES = {"customer": "customer_name", "requester": "requester"}


@dataclass(frozen=True)
class Choice:
    """One way on: the whole search as it would be, what to show for it, and what it means."""

    text: str
    shown: str
    about: str = ""


@dataclass(frozen=True)
class Begun:
    """The last piece of a search, which is being written."""

    before: str
    """The search up to what is being written."""
    field: str
    """The field whose value is being written; empty for a word or the name of a field."""
    word: str
    """What is written of it."""


def begun(text: str) -> Begun:
    """What of a search is being written; after a space, nothing is."""
    start = at = 0
    quoted = False
    while at < len(text):
        if text[at] == '"':
            quoted = not quoted
        elif text[at].isspace() and not quoted:
            start = at + 1
        at += 1
    piece = text[start:]
    minus = piece[:1] if piece.startswith("-") else ""
    name, colon, value = piece[len(minus) :].partition(":")
    if not colon or not name.isalpha():
        return Begun(text[:start] + minus, "", piece[len(minus) :])
    field = ALSO.get(name.lower(), name.lower())
    _, _, value = value.rpartition(",") if '"' not in value else ("", "", value)
    return Begun(text[: len(text) - len(value)], field, value)


def choices(text: str, found: Sequence[str] = ()) -> list[Choice]:
    """Ways to go on, at most `MOST`; `found` are values of the field that the workspace holds."""
    what = begun(text)
    word = what.word.lower().lstrip('"')
    if not what.field:
        names = (name for name in ABOUT if word and name.startswith(word))
        made = [Choice(f"{what.before}{name}:", f"{name}:", ABOUT[name]) for name in names]
        return made[:MOST]
    values = list(dict.fromkeys([*CHOICES.get(what.field, LIKELY.get(what.field, ())), *found]))
    fitting = [value for value in values if value.lower().startswith(word)]
    return [
        Choice(f"{what.before}{_quoted(value)} ", value)
        for value in fitting
        if value.lower() != word
    ][:MOST]


def _quoted(value: str) -> str:
    plain = value.replace('"', "")
    return f'"{plain}"' if any(c.isspace() or c == "," for c in plain) else plain


def found_values(store: "Store", field: str, word: str) -> list[str]:
    """Values of a field that takes any, as tickets have them; few and fast at any size."""
    if field in CHOICES or field not in ABOUT:
        return []
    with store.read() as connection:
        run, indexed = runner(connection), connection.dialect.name == "sqlite"
        if field in _BY_INDEX:
            return _strings(run(_steps(field, _BY_INDEX[field]), {}))
        if field in ("channel", "flag"):
            return _recent(run, "flags" if field == "flag" else field)
        if field == "ref" and word:
            query = "SELECT ref FROM ticket WHERE ref >= :low AND ref < :high ORDER BY ref LIMIT 8"
            return _strings(run(query, {"low": word, "high": word + chr(0x10FFFF)}))
        if field in _NAMES and len(word) > 1:
            return _named(run, field, word, indexed=indexed)
    return []


def _strings(rows: Iterable[Sequence[object]]) -> list[str]:
    return [str(row[0]) for row in rows if row[0]]


def _steps(column: str, held: str) -> str:
    """Each value once, by a step through the index for each."""
    return (
        f"WITH RECURSIVE v(x) AS (SELECT min({column}) FROM ticket WHERE {held} UNION ALL "
        f"SELECT (SELECT min({column}) FROM ticket WHERE {held} AND {column} > v.x) "
        "FROM v WHERE v.x IS NOT NULL) SELECT x FROM v WHERE x IS NOT NULL LIMIT 100"
    )


def _recent(run: Run, column: str) -> list[str]:
    newest = f"SELECT {column} AS x FROM ticket ORDER BY opened_at DESC, id DESC LIMIT {_NEWEST}"
    values = _strings(run(f"SELECT DISTINCT x FROM ({newest}) n ORDER BY x", {}))
    if column != "flags":
        return values
    import json

    return sorted({str(flag) for value in values for flag in json.loads(value)})


def _named(run: Run, field: str, word: str, *, indexed: bool) -> list[str]:
    column = _NAMES[field]
    if indexed:
        words = spaced(word).replace('"', " ")
        if not any(c.isalnum() for c in words):
            return []
        query = (
            "SELECT rowid FROM ticket_words WHERE ticket_words MATCH :words "
            "ORDER BY rowid DESC LIMIT 200"
        )
        params = {"words": f'{{{field}}} : "{words}" *'}
        where = f"seq IN ({query})"
    else:
        params, where = {"words": f"%{word}%"}, f"{column} ILIKE :words"
    query = f"SELECT DISTINCT {column} FROM (SELECT {column} FROM ticket WHERE {where} LIMIT 200) n"
    return sorted(_strings(run(query, params)))
