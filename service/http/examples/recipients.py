"""Examples of `/users/{user_id}/recipients`."""

from typing import Any

from models.profile import Profile
from models.profile.profile import Profile as GiftingProfile
from service.http.examples.common import TIME
from service.http.examples.segment import PROFILE as OWN_PROFILE
from service.http.examples.segment import SEGMENTED

_GIFTING = {"relationship": "mother", "recipient_age": 58, "hobbies": ["gardening"], "occasion": "birthday"}
PROFILE: dict[str, Any] = _GIFTING if Profile is GiftingProfile else OWN_PROFILE
_SUMMARY = {"recipient_id": "mum", "revision": 1, "profile_updated_at": TIME}
RECIPIENT_PROFILE = {"user_id": "user-42", **_SUMMARY, "profile": PROFILE}
RECIPIENT_PERSONA = {"user_id": "user-42", **_SUMMARY, "assignment": SEGMENTED}
RECIPIENTS = {"items": [_SUMMARY], "next_cursor": None}
