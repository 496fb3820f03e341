"""Intents on trial in words, for the command line and the screen."""

from agents.trials import COMPARED, Comparison, Step, Trial, Verdict
from console.format import label, line, money, sums
from data.vocabulary import Gate, TrialMode

MODES = {
    TrialMode.SHADOW: ("◌", "shadow", "they plan, people act"),
    TrialMode.ASSIST: ("◐", "assist", "everything asks a person"),
    TrialMode.AUTO: ("●", "auto", "as the policy's gates say"),
}
"""Glyph, word and meaning of each mode."""

VERDICTS = {
    Verdict.SAME: ("=", "the same was done"),
    Verdict.OTHER_ARGUMENTS: ("≈", "the same with other values"),
    Verdict.SOMETHING_ELSE: ("≠", "something else was done"),
    Verdict.PEOPLE_NOTHING: ("-", "people did nothing of it"),
    Verdict.AGENTS_NOTHING: ("+", "people acted, nothing was planned"),
    Verdict.NEITHER: ("·", "nothing planned, nothing done"),
    Verdict.OPEN: ("…", "not ended yet"),
}
"""Glyph and words of how a plan compares with what people did."""


def agreement(trial: Trial) -> str:
    """The share that agrees, the count behind it, and how low it may really be."""
    if trial.agreement is None or trial.at_least is None:
        return "no data"
    same = trial.verdicts[Verdict.SAME]
    return f"{trial.agreement:.0%} ({same} of {trial.compared}), at least {trial.at_least:.0%}"


def following(trial: Trial) -> str:
    """What the next mode would mean for what was planned so far."""
    if trial.next_mode is None:
        return "the gates decide already"
    total = sum(trial.gates.values())
    if not total:
        return f"{trial.next_mode}: no action was planned so far"
    parts = []
    for gate, words in (
        (Gate.AUTO, "would run alone"),
        (Gate.ASK, "would ask a person"),
        (Gate.ASK_TWO, "would ask two people"),
        (Gate.FORBIDDEN, "would be forbidden"),
    ):
        if trial.gates[gate]:
            parts.append(f"{trial.gates[gate]} {words}")
    alone = moved(trial.alone)
    count = f"{total} action{'s' if total > 1 else ''}"
    told = f"{trial.next_mode}: of {count} planned, {', '.join(parts)}"
    return f"{told}; {alone} without asking" if alone else told


def moved(amounts: dict[str, int]) -> str:
    """Sums of money, each currency by itself; empty for none."""
    return sums((amount, currency) for currency, amount in amounts.items())


def step(one: Step) -> str:
    """An action with what it is aimed at, in a line."""
    told = [str(v) for k, v in one.compared.items() if k not in ("amount", "currency")]
    amount = money(one.amount, one.currency)
    return line(" ".join(part for part in (label(one.name), amount, *told) if part), 200)


def steps(found: tuple[Step, ...]) -> str:
    """Several of them in a line."""
    return "; ".join(step(one) for one in found) or "nothing"


def verdict(comparison: Comparison) -> str:
    """How one ticket compares, with its glyph."""
    return " ".join(VERDICTS[comparison.verdict])


def tally(trial: Trial) -> list[tuple[Verdict, int]]:
    """How many of each verdict there are, those of the share first; all others only if any."""
    return [
        (each, trial.verdicts[each]) for each in Verdict if each in COMPARED or trial.verdicts[each]
    ]
