"""The six steps with an approval in LangGraph; run by `.venv-bench`, prints one line of JSON.

The nodes do next to nothing: no events, no trace, no back office, no records read. With `--triage`
the first node reads the ticket as Handrail does, so that both think the same.
"""

import json
import sqlite3
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, TypedDict

from langgraph.checkpoint.sqlite import SqliteSaver  # type: ignore[import-not-found]
from langgraph.graph import END, START, StateGraph  # type: ignore[import-not-found]
from langgraph.types import Command, interrupt  # type: ignore[import-not-found]

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


class Ticket(TypedDict, total=False):
    """What the steps hand on."""

    subject: str
    body: str
    intent: str
    records: list[dict[str, Any]]
    proposal: dict[str, Any]
    approved: bool
    refund: str
    reply: str


def graph(read: Any) -> StateGraph:
    """Triage, investigate, propose, approval, refund, reply."""

    def triage(state: Ticket) -> Ticket:
        return {"intent": read(state)}

    def investigate(state: Ticket) -> Ticket:
        return {"records": [{"id": f"ch_{n}", "amount": 1150, "currency": "eur"} for n in range(8)]}

    def propose(state: Ticket) -> Ticket:
        return {"proposal": {"action": "process_refund", **state["records"][-1]}}

    def approval(state: Ticket) -> Ticket:
        return {"approved": bool(interrupt(state["proposal"]))}

    def refund(state: Ticket) -> Ticket:
        return {"refund": "re_1"}

    def reply(state: Ticket) -> Ticket:
        return {"reply": "We have refunded the second charge."}

    made = StateGraph(Ticket)
    steps = [triage, investigate, propose, approval, refund, reply]
    for step in steps:
        made.add_node(step.__name__, step)
    names = [START, *(step.__name__ for step in steps), END]
    for one, other in pairwise(names):
        made.add_edge(one, other)
    return made


def main() -> None:
    """Run the flows that the arguments ask for."""
    order = json.loads(sys.argv[1])
    read: Any = lambda state: "billing"  # noqa: E731
    if order["triage"]:
        from agents.understanding.triage import read_message

        read_message("warm", "up the encoder")
        read = lambda state: read_message(state["subject"], state["body"]).issues[0].kind  # noqa: E731
    with tempfile.TemporaryDirectory(dir=order["folder"]) as folder:
        connection = sqlite3.connect(f"{folder}/checkpoints.db", check_same_thread=False)
        saver = SqliteSaver(connection)
        saver.setup()
        connection.execute(f"PRAGMA synchronous={order['synchronous']}")
        flow = graph(read).compile(checkpointer=saver)
        how = {"durability": order["durability"]}

        def one(number: int, subject: str, body: str) -> None:
            thread = {"configurable": {"thread_id": str(number)}}
            flow.invoke({"subject": subject, "body": body}, thread, **how)
            ended = flow.invoke(Command(resume=True), thread, **how)
            assert ended["reply"], ended

        one(-1, "Charged twice", "I was charged twice, please refund one of them.")
        start, cpu = time.perf_counter(), time.process_time()
        for number, (subject, body) in enumerate(order["tickets"]):
            one(number, subject, body)
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(json.dumps({"flows": len(order["tickets"]), "seconds": wall, "cpu": cpu}))


main()
