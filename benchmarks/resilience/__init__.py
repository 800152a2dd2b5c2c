"""What the service was put through: `make resilience`. Bounded, on loopback; outcomes: docs/reliability.md."""
