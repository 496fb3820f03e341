"""Triage on the texts of other companies: `make bench-triage`. Its figures are told, never judged.

Reads `corpora/` of the folder that HANDRAIL_CORPORA names (default: `../shared/corpora`). Nothing
of it is part of the models that are measured here (cold), one for each kind of features; beside
each stands one fitted on a part of Banking77 (HANDRAIL_COLD=1 leaves them out: fitting takes
minutes). Routes by MAPPING.csv;
the expected calibration error is over ten bins of equal width of the confidence.
"""

import csv
import json
import os
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sklearn.metrics import roc_auc_score

from agents.understanding.features import BY_NAME, Features
from agents.understanding.model import TriageModel, packaged_model
from agents.understanding.reading import Reading, TriageRow
from agents.understanding.triage import read_messages, row_of
from tests.bench.fitted import calibration
from tests.bench.redaction import redaction

DEFAULT = Path(__file__).resolve().parents[2].parent / "shared" / "corpora"
ROUTES = ("account", "technical", "billing", "product")
AT_ONCE = 64


@dataclass(frozen=True)
class Labelled:
    """One text, and where it should go."""

    text: str
    route: str
    label: str


def routes(folder: Path) -> dict[tuple[str, str, str], str]:
    """Data set, domain and label to the route."""
    with (folder / "MAPPING.csv").open(encoding="utf-8", newline="") as file:
        return {(r["dataset"], r["domain"], r["label"]): r["route"] for r in csv.DictReader(file)}


def banking(folder: Path) -> list[Labelled]:
    """Banking77, the labels that are mapped."""
    to = routes(folder)
    with (folder / "banking77" / "train.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    named = [(r["text"], to.get(("banking77", "", r["category"])), r["category"]) for r in rows]
    return [Labelled(text, route, label) for text, route, label in named if route]


def multidogo(folder: Path, part: str = "dev") -> list[Labelled]:
    """MultiDoGO, the turns whose intent is mapped."""
    to, found = routes(folder), []
    for path in sorted((folder / "multidogo").glob(f"*_{part}.tsv")):
        domain = path.stem.partition("_")[0]
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                route = to.get(("multidogo", domain, row["intent"] or ""))
                if route:
                    found.append(Labelled(row["utterance"], route, row["intent"]))
    return found


def out_of_scope(folder: Path) -> list[str]:
    """CLINC's texts that no service answers."""
    told = json.loads((folder / "clinc" / "train_val.json").read_text(encoding="utf-8"))
    return [text for name in told if name.startswith("oos") for text, _ in told[name]]


def tweets(folder: Path) -> tuple[list[str], list[bool]]:
    """Tweets, and whether they are angry."""
    texts = (folder / "anger" / "val_text.txt").read_text(encoding="utf-8").splitlines()
    labels = (folder / "anger" / "val_labels.txt").read_text(encoding="utf-8").splitlines()
    return texts, [label.strip() == "0" for label in labels]


def read(texts: Iterable[str], model: TriageModel) -> list[tuple[Reading, TriageRow]]:
    """What triage says of each text."""
    bodies, found = [("", text) for text in texts], []
    for first in range(0, len(bodies), AT_ONCE):
        readings = read_messages(bodies[first : first + AT_ONCE], model)
        found += [(reading, row_of(reading)) for reading in readings]
    return found


def routing(name: str, rows: list[Labelled], model: TriageModel) -> None:
    """Print how many go where they should, by route, and how many go to a person."""
    found = read((row.text for row in rows), model)
    right = [row.route == told.intent for row, (_, told) in zip(rows, found, strict=True)]
    to_person = sum(told.escalate for _, told in found) / len(rows)
    ece = calibration([told.confidence for _, told in found], right)
    print(
        f"{name}: {len(rows)} texts, routed {sum(right) / len(rows):.3f}, ECE {ece:.3f}, ", end=""
    )
    print(f"to a person {to_person:.3f}")
    for route in ROUTES:
        went = Counter(
            t.intent for row, (_, t) in zip(rows, found, strict=True) if row.route == route
        )
        total = sum(went.values())
        if total:
            shares = ", ".join(f"{to} {n / total:.2f}" for to, n in went.most_common())
            print(f"    {route:<10}{total:>6}  {shares}")
    if os.environ.get("HANDRAIL_LABELS"):
        by_label: dict[str, Counter[str]] = defaultdict(Counter)
        wanted = {row.label: row.route for row in rows}
        for row, (_, told) in zip(rows, found, strict=True):
            by_label[row.label][told.intent] += 1
        for label, went in sorted(
            by_label.items(), key=lambda x: x[1][wanted[x[0]]] / x[1].total()
        ):
            print(f"      {label:<52}{wanted[label]:<10}{dict(went.most_common())}")


def fitted(folder: Path, outside: list[str], features: Features) -> None:
    """Print what triage is worth once it is fitted on a part of Banking77."""
    from agents.understanding.training import Labelled as Ticket
    from tests.bench.fitted import measure

    to = routes(folder)
    with (folder / "banking77" / "train.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            Ticket("", r["text"], to.get(("banking77", "", r["category"])), r["category"])
            for r in csv.DictReader(file)
        ]
    found = measure(rows, outside, features)
    print(f"Banking77, fitted on {found.learned}, measured on {found.rows} others of train.csv:")
    print(
        f"    routed {found.routed:.3f}, ECE {found.route_ece:.3f}; "
        f"all {len({row.issue for row in rows})} as issue {found.issues:.3f}, "
        f"ECE {found.issue_ece:.3f}"
    )
    print(
        f"    to a person {found.to_person:.3f}; "
        f"out of scope (CLINC) to a person {found.outside_to_person:.3f}"
    )


def main() -> None:
    """Print the table; a share of each data set, the same in every run."""
    folder = Path(os.environ.get("HANDRAIL_CORPORA", DEFAULT))
    if not (folder / "MAPPING.csv").is_file():
        sys.exit(f"no corpora at {folder}; name their folder in HANDRAIL_CORPORA")
    most = int(os.environ.get("HANDRAIL_TEXTS", "1500"))
    pick = random.Random(1)

    def some(rows: list[Any]) -> list[Any]:
        return pick.sample(rows, min(most, len(rows)))

    bank, goods, strange = (
        some(banking(folder)),
        some(multidogo(folder)),
        some(out_of_scope(folder)),
    )
    for features in BY_NAME.values():
        model = packaged_model(features.name)
        print(f"features: {features.name}")
        routing("Banking77, cold", bank, model)
        routing("MultiDoGO, cold", goods, model)
        kept = sum(told.escalate for _, told in read(strange, model)) / len(strange)
        print(f"out of scope (CLINC), cold: {len(strange)} texts, to a person {kept:.3f}")
        texts, angry = tweets(folder)
        score = roc_auc_score(angry, [reading.anger for reading, _ in read(texts, model)])
        print(f"anger (tweets), not trained on: {len(texts)} texts, AUROC {score:.3f}")
        if not os.environ.get("HANDRAIL_COLD"):
            fitted(folder, out_of_scope(folder), features)
    redaction(folder)


if __name__ == "__main__":
    main()
