"""`/users:import` and `/imports`: files of users of any size, stored in the background.

The body of an upload is written to a file as it arrives, a megabyte at a time in a thread: a slow client holds
nothing but its connection, and no upload is ever in memory.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from service.audit import Action, record
from service.http.dependencies import ActorDep, Cursor, IdempotencyKey, Limit, ServicesDep, StoreDep
from service.http.documentation import documented
from service.http.examples import imports as examples
from service.http.guarded_route import GuardedRoute, Work, does
from service.http.idempotency import KeyInProgress, KeyReused, ReplayableResponse, run_once
from service.http.responses import from_replayable, json_response
from service.http.schemas.imports import ImportBody, ImportList, import_path
from service.importing import jobs
from service.importing.formats import MEDIA_TYPES, Format
from service.importing.jobs import ImportEnded, ImportNotFound, ImportRunning
from service.importing.uploads import Upload, UploadFailed, UploadTooLarge
from service.limits import Overloaded, StoreThreads
from service.paging import ExpiredCursor, UnusableCursor
from service.retraining.jobs import UnusableDataFile
from service.security.scopes import Scope, needs
from service.store.ports.errors import StoreUnavailable
from service.store.ports.idempotency import Claim
from service.store.ports.jobs import Job

RETRY_AFTER = {"Retry-After": "2"}
# Bytes that are collected before they are written.
_PIECE = 1_024 * 1_024

router = APIRouter(route_class=GuardedRoute, tags=["users"])

ImportId = Annotated[str, Path(max_length=200, description="An import's id.")]


def _accepting_files() -> dict[str, Any]:
    """The request's body in the OpenAPI document."""
    content = {
        media: {"schema": {"type": "string", "format": "binary"}, "example": examples.FILES[kind]}
        for media, kind in MEDIA_TYPES.items()
    }
    return {**needs(Scope.USERS_WRITE), "requestBody": {"required": True, "content": content}}


@router.post(
    "/users:import",
    summary="Store the users of a file",
    openapi_extra=_accepting_files(),
    status_code=202,
    response_model=ImportBody,
    responses=documented(
        202,
        examples.IMPORT,
        ImportRunning,
        UnusableDataFile,
        UploadTooLarge,
        UploadFailed,
        Overloaded,
        KeyReused,
        KeyInProgress,
        StoreUnavailable,
        body=True,
    ),
)
@does(Work.STREAM)
async def import_users(
    request: Request,
    services: ServicesDep,
    actor: ActorDep,
    format: Annotated[
        Format | None, Query(description="The format of the file, where the Content-Type does not say it.")
    ] = None,
    mapping: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=1_000,
            description="The path of a mapping in TOML or JSON, relative to the data folder, as for a retrain.",
        ),
    ] = None,
    key: IdempotencyKey = None,
) -> Response:
    """Store the users of a file of any size, assigned by the active model, in the background.

    A line or row is `{"user_id": …, "profile": {…}}`, or has the id beside the profile's fields. One at a
    time: a second one gets 409. The same file again does no harm; a connection that ends before the file
    starts nothing.
    """
    kind = format or _format_of(request)
    imports, threads, job_id = services.imports, services.store_threads, uuid4().hex
    imports.check_mapping(mapping)
    if key is None:
        # With a key the response may be stored already, which the content decides.
        await threads.run(jobs.require_none, services.store.jobs)
    started = False

    def start(claim: Claim | None) -> ReplayableResponse:
        nonlocal started
        job = imports.start_import(job_id, kind, mapping, upload.size, actor.name, claim)
        started = True
        record(services.store, actor.name, Action.USERS_IMPORTED, job.id, format=kind)
        return _started(job)

    def resume(other_id: str) -> ReplayableResponse:
        return _started(services.store.jobs.get(other_id))

    with services.uploads.slot():
        async with _received(request, imports.uploads.new(job_id, kind), threads) as upload:
            text = f"import {kind} {mapping} {upload.digest}"
            try:
                response = await threads.run(run_once, services.store.idempotency, key, text, start, resume)
            finally:
                if not started:
                    await threads.run(upload.discard)
    return from_replayable(response)


