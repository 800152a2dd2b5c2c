"""Examples for the OpenAPI document; `tests/service/http/test_openapi.py` holds each against its schema."""

from typing import Any

from service.http.error_table import INVALID, TYPE_PREFIX, ProblemType

_VERSION = "20261123-101500-3f2a9c1e"
_BEFORE = "20261101-090000-77aa01bc"
_JOB_ID = "0f8c6d2e9b7a4c51a3e2d1c0b9a88776"
_TIME = "2026-11-23T10:20:00Z"
_PERSONA_ID = "p_7Kx2"
_REF = {"id": _PERSONA_ID, "name": "Tech-loving gadget givers"}

PROFILE = {
    "age": 27,
    "hobbies": ["gaming", "board games"],
    "favourite_items": ["headphones"],
    "last_gift_category": "gadgets",
    "budget_range": "medium",
    "store_preference": "online_only",
}

_OTHER = {"id": "p_Q9ma", "name": "Yoga-loving wellness givers"}
_SURE = {"confidence": 0.94, "runner_up": _OTHER, "margin": 1.58, "typicality": 0.62, "is_outlier": False}
_PROBABILITIES = {_PERSONA_ID: 0.94, "p_Q9ma": 0.06}

QUESTION = {
    "field": "gift_history",
    "title": "gift history",
    "kind": "multi_label",
    "expected_gain": 0.11,
}

NEXT_QUESTIONS = {
    "next_question": QUESTION,
    "questions": [QUESTION],
    "entropy": 0.33,
    "model_version": _VERSION,
}

SEGMENTED: dict[str, Any] = {
    "persona": _REF,
    **_SURE,
    "probabilities": _PROBABILITIES,
    "distances": {_PERSONA_ID: 1.82, "p_Q9ma": 3.4},
    "model_version": _VERSION,
    "missing_fields": ["relationship", "occupation", "favourite_movies"],
    "warnings": [
        {
            "code": "UNKNOWN_VALUE",
            "detail": "The model does not know this value; it was left out. Did you mean 'board_games'?",
            "field": "hobbies",
            "value": "bored games",
            "suggestions": ["board_games"],
            "count": 1,
        }
    ],
}

SEGMENTED_IN_DETAIL = {
    **SEGMENTED,
    "explanation": {
        "lead": 8.25,
        "base": 2.01,
        "reasons": [
            {
                "field": "hobbies",
                "value": "gaming",
                "contribution": 6.24,
                "sentence": "You are into gaming: 2.7 × as common among Tech-loving gadget givers as among "
                "Yoga-loving wellness givers.",
            }
        ],
    },
    "next_question": QUESTION,
}

COMPARE_REQUEST = {"profile": PROFILE, "changes": {"hobbies": ["yoga"], "budget_range": None}}

_MOVE = {
    "persona_changed": True,
    "probability_changes": {_PERSONA_ID: -0.5, "p_Q9ma": 0.5},
    "distance_changes": {_PERSONA_ID: 1.1, "p_Q9ma": -0.9},
}

COMPARED = {
    **_MOVE,
    "before": SEGMENTED,
    "after": SEGMENTED,
    "alone": [{**_MOVE, "field": "hobbies", "persona": _OTHER}],
}

BATCH_REQUEST = {"profiles": [PROFILE, {}]}

BATCH = {
    "model_version": _VERSION,
    "items": [
        {"index": 0, "status": 200, "result": SEGMENTED},
        {
            "index": 1,
            "status": 422,
            "error": {
                "type": INVALID.uri,
                "title": INVALID.title,
                "status": 422,
                "detail": "This profile does not fit; change what `errors` names and send it again.",
                "errors": [
                    {
                        "place": "body",
                        "pointer": "/profiles/1/age",
                        "detail": "Input should be greater than or equal to 13.",
                    }
                ],
            },
        },
    ],
}

PERSONA: dict[str, Any] = {
    **_REF,
    "sentence": "Younger people who are into gaming and are given gadgets.",
    "size": 4210,
    "share": 0.21,
    "traits": [
        {
            "field": "hobbies",
            "value": "gaming",
            "share": 0.62,
            "lift": 2.7,
            "mean": None,
            "mean_everyone": None,
            "sentence": "2.7 × as likely as everyone to be into gaming.",
        }
    ],
    "gift_affinities": [{"category": "gadgets", "share": 0.48, "lift": 2.2}],
    "note": None,
    "edited": [],
}

