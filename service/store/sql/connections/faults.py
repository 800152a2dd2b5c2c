"""Why a database cannot be used, in a sentence that says what to do next.

A refused connection to PostgreSQL has no SQLSTATE (libpq gives its text alone). So the SQLSTATE, or SQLite's code,
decides where there is one, else the text that libpq and the server write. Any other text, such as one in another
language, is quoted. No sentence holds the password.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.store.sql.connections.engine import parse_url

# Of Alembic: every database of the service has it.
VERSION_TABLE = "alembic_version"
_MAX_QUOTED = 300


@dataclass(frozen=True)
class _Fault:
    """`codes`: SQLSTATEs, or SQLite's names of errors; `text`: a pattern of the message without a code."""

    sentence: str
    codes: frozenset[str] = frozenset()
    text: str = ""


_LATER = "the same command may work later"
# In this order: the text of a wrong parameter may hold that of any other fault.
_POSTGRES = (
    _Fault(
        "DATABASE_URL has a parameter that PostgreSQL's client does not know, or a wrong value of one ({text}). "
        "Correct it; sslmode and options are usual ones.",
        text=r"invalid (URI query parameter|connection option|port|integer|.* value:)|bad value for",
    ),
    _Fault(
        "The host {host} of DATABASE_URL has no address ({text}). Is it misspelled, or in another network?",
        text=r"failed to resolve host|could not translate host name",
    ),
    _Fault(
        "PostgreSQL at {host} refuses the password of user {user}. Put the right one into DATABASE_PASSWORD_FILE, "
        "or into DATABASE_URL.",
        codes=frozenset({"28P01"}),
        text=r"password authentication failed|SCRAM|authentication failed for user",
    ),
    _Fault(
        "PostgreSQL at {host} wants a password of user {user}. Put it into a file that DATABASE_PASSWORD_FILE "
        "names.",
        text=r"no password supplied",
    ),
    _Fault(
        "PostgreSQL at {host} takes no connection without TLS. Add ?sslmode=require to DATABASE_URL.",
        text=r"no encryption|SSL off|requires? (SSL|TLS)|sslmode value \"disable\" invalid",
    ),
    _Fault(
        "DATABASE_URL wants TLS, and PostgreSQL at {host} has none. Set TLS up there, or leave sslmode out.",
        text=r"server does not support SSL",
    ),
    _Fault(
        "The certificate of PostgreSQL at {host} cannot be trusted ({text}). sslrootcert in DATABASE_URL names "
        "the file "
        "of the authority that issued it.",
        text=r"certificate|root\.crt",
    ),
    _Fault(
        "PostgreSQL at {host} has no database {database}. Make it (createdb --owner={user} {database}), or "
        "correct "
        "DATABASE_URL.",
        codes=frozenset({"3D000"}),
        text=r"database \".*\" does not exist|no such database",
    ),
    _Fault(
        "PostgreSQL at {host} has no user {user} that may log in. Make one (createuser --pwprompt {user}), or "
        "correct "
        "DATABASE_URL.",
        text=r"role \".*\" (does not exist|is not permitted to log in)|no such user",
    ),
    _Fault(
        "PostgreSQL at {host} does not let user {user} into {database} from here ({text}). Its pg_hba.conf says "
        "who may.",
        codes=frozenset({"28000"}),
        text=r"pg_hba\.conf",
    ),
    _Fault(
        "User {user} may not make or change tables in {database}. Run in it, as its owner: "
        "GRANT CREATE, USAGE ON SCHEMA public TO {user}",
        codes=frozenset({"42501"}),
    ),
    _Fault(
        "PostgreSQL at {host} is read-only: a standby, or default_transaction_read_only is on. DATABASE_URL has "
        "to name "
        "the server that takes writes.",
        codes=frozenset({"25006"}),
    ),
    _Fault(
        "PostgreSQL at {host} has no connection left for user {user}; "
        + _LATER
        + ". max_connections limits them.",
        codes=frozenset({"53300"}),
        text=r"too many (connections|clients)|remaining connection slots",
    ),
    _Fault(
        "PostgreSQL at {host} is starting or stopping; " + _LATER + ".",
        codes=frozenset({"57P03", "57P01"}),
        text=r"database system is|not yet accepting connections",
    ),
    _Fault("The disk of PostgreSQL at {host} is full. Free some of it.", codes=frozenset({"53100"})),
    _Fault(
        "Nothing listens at {host}. Is PostgreSQL started, and are host and port of DATABASE_URL right?",
        text=r"Connection refused|No such file or directory",
    ),
    _Fault(
        "{host} does not answer in time. Is a firewall between, or is the host of DATABASE_URL wrong?",
        text=r"timeout|timed out|no time is left|unreachable|No route to host",
    ),
    _Fault(
        "What listens at {host} does not speak PostgreSQL, or ended the connection. Are host and port of "
        "DATABASE_URL "
        "right?",
        text=r"closed the connection unexpectedly|unexpected response|unsupported frontend protocol|"
        r"expected authent",
    ),
)
_SQLITE = (
    _Fault("{file} is a folder. DATABASE_URL needs the path of a file.", codes=frozenset({"FOLDER"})),
    _Fault(
        "{file} is no SQLite database. Name another file in DATABASE_URL; the service makes it where there is "
        "none.",
        codes=frozenset({"SQLITE_NOTADB"}),
    ),
    _Fault(
        "{file} is a damaged SQLite database: cut off, or overwritten. Put a backup in its place.",
        codes=frozenset({"SQLITE_CORRUPT"}),
    ),
    _Fault(
        "{file} is read-only to this user. Let the user write the file and its folder.",
        codes=frozenset({"SQLITE_READONLY"}),
    ),
    _Fault("The disk that holds {file} is full. Free some of it.", codes=frozenset({"SQLITE_FULL"})),
    _Fault(
        "{file} cannot be opened. Does its folder exist, and may this user write in it?",
        codes=frozenset({"SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH"}),
    ),
    _Fault(
        "{file} is held by another process; " + _LATER + ".", codes=frozenset({"SQLITE_BUSY", "SQLITE_LOCKED"})
    ),
    _Fault(
        "{file} cannot be read or written: the file system fails, or lacks the locks that SQLite needs (as NFS "
        "may).",
        codes=frozenset({"SQLITE_IOERR", "SQLITE_PROTOCOL", "SQLITE_NOLFS"}),
    ),
)


