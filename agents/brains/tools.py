"""A role's read tools as a model is told of them, and what it is shown of the rows."""

import json
from typing import Any

from agents.brains.brain import Desk, Matters
from agents.brains.conversation import Schema, marked, object_of
from agents.brains.protocol import ToolCall, ToolSpec
from agents.connectors.protocols import Row
from agents.errors import NotAllowed
from agents.facts.knowledge import nearest_articles
from agents.playbooks.model import Playbook

MOST_ROWS = 60
"""Rows that a tool shows; the newest where there are more."""
MOST_ARTICLES = 6
MOST_CHARACTERS = 1_500
"""Of one text in a row."""

TABLES = {"customer": "customers", "errors": "logs"}
"""Read tool to the table of its rows, where that is called otherwise."""

_OLDEST_FIRST = frozenset({"subscriptions", "charges", "refunds", "activity"})
_ABOUT = {
    "customer": "The customer's own record: status, tier, language, details on file.",
    "plans": "Every plan with its price for a period and its features.",
    "subscriptions": "The customer's subscriptions: plan, status, when and why canceled, features.",
    "charges": "The customer's charges: amount and what is refunded of it, status, period.",
    "refunds": "Refunds of the customer's charges.",
    "activity": "What the customer did lately, such as cancel_requested.",
    "errors": "Errors that the product logged for the customer, newest first.",
    "services": "Every service with its status, message and eta.",
    "resets": "Resets done for the customer lately.",
    "articles": "The articles of the knowledge base nearest to a question.",
    "past_tickets": "The customer's earlier tickets.",
    "staff": "The people of support and whether they are available.",
}  # fmt: skip
_NO_ARGUMENTS: Schema = {**object_of(), "required": []}
_QUESTION = object_of(question={"type": "string"})


def specs_of(playbook: Playbook) -> tuple[ToolSpec, ...]:
    """The role's tools; whose rows they give is not for a model to say."""
    return tuple(
        ToolSpec(name, _ABOUT[name], _QUESTION if name == "articles" else _NO_ARGUMENTS)
        for name in playbook.reads
    )


class Reading:
    """What was read for one issue, and by which references it may be cited."""

    def __init__(self, desk: Desk, matter: Matters) -> None:
        """Nothing is read yet."""
        self._desk, self._matter = desk, matter
        self.references: set[str] = set()
        """`table:id` of every row that was shown."""
        self.articles: dict[str, Row] = {}

    def answer(self, call: ToolCall) -> str:
        """What the model is told in answer to its call: rows, or what is wrong with it."""
        if call.name not in _ABOUT:
            return _refused(f"there is no tool {call.name!r}", self._matter.playbook)
        if call.arguments is None:
            return json.dumps({"error": "the arguments are no JSON object"})
        try:
            rows = self._matter.read(call.name)
        except NotAllowed as problem:
            return _refused(str(problem), self._matter.playbook)
        if call.name == "articles":
            question = str(call.arguments.get("question") or self._matter.case.clause)
            rows = nearest_articles(question[:600], rows)[:MOST_ARTICLES]
        return self._shown(call.name, rows)

    def _shown(self, tool: str, rows: list[Row]) -> str:
        table = TABLES.get(tool, tool)
        some = rows[-MOST_ROWS:] if tool in _OLDEST_FIRST else rows[:MOST_ROWS]
        shown = []
        for row in some:
            reference = f"{table}:{row.get('id') or row.get('name')}"
            self.references.add(reference)
            if tool == "articles":
                self.articles[reference] = row
            shown.append({"ref": reference, **{name: _cut(v) for name, v in row.items()}})
        result: dict[str, Any] = {"rows": shown}
        if len(rows) > len(some):
            result["left_out"] = f"{len(rows) - len(some)} of {len(rows)}"
        return marked(self._desk, "rows", result)


def _refused(why: str, playbook: Playbook) -> str:
    return json.dumps({"error": f"{why}; there are {', '.join(playbook.reads)}"})


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MOST_CHARACTERS:
        return value[:MOST_CHARACTERS] + "…"
    return value
