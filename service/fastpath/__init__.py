"""The fast path: hot routes answered before ASGI. Only `service.app` imports it."""
