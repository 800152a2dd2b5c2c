"""Clients that misuse the service, or that come in crowds."""
