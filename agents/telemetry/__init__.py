"""Runs as OpenTelemetry traces, made from the log once they have ended."""
