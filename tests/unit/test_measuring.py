"""What triage said beside what the labels say."""

import io
import json

import numpy as np
import pytest
from rich.console import Console

from agents.intake.batch import Tally
from agents.intake.measuring import CONFIDENCES, UNSURE, Measured, check_column, is_noise
from agents.intake.records import Incoming
from agents.understanding import triage
from agents.understanding.embedded import EmbeddedTriage
from agents.understanding.own_model import Head, OwnModel
from console.cli.intake_report import summarize
from console.cli.measure_report import tell_measured
from data.errors import HandrailError
from tests.intake_support import Answer


def measured(*rows: tuple[str, Answer], column: str = "intent") -> Measured:
    found = Measured(column)
    for label, answer in rows:
        found.add({column: label}, answer)
    return found


def test_the_reason_is_the_one_that_triage_gives():
    assert UNSURE == triage.UNSURE


def test_labels_that_are_intents_are_compared_with_the_intent():
    found = measured(
        ("Billing ", Answer()), ("technical", Answer()), ("billing", Answer(intent="product"))
    )
    assert (found.rows, found.right) == (3, 1)
    assert found.pairs["technical", "billing"] == 1
    assert found.by_label()[0] == {
        "label": "billing", "rows": 2, "recall": 0.5, "precision": 0.5,
        "taken_for": "product", "taken_for_rows": 1,
    }  # fmt: skip


def test_other_labels_are_compared_with_the_first_issue():
    found = measured(("refund_request", Answer()), ("lost card", Answer(issues=[])))
    assert (found.rows, found.right) == (2, 1)
    assert found.pairs["lost card", "(none)"] == 1
    assert found.calibration_error is None


def test_an_issue_may_be_called_like_an_intent():
    assert measured(("billing", Answer(issues=["billing"])), column="issue").right == 1


def test_rows_without_a_label_are_counted_apart():
    found = measured(("", Answer()), ("billing", Answer()))
    found.add({}, Answer())
    assert (found.rows, found.unlabelled) == (1, 2)


def test_what_people_would_have_at_each_confidence():
    found = measured(
        ("billing", Answer(confidence=0.97)),
        ("product", Answer(confidence=0.72)),
        ("billing", Answer(confidence=0.3, escalate=True, reason=UNSURE)),
        ("billing", Answer(confidence=0.99, escalate=True, reason="legal_threat")),
    )
    at = {row["confidence"]: row for row in found.at_each_confidence()}
    assert list(at) == list(CONFIDENCES)
    assert (at[0.5]["to_people"], at[0.5]["wrong"], at[0.5]["error"]) == (2, 1, 0.5)
    assert (at[0.75]["to_people"], at[0.75]["wrong"], at[0.75]["error"]) == (3, 0, 0.0)


def test_noise_goes_to_nobody_and_is_among_the_rest(capsys: pytest.CaptureFixture[str]):
    noise = Answer(intent="escalate", confidence=0.3, reason="noise: spam")
    found = measured(("billing", noise), ("escalate", noise), ("billing", Answer(confidence=0.3)))
    for row in found.at_each_confidence():
        assert (row["to_people"], row["kept"], row["wrong"]) == (1, 2, 1)
    tally = Tally()
    for answer in (noise, Answer(), Answer(escalate=True, reason="noise: so the model says")):
        tally.add(answer)
    assert (tally.noise, tally.escalated) == (1, 1)
    summarize(tally)
    assert "3 rows, 1 to a person, 1 closed as noise, 0 rejected" in capsys.readouterr().err


def test_the_reason_of_noise_is_the_one_that_triage_gives():
    spam = Incoming(1, body="WIN A FREE IPHONE!!! Click http://win.example now, limited offer!!!")
    (row,) = triage.triage_rows([spam])
    assert is_noise(row), row


