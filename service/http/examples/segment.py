"""Examples of `/segment`."""

from typing import Any

from pydantic import BaseModel

from models.profile import Profile
from models.profile.profile import Profile as GiftingProfile
from service.http.error_table import INVALID
from service.http.examples.common import CONFIDENCE, PERSONA_ID, PERSONA_REF, PROBABILITIES, RUNNER_UP, VERSION

_GIFTING: dict[str, Any] = {
    "age": 27,
    "hobbies": ["gaming", "board games"],
    "favourite_items": ["headphones"],
    "last_gift_category": "electronics",
    "budget_range": "medium",
    "store_preference": "online_only",
}


def _example_of(profile_class: type[BaseModel]) -> dict[str, Any]:
    """The first example of each field that has one."""
    infos = profile_class.model_fields.items()
    return {name: info.examples[0] for name, info in infos if info.examples}


PROFILE = _GIFTING if Profile is GiftingProfile else _example_of(Profile)
_CHANGES: dict[str, Any] = {"hobbies": ["yoga"], "budget_range": None}

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
    "model_version": VERSION,
}

SEGMENTED: dict[str, Any] = {
    "persona": PERSONA_REF,
    **CONFIDENCE,
    "probabilities": PROBABILITIES,
    "model_version": VERSION,
    "basis": "OWN_PROFILE",
    "missing_fields": ["relationship", "occupation", "favourite_movies"],
    "warnings": [
        {
            "code": "UNKNOWN_VALUE",
            "detail": "The model does not know this value; it was left out. Did you mean 'board_games'?",
            "field": "hobbies",
            "value": "bord games",
            "suggestions": ["board_games"],
            "count": 1,
        }
    ],
}

SEGMENTED_IN_DETAIL = {
    **SEGMENTED,
    "explanation": {
        "lead": 2.75,
        "base": 0.67,
        "reasons": [
            {
                "field": "hobbies",
                "value": "gaming",
                "contribution": 2.08,
                "sentence": "The person you give to is into gaming: 16 × as typical of Tech-loving gadget givers "
                "as of Yoga-loving wellness givers.",
            }
        ],
    },
    "next_question": QUESTION,
    "distances": {PERSONA_ID: 1.82, "p_Q9ma": 3.4},
}

COMPARE_REQUEST = {"profile": PROFILE, "changes": _CHANGES if Profile is GiftingProfile else PROFILE}

_MOVE = {
    "persona_changed": True,
    "probability_changes": {PERSONA_ID: -0.5, "p_Q9ma": 0.5},
}

COMPARED = {
    **_MOVE,
    "before": SEGMENTED,
    "after": SEGMENTED,
    "alone": [{**_MOVE, "field": "hobbies", "persona": RUNNER_UP}],
}

BATCH_REQUEST = {"profiles": [PROFILE, {}]}

BATCH = {
    "model_version": VERSION,
    "items": [
        {"index": 0, "status": 200, "result": SEGMENTED},
        {
            "index": 1,
            "status": 422,
            "error": {
                "type": INVALID.uri,
                "title": INVALID.title,
                "status": 422,
                "detail": "This profile is not valid; correct what `errors` names and send it again.",
                "errors": [
                    {
                        "place": "body",
                        "pointer": "/profiles/1/age",
                        "detail": "age is at least 13.",
                    }
                ],
            },
        },
    ],
}
