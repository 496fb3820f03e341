"""Fitting a team's own model: what it learns, what it refuses, what it keeps."""

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from agents.intake.labelled import gather
from agents.understanding.model_report import InUse, calibration_error, report_of
from agents.understanding.own_model import Learned, learned_by, load_own, stored
from agents.understanding.shelf import Shelf, following
from agents.understanding.training import Labelled, fit, version_of
from agents.understanding.triage import STRANGE, read_messages, row_of
from data.errors import BadFile, HandrailError
from tests.intake_support import read_all
from tests.labelled import tickets


@pytest.fixture(scope="module")
def fitted():
    return fit(tickets())


def rows_by(model, *texts: str):
    return [row_of(reading) for reading in read_messages([("", text) for text in texts], own=model)]


def test_it_learns_the_teams_intents_and_issues(fitted):
    heat, pot = rows_by(
        fitted.model, "The greenhouse heater is cold, repair it.", "Please return my pot deposit."
    )
    assert (heat.intent, heat.issues) == ("technical", ["heating"])
    assert (pot.intent, pot.issues) == ("billing", ["deposit"])
    assert pot.confidence > 0.5


def test_what_is_unlike_the_teams_tickets_goes_to_a_person(fitted):
    (row,) = rows_by(fitted.model, "Who won the football match between Spain and Brazil?")
    assert (row.escalate, row.reason) == (True, STRANGE)


def test_few_of_the_teams_own_go_to_a_person(fitted):
    assert report_of(tickets(), fitted, None)["to_person"] <= 0.05


def test_the_report_tells_each_label_and_the_model_before(fitted):
    report = report_of(tickets(), fitted, None)
    intent = report["heads"]["intent"]
    assert intent["rows"] == 216
    assert intent["accuracy"] > 0.9
    assert [row["label"] for row in intent["labels"]] == [
        "account", "billing", "product", "technical",
    ]  # fmt: skip
    assert sum(row["rows"] for row in report["heads"]["issue"]["labels"]) == 216
    compared = report["compared"]
    assert compared["with"] == "packaged"
    assert compared["now"] == intent["accuracy"] > compared["before"]
    right = sum(move["right"] - move["wrong"] for move in compared["changed"])
    assert right == round((compared["now"] - compared["before"]) * 216)


def test_a_stored_model_answers_the_same(fitted, tmp_path: Path):
    path = tmp_path / "model.npz"
    path.write_bytes(stored(fitted.model, {"a": 1}, fitted.learned))
    texts = ("Mend the sprinkler.", "How do I prune a fig?")
    assert rows_by(load_own(path), *texts) == rows_by(fitted.model, *texts)


def test_the_version_follows_the_rows_and_not_their_order(fitted):
    rows = tickets()
    assert version_of(rows[::-1]) == fitted.model.version
    assert version_of(rows[1:]) != fitted.model.version


def test_the_same_ticket_sent_again_is_held_out_with_it():
    chosen = Random(1)
    names = ["account", "billing", "product", "technical"]
    rows = [
        Labelled("", f"{ticket.body} (case {number})", intent)
        for ticket in tickets()[::2]
        for intent in [chosen.choice(names)]
        for number in range(4)
    ]
    fitted = fit(rows)
    assert fitted.heads["intent"].right.mean() < 0.5
    assert report_of(rows, fitted, None)["compared"]["chance"] > 0.001


def test_a_damaged_model_is_said_to_be_one(fitted, tmp_path: Path):
    path = tmp_path / "own.npz"
    head = replace(fitted.model.heads["intent"], bias=np.full(4, np.nan, np.float32))
    broken = replace(fitted.model, heads={**fitted.model.heads, "intent": head})
    path.write_bytes(stored(broken, {}, fitted.learned))
    with pytest.raises(BadFile, match="is damaged"):
        load_own(path)
    path.write_bytes(b"a,b\n1,2\n")
    with pytest.raises(BadFile, match="is damaged, or no model"):
        load_own(path)


def test_too_few_or_all_the_same_is_refused():
    with pytest.raises(HandrailError, match="39 tickets with an intent are too few"):
        fit(tickets()[:39])
    same = [Labelled("", f"refund {n}", "billing") for n in range(60)]
    with pytest.raises(HandrailError, match="all tickets are labelled billing"):
        fit(same)


def test_labels_with_hardly_a_ticket_are_named():
    rows = [
        *tickets(),
        Labelled("", "The moon is green.", "escalate", "odd"),
        *[Labelled("", f"Where is my fern, number {n}?", "product", "lost") for n in range(3)],
    ]
    held = fit(rows).heads
    assert held["intent"].left_out == ["escalate"]
    assert held["issue"].few == {"lost": 3}


def test_several_things_in_one_text_are_each_named(fitted):
    (row,) = rows_by(
        fitted.model, "Could you mend the sprinkler this week. Also give back the deposit for the "
        "trays at the east house.",
    )  # fmt: skip
    assert set(row.issues) == {"watering", "deposit"}


def test_what_the_packaged_model_tells_as_well_is_left_to_it():
    packaged = read_messages([(t.subject, t.body) for t in tickets()])
    rows = [
        Labelled(t.subject, t.body, t.intent, None, r.sentiment.value, r.urgency)
        for t, r in zip(tickets(), packaged, strict=True)
    ]
    found = fit(rows)
    assert "urgency" in found.left_to_packaged
    assert found.model.urgency is None


