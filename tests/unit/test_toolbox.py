"""What a role has not declared, it cannot reach; and no role holds anything that writes."""

import ast
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import agents
from agents.connectors.protocols import Reader, Writer
from agents.errors import NotAllowed
from agents.playbooks.model import READ_TOOLS, load_playbooks
from agents.toolbox import ToolBox
from data.vocabulary import AgentName

WRITES = {name for name in vars(Writer) if not name.startswith("_")} - set(vars(Reader))


class _Silent:
    """A journal that runs each step."""

    def step(self, name: str, agent: str, kind: str, do: Any, view: Any) -> Any:
        return do()

    def note(self, *_: Any, **__: Any) -> None:
        pass


class _Rows:
    """A reader that answers everything with one row."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args: {"id": name} if name == "customer" else [{"id": name}]


def _box(allowed: list[str]) -> ToolBox:
    now = datetime(2026, 3, 10, tzinfo=UTC)
    return ToolBox(AgentName.BILLING, allowed, _Rows(), _Silent(), now, lambda _: None)  # type: ignore[arg-type]


@pytest.mark.parametrize("tool", READ_TOOLS)
def test_a_role_reads_what_it_declares_and_nothing_else(tool: str) -> None:
    assert _box([tool]).call("s", tool, "cus_1") == [{"id": tool}]
    others = [t for t in READ_TOOLS if t != tool]
    with pytest.raises(NotAllowed, match=tool):
        _box(others).call("s", tool, "cus_1")


@pytest.mark.parametrize("tool", [*sorted(WRITES), "table", "record", "customer_by_email", ""])
def test_nothing_that_writes_or_reads_everything_is_a_tool(tool: str) -> None:
    for playbook in load_playbooks().all:
        assert tool not in playbook.reads
        with pytest.raises(NotAllowed):
            _box(playbook.reads).call("s", tool, "cus_1")
    with pytest.raises(NotAllowed):
        _box([tool]).call("s", tool, "cus_1")


def test_without_a_customer_no_account_data_is_read() -> None:
    for tool in set(READ_TOOLS) - {"plans", "services", "articles", "staff"}:
        assert _box([tool]).call("s", tool, None) == []


def test_only_the_executor_and_the_preview_touch_the_write_handle() -> None:
    root = Path(agents.__file__).parent
    found = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Attribute):
                continue
            if node.value.attr == "writer":
                found.add((path.relative_to(root).as_posix(), node.attr))
    assert {use for use in found if not use[0].startswith(("eval/", "connectors/"))} == {
        ("engine/executor.py", "carry_out"),
        ("engine/executor.py", "lookup"),
        ("engine/executor.py", "take_back"),
        ("engine/preview.py", "preview"),
        ("engine/preview.py", "preview_undo"),
        ("engine/propose.py", "preview"),
        ("engine/taking_back.py", "preview_undo"),
        # Quality checks look effects up by their keys; practice works previews out in a copy.
        ("worker.py", "lookup"),
        ("practice/cases.py", "preview"),
    }
