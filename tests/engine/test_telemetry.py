"""Traces of runs: what the spans say and do not say, and that a collector gets them."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from agents.telemetry.export import ENDPOINTS, NotInstalled, is_wanted, open_exporter
from agents.telemetry.spans import RunRow, Span, Step, spans_of, trace_id
from agents.telemetry.tracing import Tracing
from tests.engine.conftest import Open
from tests.engine.desk import Desk

AT = datetime(2026, 3, 9, 9, tzinfo=UTC)
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@dataclass
class Kept:
    """An exporter that keeps what it was sent, unless it is down."""

    down: bool = False
    traces: dict[int, list[Span]] = field(default_factory=dict)

    def send(self, trace: int, spans: Sequence[Span]) -> bool:
        if not self.down:
            self.traces[trace] = list(spans)
        return not self.down

    def close(self) -> None:
        pass


def finished(desk: Desk) -> str:
    ticket = desk.arrive()
    desk.approve_all()
    return ticket


def test_a_run_is_one_trace_of_its_steps(desk: Open) -> None:
    one, kept = desk(), Kept()
    tracing = Tracing(one.store, kept)
    ticket = finished(one)
    assert not tracing.export()
    ((trace, spans),) = kept.traces.items()
    root, *rest = spans
    assert trace == trace_id(root.attributes["handrail.run.id"])  # type: ignore[arg-type]
    assert root.name == "invoke_agent handrail"
    assert root.attributes["gen_ai.conversation.id"] == ticket
    assert root.attributes["handrail.status"] == "resolved"
    assert root.attributes["handrail.outcome.rule"] == "B1"
    assert all(span.parent == root.id for span in rest)
    assert len({span.id for span in spans}) == len(spans)
    names = [span.name for span in rest]
    assert "triage triage" in names
    assert "execute_tool charges" in names
    assert "diagnosis billing" in names
    refund = next(span for span in rest if span.name == "execute_tool process_refund")
    assert refund.attributes["handrail.action.state"] == "verified"
    assert refund.client
    assert all(root.start <= span.end <= root.end for span in rest)
    assert all(span.start <= span.end for span in spans)
    operations = {span.attributes["gen_ai.operation.name"] for span in spans}
    assert operations == {"invoke_agent", "execute_tool"}


@pytest.mark.parametrize(
    "scenario", ["b1-duplicate-charge", "e2-legal-threat", "h2-full-card-number", "i4-email-strong"]
)
def test_spans_hold_no_words_and_nothing_personal(desk: Open, scenario: str) -> None:
    one, kept = desk(scenario), Kept()
    tracing = Tracing(one.store, kept)
    ticket = finished(one)
    tracing.export()
    told = str(kept.traces)
    detail = one.detail(ticket)
    said = [word for m in detail.messages for word in m.body.split() if len(word) > 8]
    own = {"customers", "subscriptions", "refunded", "technical", "escalated"}
    assert [w for w in said if w in told and w.lower() not in own] == []
    customer = detail.ticket.customer_name or ""
    assert [word for word in customer.split() if word in told] == []
    assert str(detail.ticket.requester) not in told


def test_a_call_of_a_model_tells_its_tokens_and_cost() -> None:
    run = RunRow("r_1", "t_1", 1, "llm", "p", AT, 150, 2_500)
    steps = [
        Step(1, AT, "resolution", "run.started", {}),
        Step(2, AT + timedelta(seconds=2), "billing", "model.called",
             {"model": "openai/gpt-x", "tokens_in": 100, "tokens_out": 50, "cost_micros": 2_500,
              "model_ms": 1_500, "ms": 1_600, "error": "the customer said: help"}),
        Step(3, AT + timedelta(seconds=3), "resolution", "run.failed", {"problem": "a secret"}),
    ]  # fmt: skip
    root, call = spans_of(run, steps, timedelta(hours=1))
    assert call.name == "chat openai/gpt-x"
    assert call.end == AT + timedelta(seconds=2) - timedelta(hours=1)
    assert call.end - call.start == timedelta(seconds=1.5)
    assert call.failed == "model_error"
    expected = {
        "gen_ai.operation.name": "chat", "gen_ai.request.model": "openai/gpt-x",
        "gen_ai.provider.name": "openai", "gen_ai.agent.name": "billing",
        "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 50,
        "handrail.cost_usd": 0.0025,
    }  # fmt: skip
    assert expected.items() <= call.attributes.items()
    assert root.attributes["gen_ai.usage.input_tokens"] == 100
    assert root.attributes["handrail.run.cost_usd"] == 0.0025
    assert root.failed == "run.failed"
    assert "secret" not in str((root, call))
    assert "help" not in str((root, call))


def test_what_ended_before_is_left_out_and_what_is_not_taken_is_sent_again(desk: Open) -> None:
    one, kept = desk(), Kept(down=True)
    ticket = finished(one)
    tracing = Tracing(one.store, kept)
    assert not tracing.export()
    assert kept.traces == {}
    one.service.receive(ticket, "I want to speak to a real person.", at=one.clock.now())
    one.run()
    tracing.export()
    assert kept.traces == {}
    kept.down = False
    Tracing(one.store, kept).export()
    assert len(kept.traces) == 1
    tracing.export()
    assert len(kept.traces) == 1


def test_nothing_is_exported_unless_an_endpoint_is_set() -> None:
    assert not is_wanted({})
    assert all(is_wanted({name: "http://127.0.0.1:4318"}) for name in ENDPOINTS)
    assert not is_wanted({ENDPOINT: "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"})


def test_without_the_libraries_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:4318")
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry", None)
    with pytest.raises(NotInstalled, match=r"pip install 'handrail\[otel\]'"):
        open_exporter("1")


class Collector:
    """An OTLP receiver on a free port of this computer."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.bodies.append(body)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


def test_a_collector_gets_the_trace(
    desk: Open, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(
        "opentelemetry.exporter.otlp.proto.http",
        reason="opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http are not installed",
    )
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    monkeypatch.setenv(ENDPOINT, collector.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    one = desk()
    exporter = open_exporter("1.2.3")
    try:
        tracing = Tracing(one.store, exporter)
        ticket = finished(one)
        tracing.export()
    finally:
        exporter.close()
    (body,) = collector.bodies
    request = ExportTraceServiceRequest.FromString(body)
    (resource,) = request.resource_spans
    told = {a.key: a.value.string_value for a in resource.resource.attributes}
    assert (told["service.name"], told["service.version"]) == ("handrail", "1.2.3")
    spans = [span for scope in resource.scope_spans for span in scope.spans]
    assert len({span.trace_id for span in spans}) == 1
    (root,) = [span for span in spans if not span.parent_span_id]
    assert root.name == "invoke_agent handrail"
    found = {a.key: a.value.string_value for a in root.attributes}
    assert found["gen_ai.conversation.id"] == ticket
    assert all(s.parent_span_id in (b"", root.span_id) for s in spans)
    assert all(s.start_time_unix_nano <= s.end_time_unix_nano for s in spans)
