"""Examples of `/users`."""

from service.http.examples.common import (
    CONFIDENCE,
    PERSONA_ID,
    PERSONA_REF,
    PREVIOUS_VERSION,
    PROBABILITIES,
    TIME,
    VERSION,
)

STORED_PROFILE = {
    "user_id": "user-42",
    "revision": 1,
    "profile_updated_at": TIME,
    "persona": PERSONA_REF,
    "model_version": VERSION,
    "assigned_at": TIME,
    **CONFIDENCE,
    "probabilities": PROBABILITIES,
    "basis": "OWN_PROFILE",
    "missing_fields": ["relationship"],
    "warnings": [],
}

USER_PERSONA = {
    "user_id": "user-42",
    "status": "PRESENT",
    "persona": PERSONA_REF,
    "basis": "OWN_PROFILE",
    **CONFIDENCE,
    "model_version": VERSION,
    "assigned_at": TIME,
    "revision": 1,
    "profile_updated_at": TIME,
    "manual": False,
    "recipients": [],
}

PERSONA_CHOICE = {"persona_id": PERSONA_ID}

CHOSEN_USER_PERSONA = {**USER_PERSONA, "manual": True}

CHANGES = {
    "items": [
        {
            "id": 7,
            "user_id": "user-42",
            "changed_at": TIME,
            "cause": "MODEL_CHANGED",
            "from_persona_id": "p_Q9ma",
            "to_persona_id": PERSONA_ID,
            "from_model_version": PREVIOUS_VERSION,
            "to_model_version": VERSION,
        }
    ],
    "next_cursor": None,
}

FEED = {
    "items": [
        {
            "id": 41,
            "type": "USER_ADDED",
            "at": TIME,
            "cause": "PROFILE_CHANGED",
            "user_id": "user-42",
            "from_persona_id": None,
            "to_persona_id": PERSONA_ID,
            "from_model_version": "",
            "to_model_version": VERSION,
            "counts": None,
        },
        {
            "id": 57,
            "type": "MODEL_CHANGED",
            "at": TIME,
            "cause": "MODEL_CHANGED",
            "user_id": None,
            "from_persona_id": None,
            "to_persona_id": None,
            "from_model_version": PREVIOUS_VERSION,
            "to_model_version": VERSION,
            "counts": [
                {"from_persona_id": "p_Q9ma", "to_persona_id": PERSONA_ID, "users": 31},
                {"from_persona_id": PERSONA_ID, "to_persona_id": PERSONA_ID, "users": 418},
            ],
        },
    ],
    "next_cursor": "WyI1NyJd",
    "has_more": False,
}

MEMBERS = {
    "items": [
        {
            "user_id": "user-42",
            "confidence": 0.94,
            "runner_up": CONFIDENCE["runner_up"],
            "margin": CONFIDENCE["margin"],
            "basis": "OWN_PROFILE",
            "assigned_at": TIME,
            "profile_updated_at": TIME,
        }
    ],
    "next_cursor": None,
    "persona": PERSONA_REF,
    "model_version": VERSION,
}

USER_AFFINITIES = {
    "user_id": "user-42",
    "status": "PRESENT",
    "field": None,
    "items": [
        {
            "value": "electronics",
            "share": 0.46,
            "interval": {"low": 0.44, "high": 0.48},
            "everyone_share": 0.22,
            "lift": 2.1,
            "lift_interval": {"low": 2.0, "high": 2.2},
        }
    ],
    "probabilities": PROBABILITIES,
    "model_version": VERSION,
}

MEMBERS_NDJSON = (
    f'{{"user_id":"user-42","persona_id":"{PERSONA_ID}","persona_name":"{PERSONA_REF["name"]}","confidence":0.94,'
    f'"runner_up_id":"p_Q9ma","margin":0.88,"basis":"OWN_PROFILE","assigned_at":"{TIME}",'
    f'"profile_updated_at":"{TIME}"}}\n'
)
MEMBERS_CSV = (
    "user_id,persona_id,persona_name,confidence,runner_up_id,margin,basis,assigned_at,profile_updated_at\r\n"
    f"user-42,{PERSONA_ID},{PERSONA_REF['name']},0.94,p_Q9ma,0.88,OWN_PROFILE,{TIME},{TIME}\r\n"
)

USERS_REQUEST = {"user_ids": ["user-42", "nobody"]}

USER_PERSONAS = {
    "items": [
        {
            "user_id": "user-42",
            "status": "PRESENT",
            "persona": PERSONA_REF,
            "confidence": 0.94,
            "basis": "OWN_PROFILE",
            "assigned_at": TIME,
            "affinities": None,
        },
        {
            "user_id": "nobody",
            "status": "NOT_FOUND",
            "persona": None,
            "confidence": None,
            "basis": None,
            "assigned_at": None,
            "affinities": None,
        },
    ],
    "model_version": VERSION,
}
