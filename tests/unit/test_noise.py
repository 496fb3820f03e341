"""What is closed without an answer: nothing in which somebody asks for something."""

import pytest

from agents.understanding.triage import read_message


@pytest.mark.parametrize(
    "text",
    [
        "My wallet was just stolen, and they've already used my card! Please help me.",
        "Can I top up with Google Pay?",
        "Why did my parcel not get to the recipient?",
        "Delivery failure of my parcel.",
        "The recipient can not locate the funds.",
        "My transfer has not arrived.",
        "Trouble with my top up.",
        "¿Por qué no llegó mi pedido?",
        "lovely weather here and the church bells are ringing",
    ],
)
def test_who_asks_for_something_is_no_noise(text: str):
    assert read_message("", text).noise is None


@pytest.mark.parametrize(
    ("text", "noise"),
    [
        ("Thanks a lot, that was quick!", "thanks"),
        ("It works again, all good now.", "thanks"),
        ("Danke, das hat geholfen.", "thanks"),
        ("Undeliverable: your message could not be delivered to the mailbox.", "bounce"),
        ("I am out of office until 3 May and will answer on my return.", "auto_reply"),
        ("Rank first on Google in 30 days with our agency, see http://rank.example", "spam"),
    ],
)
def test_what_asks_for_nothing_is(text: str, noise: str):
    assert read_message("", text).noise == noise


@pytest.mark.parametrize("subject", ["Re: Charged twice in May", "AW: Charged twice in May"])
def test_thanks_under_the_subject_of_before_ask_for_nothing(subject: str):
    reading = read_message(subject, "Many thanks for the quick help, have a nice day!")
    assert (reading.noise, reading.issues) == ("thanks", [])


def test_a_reply_that_asks_is_no_thanks():
    reading = read_message("Re: Charged twice in May", "Thanks, but when do I get my money back?")
    assert reading.noise is None
    assert reading.issues
