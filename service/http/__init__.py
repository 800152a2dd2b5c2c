"""HTTP: routes, schemas, problem documents and the OpenAPI description. FastAPI stays in here."""
