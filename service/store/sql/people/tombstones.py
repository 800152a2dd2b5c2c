"""Tombstones: keyed hashes of the ids of erased users (HMAC with SHA-256, RFC 2104).

Without the key, which the migration makes, nobody can tell by a tombstone whether an id was erased.
"""

import hashlib
import hmac
import json
from collections.abc import Collection

from sqlalchemy import Connection, select

from service.store.sql.people.bulk import array_literal, is_sqlite
from service.store.sql.tables import secrets, tombstones

_KEY = select(secrets.c.value).where(secrets.c.name == "tombstones")
_SELECT_SQLITE = f"SELECT hash FROM {tombstones.name} WHERE hash IN (SELECT value FROM json_each(?))"
_SELECT_POSTGRES = f"SELECT hash FROM {tombstones.name} WHERE hash = ANY(%s::text[])"


class Tombstones:
    """Looks up tombstones; reads the key of the database when it is first needed."""

    def __init__(self) -> None:
        self._key: bytes | None = None

    def hash_of(self, connection: Connection, user_id: str) -> str:
        """The keyed hash of an id, in hexadecimal."""
        if self._key is None:
            self._key = bytes.fromhex(connection.scalars(_KEY).one())
        return hmac.digest(self._key, user_id.encode(), hashlib.sha256).hex()

    def among(self, connection: Connection, user_ids: Collection[str]) -> set[str]:
        """Those of these ids that have a tombstone."""
        if not user_ids:
            return set()
        by_hash = {self.hash_of(connection, user_id): user_id for user_id in user_ids}
        if is_sqlite(connection):
            parameters: tuple[str] = (json.dumps(list(by_hash)),)
            statement = _SELECT_SQLITE
        else:
            parameters, statement = (array_literal(by_hash),), _SELECT_POSTGRES
        return {by_hash[record[0]] for record in connection.exec_driver_sql(statement, parameters)}
