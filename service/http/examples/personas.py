"""Examples of `/personas` and `/vocabulary`."""

from typing import Any

from service.http.examples.common import PERSONA_ID, PERSONA_REF, PREVIOUS_VERSION, TIME, VERSION

PERSONA: dict[str, Any] = {
    **PERSONA_REF,
    "sentence": "Mostly 22–40 year olds who tend to give electronics, and give to people who are into gaming.",
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
            "sentence": "2.7 × as likely as everyone to give to somebody who is into gaming",
        }
    ],
    "gift_affinities": [{"category": "electronics", "share": 0.48, "lift": 2.2}],
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

AFFINITIES = {
    "persona_id": PERSONA_ID,
    "field": "store_preference",
    "by": "last_gift_category",
    "items": [
        {
            "value": "online_only",
            "by_value": "electronics",
            "n": 812,
            "answered": 3920,
            "share": 0.207143,
            "interval": {"low": 0.194757, "high": 0.220098},
            "everyone_share": 0.0931,
            "lift": 2.2013,
            "lift_interval": {"low": 2.0698, "high": 2.3387},
        }
    ],
    "minimum": 5,
    "withheld": 7,
    "model_version": VERSION,
    "simulated": True,
}

RETIRED = {
    "id": "p_M3ro",
    "name": "Last-minute givers",
    "sentence": "People who buy about 2 days ahead.",
    "retired_in": VERSION,
    "merged_into": PERSONA_ID,
}

PASSAGE = {
    "persona_id": PERSONA_ID,
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
    "persona_id": PERSONA_ID,
    "name": "Gadget lovers",
    "status": "ACTIVE",
    "items": [
        {"model_version": VERSION, "created_at": TIME, "previous": PREVIOUS_VERSION, "passage": PASSAGE},
    ],
    "model_version": VERSION,
}

PERSONAS = {
    "items": [{**PERSONA, "users": 431}],
    "next_cursor": None,
    "model_version": VERSION,
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
            "about": "recipient",
            "description": "What the recipient likes to do.",
            "values": ["reading", "gaming"],
            "levels": [],
            "minimum": None,
            "maximum": None,
            "max_items": 200,
            "max_length": 200,
        }
    ],
    "model_version": VERSION,
    "simulated": True,
}

HISTORY = {
    "items": [
        {
            "day": "2026-11-23",
            "personas": [
                {
                    "persona_id": PERSONA_ID,
                    "users": 431,
                    "flows": [
                        {"cause": "MODEL_CHANGED", "entered": 31, "left": 12},
                        {"cause": "PROFILE_CHANGED", "entered": 9, "left": 4},
                    ],
                }
            ],
        }
    ]
}

MOVEMENTS = {
    "first_day": "2026-10-24",
    "last_day": "2026-11-23",
    "items": [
        {"from_persona_id": "p_Q9ma", "to_persona_id": PERSONA_ID, "cause": "MODEL_CHANGED", "users": 31},
        {"from_persona_id": None, "to_persona_id": PERSONA_ID, "cause": "PROFILE_CHANGED", "users": 9},
    ],
}
