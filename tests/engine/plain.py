"""What stands in workspace and back office, but for ids and times, so that runs can be compared."""

import json
import re
from typing import Any

_ID = re.compile(r"\b([a-z]{1,3})_(?:[0-9a-z]{15}|[0-9a-f]{10,12}(?:_undo)?)\b")
_LONE_ID = re.compile(r"[at]_[0-9a-z]{15}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|\+00:00| UTC)?")
_OURS = ("at", "pending_until", "changed_at", "key", "result", "changes")
"""Columns of the back office whose times are those of the run."""


def plain(found: Any) -> Any:
    """A JSON value without the ids of a run."""
    return json.loads(_ID.sub(r"\1_#", json.dumps(found, sort_keys=True)))


def plain_rows(rows: list[dict[str, Any]]) -> list[str]:
    """Rows of the back office, each as JSON without ids and times of a run, sorted."""
    kept = [{k: timeless(str(v)) if k in _OURS else v for k, v in row.items()} for row in rows]
    return sorted(_LONE_ID.sub("#", _ID.sub(r"\1_#", json.dumps(row))) for row in kept)


def timeless(text: str) -> str:
    """A text without the moments in it."""
    return _TIME.sub("time", text)
