"""Personal data in texts of other companies: what is found, what is hidden wrongly, and how fast.

MultiDoGO's texts have lost their punctuation (`ana 45 gmailcom`), as have the values that are
looked for. A value counts as found if no word of it with three letters or digits is left.
"""

import csv
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from agents.privacy.veil import Veil
from data.redaction import redact_text

KINDS = {
    "email_address": "email", "phone_number": "phone", "card_number": "card",
    "account_number": "account", "target_account_number": "account", "account_id": "account",
    "ssn": "last digits (ssn)", "password": "password", "name": "name", "address": "address",
}  # fmt: skip
_BARE = re.compile(r"[\w.+-]+@[\w.-]+|\d(?:[ -]?\d){8,}")
_NONCE = "benchmark" * 2


class Told(NamedTuple):
    """A value that somebody marked in a text."""

    text: str
    kind: str
    value: str


def _marked(folder: Path) -> Iterator[Told]:
    for path in sorted((folder / "multidogo").glob("*_*.tsv")):
        if path.stem.rpartition("_")[2] not in ("train", "dev"):
            continue
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                words, labels = (row["utterance"] or "").split(), (row["slot-labels"] or "").split()
                if len(words) == len(labels):
                    spans: list[tuple[str, list[str]]] = []
                    for before, label, word in zip(["O", *labels], labels, words, strict=False):
                        if label in KINDS and label == before:
                            spans[-1][1].append(word)
                        elif label in KINDS:
                            spans.append((KINDS[label], [word]))
                    for kind, parts in spans:
                        yield Told(row["utterance"], kind, " ".join(parts))


def _gone(value: str, shown: str) -> bool:
    left = set(shown.split())
    return not any(word in left for word in value.split() if len(word) > 2)


def _recall(told: list[Told], hide: Callable[[Told], str]) -> dict[str, tuple[int, int]]:
    found: dict[str, list[bool]] = defaultdict(list)
    for each in told:
        kind = each.kind
        if kind in ("card", "account"):
            long = sum(map(str.isdigit, each.value)) >= 9
            kind = f"{kind}, {'9 digits or more' if long else 'fewer'}"
        found[kind].append(_gone(each.value, hide(each)))
    return {kind: (sum(hits), len(hits)) for kind, hits in sorted(found.items())}


def _record(each: Told) -> dict[str, str]:
    """The customer's record, with the value as records write it."""
    return {each.kind: each.value.title()}


def _clean(folder: Path) -> dict[str, list[str]]:
    with (folder / "banking77" / "train.csv").open(encoding="utf-8", newline="") as file:
        banking = [row["text"] for row in csv.DictReader(file)]
    told = json.loads((folder / "clinc" / "train_val.json").read_text(encoding="utf-8"))
    clinc = [text for name in told if name.endswith("val") for text, _ in told[name]]
    plain = [text for text in banking if not re.search(r"\d", text)]
    return {"Banking77 without digits": plain, "CLINC": clinc}


def _rate(texts: list[str], hide: Callable[[str], object]) -> float:
    """Texts per second of CPU: the best of three."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        for text in texts:
            hide(text)
        best = min(best, time.process_time() - start)
    return len(texts) / best


def redaction(folder: Path) -> None:
    """Print the table."""
    told = list(_marked(folder))
    veil = Veil(_NONCE)
    log = _recall(told, lambda each: redact_text(each.text))
    model = _recall(told, lambda each: veil.hide(each.text))
    print("personal data, MultiDoGO's marked values (train, dev): found by its form alone")
    print(f"    {'kind':<28}{'values':>7}{'log':>8}{'model':>8}")
    for kind, (hits, count) in model.items():
        print(f"    {kind:<28}{count:>7}{log[kind][0] / count:>8.3f}{hits / count:>8.3f}")
    known = [each for each in told if each.kind in ("name", "address")]
    record = _recall(known, lambda each: Veil(_NONCE, _record(each)).hide(each.text))
    for kind, (hits, count) in record.items():
        print(f"    {kind + ', in the record':<28}{count:>7}{'':>8}{hits / count:>8.3f}")
    for name, texts in _clean(folder).items():
        wrong = sum(redact_text(text) != text for text in texts)
        hidden = sum(veil.hide(text) != text for text in texts)
        print(f"hidden wrongly, {name}: {len(texts)} texts, log {wrong}, model {hidden}")
    texts = [each.text for each in told[:5_000]]
    bare = _rate(texts, lambda text: _BARE.sub("", text))
    for name, hide in (("log", redact_text), ("model", veil.hide)):
        rate = _rate(texts, hide)
        print(f"speed, {name}: {rate:,.0f} texts/s, {rate / bare:.3f} of one bare expression")
