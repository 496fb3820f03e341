"""`handrail triage` over a file, against encoder and matrix product over the same texts."""

import csv
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.tickets import anything

ROOT = Path(__file__).resolve().parents[2]
_BARE = """
import csv, sys, time
from agents.understanding.encoder import features
from agents.understanding.model import packaged_model, softmax
model = packaged_model(); w = model.weights; features(["warm up"])
texts = [f"{r['subject']}. {r['body']}" for r in csv.DictReader(open(sys.argv[1]))]
start = time.perf_counter()
softmax((features(texts) @ w["kind_w"].T + w["kind_b"]) * w["kind_t"])
print(time.perf_counter() - start)
"""


def triage(folder: Path, rows: int) -> dict[str, float]:
    """Rows per second of the command (its start taken off) and of the bare pipeline."""
    few, many = folder / "few.csv", folder / "many.csv"
    texts = anything(rows + 1, seed=3)
    for path, chosen in ((few, texts[:1]), (many, texts[1:])):
        with path.open("w", newline="") as file:
            out = csv.writer(file)
            out.writerow(["id", "subject", "body", "email"])
            out.writerows([n, t.subject, t.body, t.email] for n, t in enumerate(chosen))
    start_up = _command(few, folder)
    whole = _command(many, folder)
    bare = float(_run([sys.executable, "-P", "-c", _BARE, str(many)]))
    return {"start": start_up, "rate": rows / (whole - start_up), "bare": rows / bare}


def _command(path: Path, folder: Path) -> float:
    start = time.perf_counter()
    _run(
        [
            sys.executable,
            "-P",
            "-m",
            "console.main",
            "triage",
            str(path),
            "-o",
            str(folder / f"{path.stem}.out.csv"),
        ]
    )
    return time.perf_counter() - start


def _run(command: list[str]) -> str:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout
