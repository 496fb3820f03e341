"""A fork gets its store and connectors from the shadow, which makes them in its own folder."""

import ast
from pathlib import Path

import agents.forking

FOLDER = Path(agents.forking.__file__).parent
TREES = {path.stem: ast.parse(path.read_text()) for path in sorted(FOLDER.glob("*.py"))}
MAKES = {"EmbeddedReader", "EmbeddedWriter", "open_workspace", "Engine", "Service", "parts_of"}
IN_ITS_FOLDER = {"EmbeddedReader", "EmbeddedWriter", "open_workspace", "take_back", "restore_seen"}
"""What opens a file that can be written; the first argument names it."""


def _calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def test_only_the_shadow_makes_what_reads_and_writes() -> None:
    found = {name for name, tree in TREES.items() for c in _calls(tree) if _called(c) in MAKES}
    assert found == {"shadow"}


def test_what_it_opens_to_write_lies_in_its_temporary_folder() -> None:
    tree = TREES["shadow"]
    in_folder = {
        target.id
        for node in ast.walk(tree) if isinstance(node, ast.Assign)
        for target in ast.walk(node) if isinstance(target, ast.Name)
        and isinstance(target.ctx, ast.Store) and _from_folder(node.value)
    }  # fmt: skip
    opened = [c for c in _calls(tree) if _called(c) in IN_ITS_FOLDER]
    assert len(opened) >= len(IN_ITS_FOLDER)
    for call in opened:
        names = {n.id for n in ast.walk(call.args[0]) if isinstance(n, ast.Name)} - {"str"}
        assert names <= in_folder, ast.unparse(call)


def _from_folder(value: ast.expr) -> bool:
    """Whether it is `folder / …` or `Path(name) / …`, of a temporary folder."""
    words = ast.unparse(value)
    return words.startswith(("folder / ", "(Path(name) / ", "Path(name) / "))


def test_the_original_is_only_read() -> None:
    for name, tree in TREES.items():
        for call in _calls(tree):
            if isinstance(call.func, ast.Attribute) and call.func.attr in ("write", "connect"):
                assert "workspace" not in ast.unparse(call.func), (name, ast.unparse(call))
