"""One profile a giver, for training and comparisons: a giver counts once, however many recipients they have."""

import hashlib
from collections.abc import Iterator, Sequence

from service.store.ports.users import StoredRecipient, StoredUser, UserStore
from service.users.stored_assignment import completed, read_profile, with_recipients


def representatives(users: UserStore, batch_size: int, seed: int) -> Iterator[list[str]]:
    """The profiles that stand for the stored users, in batches of JSON texts; none of those who objected.

    Of a user with recipients it is a recipient's, completed with the user's own answers, or the own profile, if
    any: drawn by the seed and the user's id, so that neither order nor other users matter.
    """
    for batch in users.iterate(batch_size):
        recipients = users.recipients(with_recipients(batch))
        yield [
            _representative(user, recipients.get(user.user_id, []), seed)
            for user in batch
            if not user.opted_out and (user.profile_json is not None or user.user_id in recipients)
        ]


def _representative(user: StoredUser, recipients: Sequence[StoredRecipient], seed: int) -> str:
    own = user.profile_json
    if not recipients:
        assert own is not None
        return own
    drawn = _draw(user.user_id, seed, len(recipients) + (own is not None))
    if drawn == len(recipients):
        assert own is not None
        return own
    profile = read_profile(recipients[drawn].profile_json)
    whole = completed(profile, None if own is None else read_profile(own))
    return whole.model_dump_json(exclude_none=True)


def _draw(user_id: str, seed: int, count: int) -> int:
    """A number below `count`, uniform over ids and seeds but for less than one in 2^50."""
    digest = hashlib.sha256(f"{seed}:{user_id}".encode()).digest()
    return int.from_bytes(digest[:8]) % count
