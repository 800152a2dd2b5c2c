"""The profile: its fields and their kinds, vocabularies, and suggestions for unknown values.

`Profile` is the gifting profile, or the class that the variable PROFILE names (`models.profile.chosen`).
"""

import os
from typing import TYPE_CHECKING

from models.profile.chosen import chosen_profile

if TYPE_CHECKING:
    from models.profile.profile import Profile
else:
    Profile = chosen_profile(os.environ)

__all__ = ["Profile"]
