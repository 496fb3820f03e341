"""What is kept of a model's answers and words, for how long, and that it goes with the person."""

from collections.abc import Callable

from sqlalchemy import select

from agents.brains.choice import ModelChoice
from agents.brains.hearing import Hearing
from agents.brains.protocol import Answer, Call, Hears, ToolCall
from agents.brains.recorded import Recorded
from data.keeping.removal import Removal
from data.queries.speaking import speaking
from data.store import table
from data.tables import ModelAnswer, ModelWords
from tests.engine.conftest import Open

CHOICE = ModelChoice(name="openai/gpt-4o-mini")
ANSWER = Answer(
    "", None, (ToolCall("1", "read_charges", {"customer": "c1"}, "{}"),), "tool_calls",
    "openai/gpt-4o-mini", 20, 5, 40, 1.5,
)  # fmt: skip


class Counting:
    """A model that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def ask(self, call: Call, told: Callable[[str], None] | None = None) -> Answer:
        self.asked += 1
        return ANSWER

    def close(self) -> None:
        """Nothing to give back."""


def call_about(ticket: str, text: str = "?") -> Call:
    return Call("billing", ({"role": "user", "content": text},), ticket=ticket)


def test_an_identical_call_is_answered_from_the_record(desk: Open):
    one = desk()
    ticket, other = (
        one.write("I was charged twice", email=None),
        one.write("Where is my invoice?", email=None),
    )
    model = Counting()
    live = Recorded(model, one.store, CHOICE, take=False)
    again = Recorded(model, one.store, CHOICE, take=True)
    assert (live.ask(call_about(ticket)), live.ask(call_about(ticket))) == (ANSWER, ANSWER)
    assert model.asked == 2
    kept = again.ask(call_about(ticket))
    assert (kept.cached, kept.cost_micros, kept.tool_calls) == (True, 0, ANSWER.tool_calls)
    assert model.asked == 2
    # Another ticket's, another text, another model, or of no ticket: none of them is identical.
    again.ask(call_about(other))
    again.ask(call_about(ticket, "Why?"))
    hotter = CHOICE.model_copy(update={"temperature": 1.0})
    Recorded(model, one.store, hotter, take=True).ask(call_about(ticket))
    again.ask(call_about(""))
    assert model.asked == 6


def test_what_was_answered_goes_with_the_person(desk: Open):
    one = desk()
    ticket = one.write("I was charged twice", email=None)
    model = Counting()
    Recorded(model, one.store, CHOICE, take=False).ask(call_about(ticket))
    hearing = Hearing(one.store, ticket, "r1", "billing")
    hearing("Dear Ada,")
    with one.store.write() as tx:
        erased = Removal(tx, [ticket]).apply("ana", {"why": "asked"})
    assert (erased["model_answer"], erased["model_words"]) == (1, 1)
    with one.store.read() as connection:
        (row,) = connection.execute(select(table(ModelAnswer))).all()
    assert (row.answer, row.digest) == (None, row.id)
    assert [said.text for said in speaking(one.store, ticket)] == ["[erased]"]
    Recorded(model, one.store, CHOICE, take=True).ask(call_about(ticket))
    assert model.asked == 2


def test_words_are_shown_while_they_come_and_then_gone(desk: Open):
    one = desk()
    ticket, now = one.write("I was charged twice", email=None), [0.0]
    hearing = Hearing(one.store, ticket, "r1", "billing", lambda: now[0])
    assert isinstance(hearing, Hears)
    assert speaking(one.store, ticket) == []
    hearing("Dear ")
    hearing("Ada")  # in the same quarter of a second: not written yet
    assert [(s.agent, s.text) for s in speaking(one.store, ticket)] == [("billing", "Dear ")]
    now[0] = 0.3
    hearing(", we")
    assert [said.text for said in speaking(one.store, ticket)] == ["Dear Ada, we"]
    beside = Hearing(one.store, ticket, "r1", "technical", lambda: now[0])
    beside("The log")
    now[0] = 0.6
    hearing("")
    assert [said.text for said in speaking(one.store, ticket)] == ["", "The log"]
    hearing.done()
    beside.done()
    hearing.done()
    with one.store.read() as connection:
        assert connection.execute(select(table(ModelWords))).all() == []
