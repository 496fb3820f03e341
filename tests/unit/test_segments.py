"""Only what decides how a message is cut is asked of the model."""

from agents.understanding.model import packaged_model
from agents.understanding.segments import choose_segments, cut_up, halves_needed, pieces
from agents.understanding.triage import read_messages

JOINED = "Please send me the invoice for March and tell me why the app is so slow today."
APART = "I was charged twice in May, please refund me. I cannot log in to my account any more."


def rows_of(texts: list[str]):
    model = packaged_model()
    return dict(zip(texts, model.read_kinds(texts), strict=True))


def test_a_sentence_alone_is_one_piece():
    assert pieces(cut_up("", "The app is slow.")) == ["The app is slow."]


def test_what_is_needed_is_enough_to_choose():
    for text in (JOINED, APART, "Hello.", "", "Refund me, I cancelled, and my login fails."):
        parts = cut_up("A subject", text)
        rows = rows_of(pieces(parts))
        needed = halves_needed(packaged_model(), parts, rows)
        if needed:
            rows |= rows_of(needed)
        chosen = choose_segments(packaged_model(), parts, rows)
        assert "".join(s.text for s in chosen).replace(" ", "")


def test_halves_are_asked_for_only_where_nothing_else_decides():
    parts = cut_up("", JOINED)
    assert halves_needed(packaged_model(), parts, rows_of(pieces(parts)))
    plain = cut_up("", APART)
    assert not halves_needed(packaged_model(), plain, rows_of(pieces(plain)))


def test_repeated_messages_are_read_alike():
    readings = read_messages([("", JOINED), ("", APART), ("", JOINED)])
    assert readings[0] == readings[2] != readings[1]


def test_a_wish_for_a_person_stands_apart_from_the_complaint_beside_it():
    reading = read_messages(
        [("", "you charged me twice in March but I want to talk to a real person about it")]
    )[0]
    assert "human_request" in reading.triggers
    assert [issue.kind for issue in reading.issues] == ["duplicate_charge"]