# What may happen to a database in use, by SQLSTATE or SQLite's name.
_REASONS = {
    "25006": "it is read-only (a standby, or default_transaction_read_only is on).",
    "53100": "its disk is full.",
    "42501": "its user may not write.",
    "SQLITE_READONLY": "its file is read-only.",
    "SQLITE_FULL": "its disk is full.",
}


# A lock, a deadlock or a timeout: the call came at a bad moment.
_BUSY = ("55P03", "57014", "40001", "40P01", "SQLITE_BUSY", "SQLITE_LOCKED")


def reason(error: BaseException) -> str | None:
    """Why a write failed, in words that name no host, user or file: open routes show it.

    None where it had to wait for others, so that the same write may succeed at any time.
    """
    driver = next(_driver_errors(error), None)
    code = str(getattr(driver, "sqlstate", None) or getattr(driver, "sqlite_errorname", None) or "")
    if driver is None or isinstance(driver, PoolTimeout) or code.startswith(_BUSY):
        return None
    return next((words for name, words in _REASONS.items() if code.startswith(name)), str(error))


def unusable_part(url: str | URL) -> str | None:
    """Why a URL cannot be right, before it is used: parameters, or another program's file. None if it may be."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.query:
            names = ", ".join(parsed.query)
            return f"DATABASE_URL has parameters ({names}), and SQLite takes none. Leave them out."
        return _foreign_file(Path(parsed.database or ""))
    if "@" in (parsed.host or ""):
        return "The password in DATABASE_URL holds an @: write it as %40, or use DATABASE_PASSWORD_FILE."
    return None


def _foreign_file(path: Path) -> str | None:
    """Why a SQLite file is another program's; None for ours, a new one, or one that cannot be read (`explain`)."""
    if not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
            ).fetchall()
    except sqlite3.Error:
        return None
    names = [str(name) for (name,) in rows]
    if not names or VERSION_TABLE in names:
        return None
    return (
        f"{path} is the database of another program (tables {', '.join(names[:3])}…), and stays as it is. "
        "Name another file in DATABASE_URL; the service makes it where there is none."
    )


