"""The three package names mean our tree, and the interface process stays light."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("console", "agents", "data")
HEAVY = ("litellm", "dbos", "sklearn", "scipy", "openai", "botocore")


def run_elsewhere(code: str, folder: Path) -> str:
    """Run code in a fresh interpreter that starts outside the tree, and give what it printed."""
    ended = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_name_means_our_tree(package: str, tmp_path: Path):
    origin = run_elsewhere(f"import {package}; print({package}.__file__)", tmp_path).strip()
    assert Path(origin).resolve() == ROOT / package / "__init__.py"


def test_nothing_else_stands_at_the_top():
    folders = {found.parent.name for found in ROOT.glob("[!.]*/__init__.py")}
    assert folders == {*PACKAGES, "tests"}


@pytest.mark.skipif(
    importlib.util.find_spec("console.main") is None, reason="console.main is not written yet"
)
def test_the_interface_process_imports_nothing_heavy(tmp_path: Path):
    code = "import json, sys, console.main; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(run_elsewhere(code, tmp_path).splitlines()[-1]))
    assert "console.main" in loaded
    assert loaded.isdisjoint(HEAVY), f"console.main imports {sorted(loaded.intersection(HEAVY))}"
