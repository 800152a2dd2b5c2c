"""Examples of batches of users."""

from service.http.examples.common import CONFIDENCE, PERSONA_ID, PERSONA_REF, TIME, VERSION
from service.http.examples.segment import PROFILE

UPSERT_REQUEST = {
    "users": [{"user_id": "user-42", "profile": PROFILE}, {"user_id": "user-43", "profile": PROFILE}]
}

UPSERTED = {
    "items": [
        {
            "index": 0,
            "user_id": "user-42",
            "status": 201,
            "persona": PERSONA_REF,
            "basis": "OWN_PROFILE",
            "confidence": CONFIDENCE["confidence"],
            "revision": 1,
            "errors": [],
        },
        {
            "index": 1,
            "user_id": "user-43",
            "status": 409,
            "persona": None,
            "basis": None,
            "confidence": None,
            "revision": None,
            "errors": [
                {"place": "body", "pointer": "/users/1/user_id", "detail": "user_id has at least 1 character."}
            ],
        },
    ],
    "model_version": VERSION,
}

EXPORTED_NDJSON = (
    f'{{"user_id":"user-42","persona_id":"{PERSONA_ID}","confidence":0.94,"assigned_at":"{TIME}",'
    f'"model_version":"{VERSION}","status":"PRESENT","basis":"OWN_PROFILE"}}\n'
)
EXPORTED_CSV = (
    "user_id,persona_id,confidence,assigned_at,model_version,status,basis\r\n"
    f"user-42,{PERSONA_ID},0.94,{TIME},{VERSION},PRESENT,OWN_PROFILE\r\n"
)
