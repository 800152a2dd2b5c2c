"""`/docs`: Swagger UI from files of an installed package, so that the page requests nothing from another host."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.responses import FileResponse, Response

from service.http.guarded_route import GuardedRoute, Work, does
from service.security.scopes import PUBLIC

STATIC = Path(__file__).resolve().parent.parent / "static"
# Swagger UI sets inline styles and holds its icons as data URLs.
CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)


@router.get("/docs", openapi_extra=PUBLIC)
@does(Work.MEMORY)
async def docs() -> Response:
    """The page that documents the API, where requests can be tried."""
    return FileResponse(STATIC / "docs.html", headers=HEADERS)


@router.get("/static/docs.js", openapi_extra=PUBLIC)
@does(Work.MEMORY)
async def docs_script() -> Response:
    """The script that starts Swagger UI."""
    return FileResponse(STATIC / "docs.js", headers=HEADERS)


def mount_swagger_ui(app: FastAPI) -> None:
    """Serve the files of Swagger UI from fastapi-offline, whose code is not imported."""
    app.mount("/static/docs", _PageFiles(directory=_swagger_ui()), name="swagger-ui")


class _PageFiles(StaticFiles):
    """Files of a page, with the security headers of pages."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """The response with a file."""
        response = super().file_response(*args, **kwargs)
        response.headers.update(HEADERS)
        return response


def _swagger_ui() -> Path:
    package = find_spec("fastapi_offline")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("fastapi-offline, which contains Swagger UI, is not installed.")
    return Path(package.origin).parent / "static"