PERSONA_PATCH = {"name": "Gadget lovers", "note": "The autumn campaign is about them.", "by": "marketing"}

EDITED_PERSONA = {
    **PERSONA,
    "name": "Gadget lovers",
    "note": "The autumn campaign is about them.",
    "edited": ["name", "note"],
}

RETIRED = {
    "id": "p_M3ro",
    "name": "Last-minute givers",
    "sentence": "People who buy about 2 days ahead.",
    "retired_in": _VERSION,
    "merged_into": _PERSONA_ID,
}

PASSAGE = {
    "persona_id": _PERSONA_ID,
    "name": "Tech-loving gadget givers",
    "fate": "KEPT",
    "share": 0.21,
    "match_score": 0.93,
    "overlap": 0.89,
    "nearness": 0.97,
    "members_kept": 0.94,
    "split_from": None,
    "merged_into": None,
}

LINEAGE = {
    "persona_id": _PERSONA_ID,
    "name": "Gadget lovers",
    "status": "ACTIVE",
    "items": [
        {"model_version": _VERSION, "created_at": _TIME, "previous": _BEFORE, "passage": PASSAGE},
    ],
    "model_version": _VERSION,
}

PERSONAS = {
    "items": [PERSONA],
    "next_cursor": None,
    "model_version": _VERSION,
    "simulated": True,
    "origin": "20000 simulated profiles: a stand-in until there are real ones.",
    "retired": [RETIRED],
}

VOCABULARY = {
    "fields": [
        {
            "name": "hobbies",
            "title": "hobbies",
            "kind": "multi_label",
            "description": "What the person likes to do.",
            "values": ["reading", "gaming"],
            "levels": [],
            "minimum": None,
            "maximum": None,
            "max_items": 200,
            "max_length": 200,
        }
    ],
    "model_version": _VERSION,
    "simulated": True,
}

STORED = {
    "user_id": "user-42",
    "revision": 1,
    "profile_updated_at": _TIME,
    "persona": _REF,
    "model_version": _VERSION,
    "assigned_at": _TIME,
    **_SURE,
    "probabilities": _PROBABILITIES,
    "distances": {_PERSONA_ID: 1.82, "p_Q9ma": 3.4},
    "missing_fields": ["relationship"],
    "warnings": [],
}

USER_PERSONA = {
    "user_id": "user-42",
    "persona": _REF,
    **_SURE,
    "model_version": _VERSION,
    "assigned_at": _TIME,
    "revision": 1,
    "profile_updated_at": _TIME,
    "manual": False,
}

CHOICE = {"persona_id": _PERSONA_ID}
CHOSEN_PERSONA = {**USER_PERSONA, "manual": True}

CHANGES = {
    "items": [
        {
            "id": 7,
            "user_id": "user-42",
            "changed_at": _TIME,
            "cause": "MODEL_CHANGED",
            "from_persona_id": "p_Q9ma",
            "to_persona_id": _PERSONA_ID,
            "from_model_version": _BEFORE,
            "to_model_version": _VERSION,
        }
    ],
    "next_cursor": None,
}

USERS_REQUEST = {"user_ids": ["user-42", "nobody"]}

FOUND = {
    "items": [
        {"user_id": "user-42", "status": "PRESENT", "persona": _REF, "confidence": 0.94},
        {"user_id": "nobody", "status": "NOT_FOUND", "persona": None, "confidence": None},
    ],
    "model_version": _VERSION,
}

RETRAIN_REQUEST = {"source": "simulated", "rows": 20_000, "k": "auto", "activate": "auto"}

JOB: dict[str, Any] = {
    "id": _JOB_ID,
    "status": "RUNNING",
    "stage": "choosing how many personas",
    "progress": 0.4,
    "steps": [{"name": "reading profiles", "at": _TIME, "progress": 0.05}],
    "created_at": _TIME,
    "started_at": _TIME,
    "finished_at": None,
    "error": None,
    "result": None,
    "request": {**RETRAIN_REQUEST, "path": None, "seed": 0, "by": None},
    "links": {
        "self": f"/retrain/{_JOB_ID}",
        "events": f"/retrain/{_JOB_ID}/events",
        "cancel": f"/retrain/{_JOB_ID}/cancel",
    },
}

EVENTS = f'event: progress\ndata: {{"id": "{_JOB_ID}", "status": "RUNNING", "progress": 0.4}}\n\n'

