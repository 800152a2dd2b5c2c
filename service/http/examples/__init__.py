"""Examples for the OpenAPI document, a module a resource. `tests/service/http/test_openapi.py` validates each
against its schema."""
