"""Traces and metrics for an OpenTelemetry collector: the extra ``otlp``."""