_VERDICT = {
    "name": "changed_personas",
    "passed": True,
    "sentence": "5.1% of people would change persona; at most 30.0% is wanted.",
    "value": 0.051,
    "bound": 0.3,
}

_ORIGIN = {
    "source": "users",
    "simulated": False,
    "description": "12,000 profiles from stored profiles.",
    "rows": 12_000,
    "refused_rows": 0,
    "fingerprint": "9f" * 32,
}

_MODEL = {
    "version": _VERSION,
    "active": False,
    "created_at": _TIME,
    "previous": _BEFORE,
    "origin": _ORIGIN,
    "personas": 5,
    "choice_of_k": "With 5 personas the gap statistic is 1.211 ± 0.005, which is 93% of its rise.",
    "passed": True,
    "verdicts": [_VERDICT],
    "metrics": {"silhouette": 0.11, "rows": 12_000},
    "problem": None,
}

MODELS = {
    "items": [_MODEL],
    "next_cursor": None,
    "active": _BEFORE,
    "suggestion": {
        "suggested": True,
        "reasons": [
            "17.2% of the stored users are of other personas than in the training data; up to 15% is usual."
        ],
        "users": 12_400,
        "drift": 0.172,
        "unknown_share": 0.013,
    },
}

MODEL = {
    "model": _MODEL,
    "personas": [{**_REF, "share": 0.21}],
    "passages": [PASSAGE],
    "retired": [RETIRED],
    "configuration": {"k": "auto", "seed": 0},
}

_AT = {**_REF, "share": 0.21}
_CHANGES = {
    "before": [_AT],
    "after": [_AT],
    "minimum_overlap": 0.0,
    "matches": [{"before": _AT, "after": _AT, "overlap": 0.91}],
    "retired": [],
    "born": [],
    "transitions": [[5_000]],
    "changed_share": 0.0,
    "adjusted_rand": 1.0,
}

COMPARISON = {
    "model_version": _VERSION,
    "against": _BEFORE,
    "users": {"users": 12_400, "compared": 5_000, "moving": 0, "personas": _CHANGES},
    "training": None,
}

ACTIVATION_REQUEST = {"reason": "The candidate keeps every persona and moves 5 % of the users.", "by": "ops"}

ACTIVATION = {
    "version": _VERSION,
    "previous": _BEFORE,
    "activated_at": _TIME,
    "by": "ops",
    "reason": "The candidate keeps every persona and moves 5 % of the users.",
}

ACTIVATIONS = {"items": [ACTIVATION], "next_cursor": None}

JOBS = {"items": [JOB], "next_cursor": None}

INDEX = {
    "name": "BackPocket Segments",
    "version": "0.1.0",
    "model": {
        "version": _VERSION,
        "created_at": _TIME,
        "simulated": True,
        "origin": "20000 simulated profiles: a stand-in until there are real ones.",
        "personas": 5,
    },
    "links": {"docs": "/docs", "personas": "/personas"},
}

ALIVE = {"status": "alive"}

READY = {
    "ready": True,
    "model_version": _VERSION,
    "simulated": True,
    "checks": [
        {"name": "model_loaded", "ok": True, "detail": "A model is in force."},
        {"name": "store", "ok": True, "detail": "The store answers."},
    ],
}

NOT_READY = {
    "ready": False,
    "model_version": None,
    "simulated": None,
    "checks": [{"name": "model_loaded", "ok": False, "detail": "No model is in force."}],
}

METRICS = 'segments_http_requests_total{method="POST",route="/segment",status="200"} 12.0\n'


def problem(kind: ProblemType) -> dict[str, Any]:
    """A problem of that kind."""
    body: dict[str, Any] = {
        "type": kind.uri,
        "title": kind.title,
        "status": kind.status,
        "detail": f"{kind.title}; here stands what to do next.",
        "instance": "/the/path/asked/for",
        "request_id": "5d1f0c1e8a7b4f6e",
        "errors": [],
    }
    if kind is INVALID:
        error = {
            "place": "body",
            "pointer": "/hobies",
            "detail": "There is no field 'hobies'. Did you mean 'hobbies'?",
        }
        body["errors"] = [error]
    if kind.uri == f"{TYPE_PREFIX}retrain-running":
        body["job"] = f"/retrain/{_JOB_ID}"
    return body
