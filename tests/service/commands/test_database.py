"""A database that cannot be used ends the start with one sentence that is true, and says what to do next."""

import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service.commands.main import main

PASSWORD = "hunter2-right"
ROLES = (
    f"CREATE ROLE faults_ann LOGIN PASSWORD '{PASSWORD}'",
    "CREATE ROLE faults_tls LOGIN",
    "CREATE ROLE faults_group NOLOGIN",
    "CREATE ROLE faults_limited LOGIN CONNECTION LIMIT 0",
    "CREATE ROLE faults_standby LOGIN",
    "ALTER ROLE faults_standby SET default_transaction_read_only = on",
    "CREATE ROLE faults_poor LOGIN",
)


@pytest.fixture(scope="module")
def folder(postgres_server: Any) -> str:
    """The folder of the server's socket, once it has users that are refused for every reason."""
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as connection:
        for statement in ROLES:
            connection.execute(statement)
        rules = Path(postgres_server.pgdata) / "pg_hba.conf"
        rules.write_text(
            f"local all faults_ann scram-sha-256\nlocal all faults_tls reject\n{rules.read_text()}",
            encoding="utf-8",
        )
        connection.execute("SELECT pg_reload_conf()")
    return str(postgres_server.get_uri()).rpartition("host=")[2]


def refusal(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What `migrate` says of a database."""
    monkeypatch.setenv("DATABASE_URL", url)
    assert main(["migrate"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "hunter2" not in said
    return said.removeprefix("error: ").rstrip("\n")


@pytest.mark.parametrize(
    ("user", "database", "sentence"),
    [
        (
            "faults_ann:hunter2-wrong",
            "postgres",
            "refuses the password of user faults_ann. Put the right one into",
        ),
        ("faults_ann", "postgres", "wants a password of user faults_ann."),
        ("postgres", "nowhere", "has no database nowhere. Make it (createdb --owner=postgres nowhere)"),
        ("faults_tls", "postgres", "takes no connection without TLS. Add ?sslmode=require"),
        ("faults_nobody", "postgres", "has no user faults_nobody that may log in"),
        ("faults_group", "postgres", "has no user faults_group that may log in"),
        ("faults_limited", "postgres", "has no connection left for user faults_limited"),
        ("faults_standby", "postgres", "is read-only: a standby, or default_transaction_read_only is on"),
        ("faults_poor", "postgres", "User faults_poor may not make or change tables in postgres"),
    ],
)
def test_postgresql_that_refuses_is_explained(
    user: str,
    database: str,
    sentence: str,
    folder: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert sentence in refusal(f"postgresql://{user}@/{database}?host={folder}", monkeypatch, capsys)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (
            "postgresql://a:hunter2@no-such-host.invalid/x",
            "The host no-such-host.invalid of DATABASE_URL has no address",
        ),
        ("postgresql://a:hunter2@127.0.0.1:1/x", "Nothing listens at 127.0.0.1:1."),
        ("postgresql://a:hunter2@localhost:1/x", "Nothing listens at localhost:1."),
        ("postgresql://a:hunter2@/x?host=/nowhere", "Nothing listens at /nowhere."),
        ("postgresql://a:hunter2@127.0.0.1:1/x?ssl_mode=require", 'invalid connection option "ssl_mode"'),
        ("postgresql://a:hunter2@127.0.0.1:1/x?sslmode=always", 'invalid sslmode value: "always"'),
        ("postgresql://a:hunter2@127.0.0.1:99999/x", 'invalid port number: "99999"'),
        ("postgresql://a:p@hunter2@127.0.0.1/x", "holds an @: write it as %40"),
        ("postgres//a:hunter2@127.0.0.1/x", "This is not a database URL."),
        ("mysql://a:hunter2@127.0.0.1/x", "No store for 'mysql' databases."),
    ],
)
def test_url_that_leads_nowhere_is_explained(
    url: str, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sentence in refusal(url, monkeypatch, capsys)


@contextmanager
def listener(answer: bytes) -> Iterator[int]:
    """The port of something that gives each client the same answer and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer_all() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    client.recv(1_000)
                    client.sendall(answer)

        thread = threading.Thread(target=answer_all, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize(
    ("answer", "query", "sentence"),
    [
        (b"N", "?sslmode=require", "wants TLS, and PostgreSQL at 127.0.0.1:{port} has none"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "?sslmode=disable", "does not speak PostgreSQL"),
        (b"", "", "does not speak PostgreSQL, or ended the connection"),
    ],
)
def test_other_server_than_the_url_means_is_explained(
    answer: bytes, query: str, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with listener(answer) as port:
        said = refusal(f"postgresql://a:hunter2@127.0.0.1:{port}/x{query}", monkeypatch, capsys)
    assert sentence.format(port=port) in said


def whole(path: Path) -> bytes:
    """A SQLite database of several pages."""
    with sqlite3.connect(path) as connection:
        connection.executescript("CREATE TABLE a (b); CREATE TABLE c (d);")
        connection.executemany("INSERT INTO a VALUES (?)", [("x" * 500,)] * 100)
    connection.close()
    return path.read_bytes()


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("folder", "is a folder. DATABASE_URL needs the path of a file."),
        ("foreign", "is no SQLite database. Name another file in DATABASE_URL"),
        ("cut", "is a damaged SQLite database: cut off, or overwritten. Put a backup in its place."),
        ("another program's", "is the database of another program (tables a, c…), and stays as it is."),
        ("below a file", "Cannot make the file of the database: "),
        ("parameters", "has parameters (mode), and SQLite takes none."),
    ],
)
def test_file_that_is_no_database_is_explained(
    kind: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, suffix = tmp_path / "a.db", ""
    match kind:
        case "folder":
            path.mkdir()
        case "foreign":
            path.write_text("Dear diary,\n" * 1_000, encoding="utf-8")
        case "cut":
            path.write_bytes(whole(tmp_path / "whole.db")[:5_000])
        case "another program's":
            whole(path)
        case "below a file":
            path.touch()
            path /= "b.db"
        case "parameters":
            suffix = "?mode=ro"
    assert sentence in refusal(f"sqlite:///{path}{suffix}", monkeypatch, capsys)
