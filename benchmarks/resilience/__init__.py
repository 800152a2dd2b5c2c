"""Resilience tests of the service: `make resilience`. Limited, on loopback; results: docs/reliability.md."""
