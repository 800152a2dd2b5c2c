"""Activations that tests make."""

from starlette.testclient import TestClient

REASON = {"reason": "It moves no user.", "by": "ops"}


def activate(client: TestClient, version: str, **headers: str) -> dict[str, object]:
    response = client.post(f"/models/{version}/activate", json=REASON, headers=headers)
    assert response.status_code == 200, response.text
    body: dict[str, object] = response.json()
    return body
