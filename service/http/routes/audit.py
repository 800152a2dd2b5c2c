"""`/audit`: who did what."""

from fastapi import APIRouter, Response

from service import audit
from service.audit import AuditPage
from service.http.dependencies import Cursor, Limit, StoreDep
from service.http.documentation import documented
from service.http.examples import rights as examples
from service.http.guarded_route import GuardedRoute, Work, does
from service.http.responses import json_response
from service.paging import UnusableCursor
from service.security.scopes import Scope, needs
from service.store.ports.errors import StoreUnavailable

router = APIRouter(route_class=GuardedRoute, tags=["rights"])


@router.get(
    "/audit",
    summary="List who did what",
    openapi_extra=needs(Scope.ADMIN),
    response_model=AuditPage,
    responses=documented(200, examples.AUDIT, UnusableCursor, StoreUnavailable, invalid=True),
)
@does(Work.STORE)
def list_audit(store: StoreDep, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """The audit trail, the latest first: who read, exported, erased, edited, activated, trained, made keys.

    A user stands there by a keyed hash of the id (`subject`), the same in every entry, from which nobody can tell
    the id without the database's key.
    """
    return json_response(audit.list_entries(store.audit, limit, cursor))