@pytest.mark.parametrize(
    ("labels", "doubted"), [(["Ada", "Bob"], True), (["Ada", "product"], False),
                            (["Ada", "refund_request"], False)]
)  # fmt: skip
def test_labels_of_another_kind_are_doubted(labels: list[str], doubted: bool):
    console = Console(record=True, width=120, file=io.StringIO())
    tell_measured(measured(*[(label, Answer()) for label in labels], column="x"), console)
    assert ("is it the column?" in console.export_text()) == doubted


def report(found: Measured) -> str:
    console = Console(record=True, width=200, file=io.StringIO())
    tell_measured(found, console)
    return console.export_text()


def test_labels_that_triage_cannot_say_are_left_out_and_named():
    found = Measured("x", issues=frozenset(["refund_request", "Lost card"]))
    labels = ["Refund request", "Lost card", "billing", *["pin_blocked"] * 2, "top_up", "a", "b"]
    for label in labels:
        found.add({"x": label}, Answer())
    assert (found.rows, found.right, found.accuracy) == (3, 2, 2 / 3)
    assert found.left_out == {"pin_blocked": 2, "top_up": 1, "a": 1, "b": 1}
    told = report(found)
    assert "4 of 7 labels (pin_blocked, top_up, a, …) are none that triage can say, 5 " in told
    assert "train on them, or map them" in told
    assert found.document()["left_out"][0] == {"label": "pin_blocked", "rows": 2}
    again = Measured.restored(json.loads(json.dumps(found.stored_form())))
    assert (again.left_out, again.labels) == (found.left_out, 7)


def test_where_triage_can_say_no_label_there_is_no_accuracy():
    found = Measured("x", issues=frozenset())
    found.add({"x": "pin_blocked"}, Answer())
    told = report(found)
    assert told.startswith("1 of 1 label (pin_blocked) is none that triage can say, 1 row ")
    assert "accuracy" not in told


@pytest.mark.parametrize(
    ("labels", "mixed"),
    [(["billing", "refund_request"], True), (["billing", "product"], False),
     (["refund_request", "x"], False)],
)  # fmt: skip
def test_intents_and_issues_in_one_column_are_told(labels: list[str], mixed: bool):
    told = report(measured(*[(label, Answer()) for label in labels], column="x"))
    assert ("labels of two kinds: 1 compared with the intent, 1 with the issue" in told) == mixed


def test_what_triage_can_say_is_what_it_says():
    assert {"refund_request", "login_problem"} <= EmbeddedTriage().issues
    assert "pin_blocked" not in EmbeddedTriage().issues
    head = Head(["pin_blocked"], np.ones(1), np.ones(1), 1.0)
    own = OwnModel("own-1", np.ones(1), {"issue": head})
    assert EmbeddedTriage(own=own).issues == {"pin_blocked"}


def test_a_share_is_rounded_once():
    rows = [("billing", Answer())] * 4 + [("product", Answer())] * 15
    found = measured(*rows)
    console = Console(record=True, width=120, file=io.StringIO())
    tell_measured(found, console)
    assert "15 (78.9%)" in console.export_text()
    assert found.document()["confidences"][0]["error"] == 0.7895


def test_the_calibration_error_is_how_far_confidence_is_from_truth():
    rows = [("billing", Answer(confidence=0.75))] * 3 + [("product", Answer(confidence=0.75))]
    assert measured(*rows).calibration_error == 0
    assert measured(("product", Answer(confidence=0.95))).calibration_error == pytest.approx(0.95)


def test_it_goes_on_after_an_interruption():
    tally = Tally(measured=measured(("billing", Answer()), ("product", Answer())))
    again = Tally.restored(json.loads(json.dumps(tally.stored_form())))
    assert again.measured == tally.measured
    assert Tally.restored(json.loads(json.dumps(Tally().stored_form()))).measured is None


def test_a_wrong_column_is_named_with_those_there_are():
    with pytest.raises(
        HandrailError, match="--labels 'intnt': no such column; found: body, intent"
    ):
        check_column("intnt", {"body": "x", "intent": "y"})
