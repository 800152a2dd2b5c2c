"""`/docs`: Swagger UI from files that came with the packages; no page of ours asks another host for anything."""

from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.responses import FileResponse, Response

STATIC = Path(__file__).resolve().parent.parent / "static"
# Swagger UI sets styles on elements and holds its icons as data.
CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs() -> Response:
    """The API, to read and to try."""
    return FileResponse(STATIC / "docs.html", headers=HEADERS)


@router.get("/static/docs.js")
async def docs_script() -> Response:
    """What starts Swagger UI."""
    return FileResponse(STATIC / "docs.js", headers=HEADERS)


def mount_swagger_ui(app: FastAPI) -> None:
    """Serve the files of Swagger UI, which fastapi-offline carries; its code is not imported."""
    app.mount("/static/docs", StaticFiles(directory=_swagger_ui()), name="swagger-ui")


def _swagger_ui() -> Path:
    package = find_spec("fastapi_offline")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("fastapi-offline, which carries Swagger UI, is not installed.")
    return Path(package.origin).parent / "static"
