"""The OpenAPI document: FastAPI's, with the service's problem in place of its error schema."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from service.http.api_description import SUMMARY, TAGS, description, mark_shared_problems
from service.http.problems import Problem
from service.security.scopes import SCHEMES
from service.version import NAME, VERSION

_REF = "#/components/schemas/{model}"


def describe(app: FastAPI, routes: Sequence[BaseRoute], prefix: str = "") -> dict[str, Any]:
    """The document, made once for each app. `prefix`: the path under which a proxy publishes the service."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=NAME,
            version=VERSION,
            summary=SUMMARY,
            description=description(),
            routes=app.routes,
            tags=[*TAGS],
        )
        problem = Problem.model_json_schema(ref_template=_REF)
        schemas = document["components"]["schemas"]
        schemas |= problem.pop("$defs") | {"Problem": problem}
        document["components"]["schemas"] = dict(sorted(schemas.items()))
        document["components"]["securitySchemes"] = SCHEMES
        if prefix:
            document["servers"] = [{"url": prefix}]
        _restore_examples(document, routes)
        for operations in document["paths"].values():
            for operation in operations.values():
                mark_shared_problems(operation)
        app.openapi_schema = document
    return app.openapi_schema


def _restore_examples(document: dict[str, Any], routes: Sequence[BaseRoute]) -> None:
    """Put back what FastAPI drops: nulls, in examples too."""
    for route in routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            responses = document["paths"][route.path][min(route.methods or {"GET"}).lower()]["responses"]
            for status, response in route.responses.items():
                for kind, content in response.get("content", {}).items():
                    examples = {name: content[name] for name in ("example", "examples") if name in content}
                    responses[str(status)]["content"][kind] |= examples
