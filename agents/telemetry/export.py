"""Sending spans to an OpenTelemetry collector; the libraries are an extra, imported when used.

Where to is said by the usual variables of the environment, such as OTEL_EXPORTER_OTLP_ENDPOINT.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from agents.telemetry.spans import SYSTEM, Span
from data.errors import HandrailError

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""Variables of which one says where traces go."""

_TIMEOUT_SECONDS = 5


class NotInstalled(HandrailError):
    """An endpoint is set, and the libraries that send traces are not there."""


class Exporter(Protocol):
    """Takes traces."""

    def send(self, trace: int, spans: Sequence[Span]) -> bool:
        """Send one trace; whether it was taken."""
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...


def is_wanted(environment: Mapping[str, str] | None = None) -> bool:
    """Whether an endpoint is set, and OpenTelemetry is not switched off."""
    found = os.environ if environment is None else environment
    off = found.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return not off and any(found.get(name) for name in ENDPOINTS)


def open_exporter(version: str) -> Exporter:
    """What sends traces to the endpoint; NotInstalled without the libraries."""
    try:
        return _Otlp(version)
    except ImportError as lacking:
        raise NotInstalled(
            f"{_set_one()} is set, and opentelemetry is not installed ({lacking.name}): "
            "`pip install 'handrail[otel]'`, or unset it; runs are not traced until then"
        ) from None


def _set_one() -> str:
    return next((name for name in ENDPOINTS if os.environ.get(name)), ENDPOINTS[-1])


class _Otlp:
    """OTLP over HTTP."""

    def __init__(self, version: str) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource

        # That a collector is not there is told once, by who sends.
        logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)
        self._exporter = OTLPSpanExporter(timeout=_TIMEOUT_SECONDS)
        given = {"service.name": SYSTEM, "service.version": version}
        # The environment's own resource attributes win, as everywhere in OpenTelemetry.
        named = Resource.create()
        if named.attributes.get("service.name", "unknown_service").startswith("unknown_service"):
            self._resource = named.merge(Resource(given))
        else:
            self._resource = Resource(given).merge(named)

    def send(self, trace: int, spans: Sequence[Span]) -> bool:
        from opentelemetry.sdk.trace.export import SpanExportResult

        made = [self._made(trace, span) for span in spans]
        return bool(self._exporter.export(made) is SpanExportResult.SUCCESS)

    def _made(self, trace: int, span: Span) -> Any:
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

        def context(span_id: int) -> SpanContext:
            return SpanContext(trace, span_id, False, TraceFlags(TraceFlags.SAMPLED))

        attributes: dict[str, Any] = dict(span.attributes)
        if span.failed:
            attributes["error.type"] = span.failed
        return ReadableSpan(
            name=span.name,
            context=context(span.id),
            parent=None if span.parent is None else context(span.parent),
            resource=self._resource,
            attributes=attributes,
            kind=SpanKind.CLIENT if span.client else SpanKind.INTERNAL,
            status=Status(StatusCode.ERROR if span.failed else StatusCode.UNSET),
            start_time=_nanoseconds(span.start),
            end_time=_nanoseconds(span.end),
        )

    def close(self) -> None:
        self._exporter.shutdown()


def _nanoseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6) * 1_000