def test_texts_in_place_of_names_of_issues_are_refused():
    rows = [Labelled("", t.body, t.intent, f"{t.body} {n}") for t in tickets() for n in range(3)]
    with pytest.raises(HandrailError, match="648 different issues"):
        fit(rows)


def test_tone_and_urgency_are_learned_where_they_are_labelled():
    loud = {"technical": ("angry", 0.9), "billing": ("negative", 0.5)}
    rows = [
        Labelled(t.subject, t.body, t.intent, None, *loud.get(t.intent or "", ("neutral", 0.1)))
        for t in tickets()
    ]
    model = fit(rows).model
    sprinkler, fig = read_messages(
        [("", "Please mend the sprinkler this week."), ("", "Tell me how to prune a fig.")],
        own=model,
    )
    assert (sprinkler.sentiment, fig.sentiment) == ("angry", "neutral")
    assert sprinkler.urgency > 0.6 > 0.4 > fig.urgency


def test_a_shelf_holds_versions_of_which_one_is_used(fitted, tmp_path: Path):
    shelf = Shelf(tmp_path / "desk.models")
    assert (shelf.current(), shelf.load(), shelf.models()) == (None, None, [])
    shelf.add(fitted.model.version, stored(fitted.model, {"at": "now"}, fitted.learned))
    current = following(shelf)
    assert current() is None
    shelf.use(fitted.model.version)
    held = current()
    assert held is not None
    assert held.version == fitted.model.version
    assert [about["version"] for about in shelf.models()] == [fitted.model.version]
    shelf.use(None)
    assert current() is None
    with pytest.raises(HandrailError, match="no model own-1"):
        shelf.use("own-1")
    assert not list(shelf.folder.glob(".new-*"))


def test_a_model_under_a_name_of_earlier_versions_is_read_as_before(fitted, tmp_path: Path):
    shelf, old = Shelf(tmp_path / "desk.models"), "own-123456789abc"
    shelf.add(old, stored(replace(fitted.model, version=old), {"at": "1"}, fitted.learned))
    shelf.add(fitted.model.version, stored(fitted.model, {"at": "2"}, fitted.learned))
    assert shelf.named("1234") == old
    shelf.use(old)
    held = shelf.load()
    assert held is not None
    assert held.version == old
    assert [about["version"] for about in shelf.models()] == [old, fitted.model.version]


def test_what_is_no_model_is_refused(tmp_path: Path):
    path = tmp_path / "own-1.npz"
    with pytest.raises(BadFile, match="there is no such model"):
        load_own(path)
    path.write_text("text")
    with pytest.raises(BadFile, match="is damaged, or no model"):
        load_own(path)


def gathered(tmp_path: Path, text: str, **named: str):
    path = tmp_path / "in.csv"
    path.write_text(text)
    return gather(read_all(path), named, "in.csv")


def test_labels_are_read_under_common_names(tmp_path: Path):
    text = "text,Intent,category,urgency\nhot,Technical,heater,high\nhm,,,\nwhy,,odd,0.25\n"
    found = gathered(tmp_path, text)
    assert found.rows == [
        Labelled("", "hot", "technical", "heater", None, 0.7),
        Labelled("", "why", None, "odd", None, 0.25),
    ]
    assert found.unlabelled == 1
    assert gathered(tmp_path, "body,x\nhot,billing\n", intent="x").rows[0].intent == "billing"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("body,intent\na,billing\nb,shipping\n", r"in.csv:3: intent 'shipping' is none of account"),
        ("body,intent,urgency\na,billing,soon\n", r"in.csv:2: urgency 'soon'"),
        ("body,intent,sentiment\na,billing,grumpy\n", r"in.csv:2: sentiment 'grumpy'"),
        ("body,kind\na,billing\n", r"no column holds the intent; found: body, kind"),
    ],
)
def test_a_wrong_label_is_named_with_its_line(tmp_path: Path, text: str, said: str):
    with pytest.raises(BadFile, match=said):
        gathered(tmp_path, text)


def test_the_calibration_error_of_held_out_rows():
    probabilities = np.array([[0.75, 0.25]] * 4)
    assert calibration_error(probabilities, np.array([0, 0, 0, 1])) == pytest.approx(0)
    assert calibration_error(probabilities, np.array([1, 1, 1, 1])) == pytest.approx(0.75)


def test_tickets_learned_from_count_by_what_was_said_while_they_were_held_out(
    fitted, tmp_path: Path
):
    rows = tickets()
    path = tmp_path / "own.npz"
    path.write_bytes(stored(fitted.model, {"accuracy": 1.0}, fitted.learned))
    in_use = InUse(fitted.model, *learned_by(path))
    wrong: dict[str | None, str] = {"billing": "technical", "technical": "billing"}
    torn = [*rows, *(replace(row, intent=wrong.get(row.intent) or row.intent) for row in rows)]
    again = fit(torn)
    compared = report_of(torn, again, in_use)["compared"]
    assert compared["rows"] == len(torn)
    assert compared["before"] <= 0.75, "half of two intents' rows say the contrary"
    assert "held-out answers" in compared["note"]
    assert set(again.contradictory) == {"billing, technical"}
    assert not fitted.contradictory


def test_a_model_of_before_without_answers_stands_by_its_own_figures(fitted):
    rows = tickets()
    nothing = Learned(fitted.learned.seen, np.full(len(rows), -1, np.int16))
    compared = report_of(rows, fitted, InUse(fitted.model, nothing, {"accuracy": 0.9}))["compared"]
    assert (compared["before"], compared["chance"]) == (0.9, None)
