"""Connections to SQLite and PostgreSQL: engines, deadlines, transactions and group commit."""
