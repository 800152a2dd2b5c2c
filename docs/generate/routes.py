"""`docs/reference/routes.md`: every route, from the OpenAPI document of the service."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from docs.generate.markdown import code, codes, page, sentence, table
from docs.generate.schema import allowed, default_of, type_of
from service.app import create_app
from service.http.problems import MEDIA_TYPE
from service.security.scopes import Scope, declared
from service.settings import Settings
from service.store.memory.store import MemoryStore

INTRODUCTION = """\
The service describes itself at `/docs`, with an example of every request and every response, and as OpenAPI 3.1
at `/openapi.json`; both need neither a key nor the internet. This page is made from the same document.

- Requests and responses are JSON in `snake_case`; times are RFC 3339 in UTC. An unknown field is an error, an
  unknown value of an open vocabulary is not ([profile](profile.md)).
- A key goes into `Authorization: Bearer KEY` or `X-API-Key: KEY` ([keys](../how-to/manage-keys.md)).
- Every response that depends on the model has `model_version`, and the header `Segments-Model-Origin: simulated`
  while the active model was trained on simulated profiles.
- Lists take `limit` and `cursor`, and answer with `items` and `next_cursor`, which is null on the last page.
- Personas and the vocabulary come with an `ETag`; with `If-None-Match` an unchanged one is answered 304.
- `HEAD` works wherever `GET` does.
- Errors have one body; the names below are the ends of their `type` ([errors](errors.md))."""
SCOPES = """\
A key has one or more scopes; a route declares the one that it needs. `admin` stands for all of them. Without a
key the status is 401, without the scope it is 403, and the response names the scope."""

_JSON = "application/json"

Operation = Mapping[str, Any]
Schemas = Mapping[str, Any]


class Route(NamedTuple):
    """A route as the document describes it."""

    name: str
    operation: Operation

    @property
    def scope(self) -> Scope | None:
        """The scope that a key needs; None for a public route."""
        return declared(dict(self.operation))


def routes_page() -> str:
    """The page: the routes at a glance, the scopes, then each route in detail."""
    document = openapi_document()
    routes = list(routes_of(document))
    schemas = document["components"]["schemas"]
    return page(
        "Routes",
        INTRODUCTION,
        table(["Route", "Scope", "Meaning"], (_overview(route) for route in routes)),
        "## Scopes",
        SCOPES,
        table(["Scope", "What it opens"], (_scope(scope, routes) for scope in Scope)),
        *(block for route in routes for block in _detail(route, schemas)),
    )


def openapi_document() -> Mapping[str, Any]:
    """The OpenAPI document of a service with default settings."""
    return create_app(Settings(_env_file=None), store=MemoryStore()).openapi()


def routes_of(document: Mapping[str, Any]) -> Iterator[Route]:
    """The routes of a document, in its order."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield Route(f"{method.upper()} {path}", {"security": []} | operation)


def _overview(route: Route) -> list[str]:
    return [code(route.name), code(route.scope or ""), sentence(route.operation["description"])]


def _scope(scope: Scope, routes: list[Route]) -> list[str]:
    opened = codes(route.name for route in routes if route.scope is scope)
    return [code(scope), "everything" if scope is Scope.ADMIN else opened or "no route yet"]


def _detail(route: Route, schemas: Schemas) -> Iterator[str]:
    yield f"## `{route.name}`"
    yield sentence(route.operation["description"])
    yield table(["Parameter", "In", "Type", "Default", "Allowed", "Meaning"], map(_parameter, _parameters(route)))
    yield from _body(route, schemas)
    yield from _responses(route)


def _parameters(route: Route) -> list[Mapping[str, Any]]:
    parameters: list[Mapping[str, Any]] = route.operation.get("parameters", [])
    return parameters


def _parameter(parameter: Mapping[str, Any]) -> list[str]:
    schema = parameter["schema"]
    meaning = sentence(parameter.get("description"))
    name = code(parameter["name"])
    return [name, parameter["in"], type_of(schema), default_of(schema), allowed(schema), meaning]


def _body(route: Route, schemas: Schemas) -> Iterator[str]:
    """The fields of the request's body; of a profile, which has a page of its own, a link."""
    content = route.operation.get("requestBody", {}).get("content", {})
    if files := [code(media) for media, body in content.items() if "$ref" not in body["schema"]]:
        yield f"The body is a file: {', '.join(files)}."
        return
    for media in content.values():
        name = media["schema"]["$ref"].rpartition("/")[2]
        if name == "Profile":
            yield "The body is a [profile](profile.md)."
            continue
        schema = schemas[name]
        required = schema.get("required", [])
        yield f"The body is a `{name}`:"
        yield table(["Field", "Type", "Default", "Allowed", "Meaning"], (
            _field(field, value, field in required) for field, value in schema["properties"].items()
        ))  # fmt: skip


def _field(name: str, schema: Mapping[str, Any], required: bool) -> list[str]:
    default = "required" if required else default_of(schema)
    return [code(name), type_of(schema), default, allowed(schema), sentence(schema.get("description"))]


def _responses(route: Route) -> Iterator[str]:
    responses: Mapping[str, Mapping[str, Any]] = route.operation["responses"]
    # Only one success has the schema where a route has two, 200 and 201.
    body = next(filter(None, map(_schema, responses.values())), "")
    problems = {status: _problems(response) for status, response in responses.items()}
    successes = [_success(status, responses[status], body) for status, names in problems.items() if not names]
    yield f"Responses: {'; '.join(successes)}."
    yield f"Problems: {'; '.join(f'{status} {codes(names)}' for status, names in problems.items() if names)}."


def _problems(response: Mapping[str, Any]) -> list[str]:
    return list(response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {}))


def _success(status: str, response: Mapping[str, Any], body: str) -> str:
    content = response.get("content", {})
    schema = _schema(response) or (body if _JSON in content else codes(content))
    return f"{status} {schema or response['description'].removesuffix('.')}"


def _schema(response: Mapping[str, Any]) -> str:
    """The name of the schema of a JSON body; empty where there is none."""
    schema = response.get("content", {}).get(_JSON, {}).get("schema")
    return type_of(schema) if schema else ""
