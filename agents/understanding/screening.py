"""Which messages, and which of their clauses, are instructions to the agents."""

from dataclasses import replace

from agents.understanding import signs
from agents.understanding.instructions import instructs_agents
from agents.understanding.model import TriageModel
from agents.understanding.secrets import MASK, mask_secrets
from agents.understanding.segments import Segment
from agents.understanding.text import plain_text
from agents.understanding.visible import concealed, visible


def gives_orders(subject: str, body: str) -> bool:
    """Whether anything in a message, seen or not, orders the agents about."""
    seen = f"{subject}\n{visible(body)}".strip()
    texts = dict.fromkeys((seen, plain_text(seen)))
    return any(instructs_agents(text) for text in texts) or hides_orders(f"{subject}\n{body}")


def hides_orders(raw: str) -> bool:
    """Whether what the shown form of a raw text lacks (escape codes, invisible letters, what looks
    like a secret) orders the agents about."""
    words = concealed(raw)
    masked = MASK in mask_secrets(raw)
    return any(instructs_agents(text) for text in (words, raw if masked else "") if text)


def as_no_order(model: TriageModel, segment: Segment) -> Segment:
    """A segment that speaks of its writers, read as what else it may be than an instruction."""
    at = model.kinds.index("instruction_attempt")
    share = float(segment.probabilities[at])
    if not 0.3 <= share < 0.999 or not signs.tells_of_itself(segment.text):
        return segment
    others = segment.probabilities.copy()
    others[at] = 0.0
    return replace(segment, probabilities=others / others.sum())


def which_instruct(model: TriageModel, segments: list[Segment]) -> list[bool]:
    """Which segments are instructions to the agents; right after one, less is needed for the
    next."""
    at = model.kinds.index("instruction_attempt")
    found: list[bool] = []
    for position, segment in enumerate(segments):
        probability = float(segment.probabilities[at])
        after = bool(found) and found[-1]
        same_sentence = after and segments[position - 1].sentence == segment.sentence
        bar = 0.12 if after else 0.8 if len(segment.text.split()) >= 4 else 1.1
        if signs.asks_how(segment.text):
            bar = max(bar, 0.95)
        if not after and signs.tells_of_itself(segment.text):
            bar = 1.1
        found.append(same_sentence or instructs_agents(segment.text) or probability >= bar)
    return found
