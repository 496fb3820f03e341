"""A crowd of tickets under workers that are killed, disks that fill up and a failing back office.

Whatever happens, the end is that of an undisturbed run, and every effect took place once. The long
form, `make torture`, kills 500 workers; HANDRAIL_SEED repeats the plan of an earlier one.
"""

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CHILD = Path(__file__).with_name("stage.py")
ROOT = Path(__file__).parents[2]
LONG = bool(os.environ.get("HANDRAIL_TORTURE"))
KILLS = int(os.environ.get("HANDRAIL_KILLS") or 500)
DISK_MB = 48

long = pytest.mark.skipif(not LONG, reason="make torture")


def played(folder: Path, size: str, *parts: str, before: list[str] | None = None) -> list[Any]:
    """What the child tells of each part that it plays, in a folder of its own."""
    environment = {
        **os.environ, "OPENBLAS_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false",
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    command = [*(before or []), sys.executable, "-P", str(CHILD), str(folder), size, *parts]
    ran = subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    told = []
    try:
        assert ran.stdout is not None
        for line in ran.stdout:
            told.append(json.loads(line))
            print(line.rstrip())  # noqa: T201
        _, complaints = ran.communicate(timeout=60)
    finally:
        ran.kill()
        ran.wait()
    assert ran.returncode == 0, complaints
    return told


def check(told: list[Any]) -> None:
    """Nothing may differ from the undisturbed run."""
    for found in told:
        assert found["problems"] == [], found


@long
def test_a_few_disturbances_change_nothing_in_the_end(tmp_path: Path) -> None:
    parts = ("kills:1:4", "workspace")
    told = played(tmp_path, "few", *parts)
    check(told)
    assert {found["part"] for found in told} == set(parts)
    assert sum(found["killed"] for found in told) >= 4


@long
def test_five_hundred_killed_workers_change_nothing_in_the_end(tmp_path: Path) -> None:
    seed = int(os.environ.get("HANDRAIL_SEED") or random.randrange(10**6))
    print(f"HANDRAIL_SEED={seed}")  # noqa: T201
    told = played(tmp_path, "all", f"kills:{seed}:{KILLS}")
    check(told)
    assert sum(found["killed"] for found in told) >= KILLS
    spread = [sum(found["tenths"][tenth] for found in told) for tenth in range(10)]
    how = {name: sum(f["deaths"].get(name, 0) for f in told) for f in told for name in f["deaths"]}
    acts = sum(found["in acts"] for found in told)
    print(f"killed by tenths of the work {spread}, {how}, while something was done {acts}")  # noqa: T201
    assert all(spread)
    assert min(how.get(name, 0) for name in ("before", "inside", "after", "worker", "people")) > 0


@long
@pytest.mark.parametrize(
    "part", ["cold", "workspace", "back-office", "errors", "silent", "mute", "slow"]
)
def test_what_is_in_everybodys_way_changes_nothing_in_the_end(tmp_path: Path, part: str) -> None:
    check(played(tmp_path, "all", part))


@long
def test_a_full_disk_changes_nothing_in_the_end(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    script = f'mount -t tmpfs -o size={DISK_MB}m tmpfs "$0" && exec "$@"'
    alone = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, str(disk)]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], check=False).returncode:
        pytest.skip("a small disk cannot be made here without being root (unshare, tmpfs)")
    rest = tmp_path / "rest"
    rest.mkdir()
    check(played(rest, "all", f"disk:{disk}", before=alone))