@router.get(
    "/imports",
    summary="List the imports",
    openapi_extra=needs(Scope.USERS_WRITE),
    response_model=ImportList,
    responses=documented(200, examples.IMPORTS, UnusableCursor, ExpiredCursor, StoreUnavailable, invalid=True),
)
@does(Work.STORE)
def list_imports(store: StoreDep, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """The imports, newest first."""
    return json_response(ImportList.of(jobs.list_jobs(store.jobs, limit, cursor)))


@router.get(
    "/imports/{job_id}",
    summary="Show the progress of an import",
    openapi_extra=needs(Scope.USERS_WRITE),
    response_model=ImportBody,
    responses=documented(200, examples.IMPORT, ImportNotFound, StoreUnavailable, invalid=True),
)
@does(Work.STORE)
def get_import(job_id: ImportId, store: StoreDep) -> Response:
    """The progress of an import; poll it every `Retry-After` seconds while it runs."""
    return _import_response(jobs.get(store.jobs, job_id), 200)


@router.post(
    "/imports/{job_id}/cancel",
    summary="Cancel an import",
    openapi_extra=needs(Scope.USERS_WRITE),
    status_code=202,
    response_model=ImportBody,
    responses=documented(202, examples.IMPORT, ImportNotFound, ImportEnded, StoreUnavailable, invalid=True),
)
@does(Work.STORE)
def cancel_import(job_id: ImportId, store: StoreDep) -> Response:
    """Stop an import; it is CANCELLED within a few seconds. What is stored stays."""
    return _import_response(jobs.cancel(store.jobs, job_id), 202)


@router.get(
    "/imports/{job_id}/refused",
    summary="Download the refused rows of an import",
    openapi_extra=needs(Scope.USERS_WRITE),
    response_class=StreamingResponse,
    responses=documented(
        200, examples.REFUSED, ImportNotFound, StoreUnavailable, invalid=True, media="application/x-ndjson"
    ),
)
@does(Work.STORE)
def get_refused_rows(job_id: ImportId, services: ServicesDep) -> Response:
    """The first 100,000 refused rows so far, each with its line and the reason, and no value of the row.

    They are on the machine that ran the import.
    """
    rows = jobs.refused_rows(services.store.jobs, services.imports.uploads, job_id)
    return StreamingResponse(rows, media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})


@asynccontextmanager
async def _received(request: Request, upload: Upload, threads: StoreThreads) -> AsyncIterator[Upload]:
    """The file of a request's body; it is removed where the body does not arrive whole."""
    try:
        await _receive(request, upload, threads)
    except ClientDisconnect:
        await threads.run(upload.discard)
        raise HTTPException(400, "The connection ended before the file; send it again.") from None
    except BaseException:
        upload.discard()
        raise
    yield upload


async def _receive(request: Request, upload: Upload, threads: StoreThreads) -> None:
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit():
        upload.require_room(int(announced[:20]))
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        pieces.append(piece)
        size += len(piece)
        if size >= _PIECE:
            await threads.run(upload.write, b"".join(pieces))
            pieces, size = [], 0
    await threads.run(upload.write, b"".join(pieces))
    await threads.run(upload.close)


def _format_of(request: Request) -> Format:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "Send the file uncompressed, without 'Content-Encoding'.")
    if media not in MEDIA_TYPES:
        raise HTTPException(415, f"Send the file with one of these as its Content-Type: {', '.join(MEDIA_TYPES)}.")
    return MEDIA_TYPES[media]


def _started(job: Job) -> ReplayableResponse:
    headers = RETRY_AFTER | {"Location": import_path(job.id)}
    return ReplayableResponse(202, headers, ImportBody.of(job).model_dump_json())


def _import_response(job: Job, status: int) -> Response:
    return json_response(ImportBody.of(job), status, {} if job.status.ended else RETRY_AFTER)
