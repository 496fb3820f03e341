"""One link of a chain: the hash that `data.store.event_hash` stores, from the columns as stored."""

import hashlib
from json.encoder import encode_basestring as _quoted

CHANGED = "does not fit its hash: it was changed, or what stands before it"
"""What is wrong with an event whose columns and hash do not belong together."""

Heads = dict[str, tuple[int, str]]
"""Chain to the position and hash of its last event."""


def link_hash(
    before: str,
    chain: str,
    position: int,
    run_id: str | None,
    step: str | None,
    at: int,
    agent: str,
    kind: str,
    data: str,
    payload_digest: str | None,
) -> str:
    """What `event_hash` gives for these columns (`at` in microseconds), at a fraction of its cost.

    TypeError or UnicodeError for a value that no event can hold.
    """
    run = "null" if run_id is None else _quoted(run_id)
    named = "null" if step is None else _quoted(step)
    digest = "null" if payload_digest is None else _quoted(payload_digest)
    text = (
        f"{before}[{_quoted(chain)},{position},{run},{named},{at},"
        f"{_quoted(agent)},{_quoted(kind)},{_quoted(data)},{digest}]"
    )
    return hashlib.sha256(text.encode()).hexdigest()


def misplaced(position: object, last: int) -> str:
    """What is wrong with an event at `position` that is not the next after `last`."""
    if not isinstance(position, int):
        return f"its position {position!r} is no number"
    if position <= last:
        return (
            f"position {position} stands after position {last}: "
            "the order was changed, or an event was put in"
        )
    first, before = last + 1, position - 1
    span = f"position {first} is" if first == before else f"positions {first} to {before} are"
    return f"position {position} comes after position {last}: {span} missing"