def explain(error: BaseException, url: str | URL) -> str | None:
    """Why a call of the store failed, and what to do; None for what is no fault of the database.

    `error`: as the store raised it, with the database's own error as its cause.
    """
    parsed = parse_url(url)
    driver = next(_driver_errors(error), None)
    if driver is None:
        return None
    if parsed.get_backend_name() == "sqlite":
        return _of_sqlite(driver, parsed)
    return _of_postgres(driver, parsed)


def _driver_errors(error: BaseException) -> Iterator[BaseException]:
    """The error of the driver, by way of SQLAlchemy's."""
    cause: BaseException | None = error
    while cause is not None:
        original = getattr(cause, "orig", None)
        if isinstance(original, BaseException):
            yield original
        elif isinstance(cause, sqlite3.Error | PoolTimeout):
            yield cause
        cause = cause.__cause__


def _of_sqlite(error: BaseException, url: URL) -> str:
    name = str(getattr(error, "sqlite_errorname", ""))
    if name.startswith("SQLITE_CANTOPEN") and _is_folder(url):
        name = "FOLDER"
    for fault in _SQLITE:
        # Extended codes, such as SQLITE_READONLY_DBMOVED, begin with the plain one.
        if any(name == code or name.startswith(f"{code}_") for code in fault.codes):
            return fault.sentence.format(file=url.database)
    return f"{url.database} cannot be used as a SQLite database ({_lines(error, url)[0]})."


def _is_folder(url: URL) -> bool:
    return Path(url.database or "").is_dir()


def _of_postgres(error: BaseException, url: URL) -> str:
    code, lines = str(getattr(error, "sqlstate", None) or ""), _lines(error, url)
    address = f"{url.host}:{url.port}" if url.port else (url.host or _socket(url))
    values = {"host": address, "user": url.username or "(none)", "database": url.database or ""}
    for fault in _POSTGRES:
        if code in fault.codes:
            return fault.sentence.format(text=lines[0], **values)
        # A name may have several addresses, each of which refuses in its own way.
        said = next((line for line in lines if fault.text and re.search(fault.text, line)), None)
        if said and not code:
            return fault.sentence.format(text=said, **values)
    return f"PostgreSQL at {address} cannot be used: {lines[0]}."


def _socket(url: URL) -> str:
    host = url.query.get("host", "the local socket")
    return host if isinstance(host, str) else ", ".join(host)


def _lines(error: BaseException, url: URL) -> list[str]:
    """What the driver's message says of the fault itself, an entry an attempt, without the password."""
    plain = [_plain(line, url) for line in str(error).strip().splitlines()]
    return [line for line in plain if line and not line.startswith("multiple connection attempts")] or [
        type(error).__name__
    ]


def _plain(line: str, url: URL) -> str:
    text = line.strip()
    for prefix in (
        r"- host: .*?, hostaddr: '[^']*': ",
        r"connection (failed|is bad): ",
        r"connection to server .*? failed: ",
        r"(FATAL|ERROR): +",
    ):
        text = re.sub(f"^{prefix}", "", text)
    if url.password:
        text = text.replace(str(url.password), "…")
    return text.rstrip(". ")[:_MAX_QUOTED]
