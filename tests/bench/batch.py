"""`handrail triage` over a file, against encoder and matrix product over the same texts."""

import csv
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.tickets import Written, anything

ROOT = Path(__file__).resolve().parents[2]
_BARE = """
import csv, sys, time
from agents.understanding.model import packaged_model, softmax
model = packaged_model(sys.argv[2]); w = model.weights; model.features.of(["warm up"])
texts = [f"{r['subject']}. {r['body']}" for r in csv.DictReader(open(sys.argv[1]))]
start = time.perf_counter()
softmax((model.features.of(texts) @ w["kind_w"].T + w["kind_b"]) * w["kind_t"])
print(time.perf_counter() - start)
"""


SECONDS = 50.0
"""What the command may take; on a slow machine there are fewer rows."""

PILOT = 200


def triage(folder: Path, most: int, features: str) -> dict[str, float]:
    """Rows per second of the command (its start taken off) and of the bare pipeline."""
    texts = anything(1 + PILOT + most, seed=3)
    start_up = _command(_write(folder / "one.csv", texts[:1]), features)
    pilot = _command(_write(folder / "pilot.csv", texts[1 : 1 + PILOT]), features) - start_up
    rows = min(most, int(SECONDS * PILOT / pilot) // 100 * 100)
    path = _write(folder / "many.csv", texts[1 + PILOT :][:rows])
    took = _command(path, features) - start_up
    bare = float(_run([sys.executable, "-P", "-c", _BARE, str(path), features]))
    return {"rows": rows, "start": start_up, "rate": rows / took, "bare": rows / bare}


def _write(path: Path, written: list[Written]) -> Path:
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "subject", "body", "email"])
        out.writerows([n, w.subject, w.body, w.email] for n, w in enumerate(written))
    return path


def _command(path: Path, features: str) -> float:
    start = time.perf_counter()
    program = [sys.executable, "-P", "-m", "console.main"]
    _run([*program, "triage", str(path), "-o", f"{path}.triaged.csv", "--features", features])
    return time.perf_counter() - start


def _run(command: list[str]) -> str:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout
