"""A made-up team's labelled tickets: a nursery for plants."""

from agents.understanding.training import Labelled

OPENINGS = ("Please", "Could you", "Hello, please", "We need you to", "It is urgent:", "Today,")
SAID = {
    ("technical", "heating"): ("repair the greenhouse heater", "look at the cold heating pipe"),
    ("technical", "watering"): ("mend the sprinkler", "check why the watering hose leaks"),
    ("billing", "deposit"): ("give back the deposit for the trays", "return my pot deposit"),
    ("billing", "price"): ("correct the price of the tulips", "lower the price on my rose order"),
    ("product", "care"): ("tell me how to prune a fig", "say how often ferns want water"),
    ("account", "address"): ("note my new delivery gate", "change where the trees are delivered"),
}
"""Intent and issue to what is asked."""

PLACES = ("in bay 3", "at the east house", "this week")


def tickets() -> list[Labelled]:
    """216 of them, six issues of four intents."""
    return [
        Labelled("", f"{opening} {asked} {place}.", intent, issue)
        for (intent, issue), texts in SAID.items()
        for asked in texts
        for place in PLACES
        for opening in OPENINGS
    ]
