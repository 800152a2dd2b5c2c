"""Examples of `/`, `/livez`, `/readyz` and `/metrics`."""

from service.http.examples.common import TIME, VERSION

INDEX = {
    "name": "BackPocket Segments",
    "version": "0.1.0",
    "model": {
        "version": VERSION,
        "created_at": TIME,
        "simulated": True,
        "origin": "Simulated profiles: a stand-in until there are real ones.",
        "personas": 5,
    },
    "links": {"docs": "/docs", "personas": "/personas"},
}

ALIVE = {"status": "alive"}

READY = {
    "ready": True,
    "model_version": VERSION,
    "simulated": True,
    "checks": [
        {"name": "model_loaded", "ok": True, "detail": "A model is active."},
        {"name": "store", "ok": True, "detail": "The store answers, and can be written."},
    ],
}

NOT_READY = {
    "ready": False,
    "model_version": None,
    "simulated": None,
    "checks": [{"name": "model_loaded", "ok": False, "detail": "No model is active."}],
}

METRICS = 'segments_http_requests_total{method="POST",route="/segment",status="200"} 12.0\n'
