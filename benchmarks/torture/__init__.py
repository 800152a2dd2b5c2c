"""What the service was put through: `make torture`. Bounded, on loopback; outcomes: docs/reliability.md."""
