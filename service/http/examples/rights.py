"""Examples of what is held of a user, of objections, and of the audit trail."""

from service.http.examples.common import PERSONA_ID, PERSONA_REF, RUNNER_UP, TIME, VERSION
from service.http.examples.recipients import PROFILE as RECIPIENT_PROFILE
from service.http.examples.segment import PROFILE

OBJECTION = {"user_id": "user-42", "opted_out": True, "since": TIME}
NO_OBJECTION = {"user_id": "user-42", "opted_out": False, "since": None}

HELD_USER = {
    "user_id": "user-42",
    "profile": PROFILE,
    "revision": 2,
    "profile_updated_at": TIME,
    "recipients": [
        {"recipient_id": "mum", "profile": RECIPIENT_PROFILE, "revision": 1, "profile_updated_at": TIME}
    ],
    "assignment": {
        "persona_id": PERSONA_ID,
        "model_version": VERSION,
        "assigned_at": TIME,
        "manual": False,
        "answered_count": 7,
        "unknown_count": 0,
        "confidence": 0.94,
        "runner_up_id": RUNNER_UP["id"],
        "margin": 0.88,
        "settled": None,
        "typicality": None,
        "chosen_persona_id": None,
        "basis": "RECIPIENTS",
    },
    "persona_name": PERSONA_REF["name"],
    "history": [
        {
            "id": 7,
            "user_id": "user-42",
            "changed_at": TIME,
            "cause": "PROFILE_CHANGED",
            "from_persona_id": None,
            "to_persona_id": PERSONA_ID,
            "from_model_version": "",
            "to_model_version": VERSION,
        }
    ],
    "objection": NO_OBJECTION,
}

AUDIT = {
    "items": [
        {
            "at": TIME,
            "actor": "key 3f9c2a71 (support)",
            "action": "users.erase",
            "subject": "b1946ac92492d2347c6235b4d2611184a1f0d5c8f4a2e3f8c0d9e7b6a5f4c3d2",
            "details": {"was_stored": True},
            "id": 12,
        }
    ],
    "next_cursor": None,
}
