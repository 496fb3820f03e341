"""What the tracked files may hold, and how long they may be."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_MODULE = 600

# Put together here, so that this file does not name what it looks for.
MACHINE_PATHS = [r"(?<![\w.~-])/" + name for name in ("work/", "root/", "opt/" + "wheels")]
REGISTRY_HOSTS = [
    r"\.".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "python" + "hosted"),
        ("registry", "npm" + "js"),
        ("deb", "debian"),
    )
]
FORBIDDEN = re.compile("|".join(MACHINE_PATHS + REGISTRY_HOSTS).encode())


def project_files() -> list[Path]:
    """Every file that is tracked, or would be by adding all."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git work tree, so nothing tells which files are the project's")
    paths = [ROOT / name for name in set(listed.stdout.split("\0")) if name]
    return sorted(path for path in paths if path.is_file())


def test_no_file_names_a_machine_or_a_registry():
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in project_files()
        for number, line in enumerate(path.read_bytes().splitlines(), start=1)
        if FORBIDDEN.search(line)
    ]
    assert not found


def test_no_module_is_too_long_to_read():
    too_long = {
        str(path.relative_to(ROOT)): lines
        for path in project_files()
        if path.suffix == ".py"
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_MODULE
    }
    assert not too_long, f"split at 400 lines, {LONGEST_MODULE} is refused: {too_long}"


@pytest.mark.parametrize("line", [b"cd /" + b"work/x", b"see https://pypi" + b".org/simple"])
def test_the_pattern_finds_what_it_is_for(line: bytes):
    assert FORBIDDEN.search(line)
