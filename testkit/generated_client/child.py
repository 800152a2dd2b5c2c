"""Uses the API by a client that openapi-python-client has generated: FILE URL KEY, in the folder of the client.

It imports nothing of this project. Prints a line an operation: its name and the status; ends with an error where a
response is not what the client's types say.
"""

import importlib
import io
import sys
from typing import Any

PACKAGE = "segments_client"


def call(operation: str, status: int, expected: str, client: Any, *parts: Any, **values: Any) -> Any:
    """Call an operation; its parsed response, which must be of this class."""
    module = importlib.import_module(f"{PACKAGE}.api.{operation}")
    response = module.sync_detailed(*parts, client=client, **values)
    print(operation, int(response.status_code), flush=True)
    if (int(response.status_code), type(response.parsed).__name__) != (status, expected):
        sys.exit(f"{operation}: {response.status_code}, {type(response.parsed).__name__}: {response.content!r}")
    return response


def main(url: str, key: str) -> None:
    """Use every group of routes, and read refusals of them."""
    client = importlib.import_module(f"{PACKAGE}.client").AuthenticatedClient(
        base_url=url, token=key, raise_on_unexpected_status=True
    )
    models = importlib.import_module(f"{PACKAGE}.models")
    profile = models.Profile(age=27, hobbies=["gaming"], budget_range=models.ProfileBudgetRangeType0.MEDIUM)
    call("segment.segment", 200, "SegmentedInDetail", client, body=profile, explain=True, suggest=True)
    call("segment.segment", 422, "Problem", client, body=models.Profile(age=5))
    call("segment.next_question", 200, "NextQuestions", client, body=profile)
    batch = models.BatchRequest(profiles=[profile, models.Profile()])
    call("segment.segment_batch", 207, "BatchResponse", client, body=batch)
    changes = models.CompareRequest(profile=profile, changes=models.Profile(hobbies=["yoga"]))
    call("segment.compare_segments", 200, "Compared", client, body=changes)
    call("users.put_user_profile", 201, "StoredProfileBody", client, "ada", body=profile)
    call("users.get_user_persona", 200, "UserPersona", client, "ada")
    call("users.get_user_persona", 404, "Problem", client, "nobody")
    call("users.put_recipient_profile", 201, "RecipientPersona", client, "ada", "an aunt/1", body=profile)
    call("users.get_recipient_profile", 200, "RecipientProfile", client, "ada", "an aunt/1")
    call("users.delete_recipient_profile", 204, "NoneType", client, "ada", "an aunt/1")
    users = [models.User(user_id=f"u{number}", profile=profile) for number in range(3)]
    call("users.batch_upsert_users", 207, "UpsertResponse", client, body=models.UpsertRequest(users=users))
    types = importlib.import_module(f"{PACKAGE}.types")
    lines = types.File(payload=io.BytesIO(b'{"user_id": "u9", "profile": {}}\n'), file_name="users.ndjson")
    call("users.import_users", 202, "ImportBody", client, body=lines, format_="ndjson")
    call("users.follow_user_changes", 200, "Feed", client, limit=1)
    page = call("personas.list_personas", 200, "PersonaPage", client, limit=1).parsed
    persona = page.items[0].id
    call("users.choose_user_persona", 200, "UserPersona", client, "ada", body=models.ChosenPersona(persona))
    call("users.list_user_persona_changes", 200, "ChangePage", client, "ada")
    call("personas.get_vocabulary", 200, "VocabularyAnswer", client)
    tag = call("personas.get_persona", 200, "Persona", client, persona).headers["etag"]
    patch = models.PersonaPatch(note="By a generated client.")
    call("personas.edit_persona", 428, "Problem", client, persona, body=patch)
    call("personas.edit_persona", 200, "Persona", client, persona, body=patch, if_match=tag)
    call("models.list_models", 200, "ModelList", client)
    retrain = models.RetrainRequest(source=models.RetrainRequestSource.SIMULATED, rows=1_000, k=3)
    started = call("retrain.start_retrain", 202, "JobBody", client, body=retrain, idempotency_key="generated")
    again = call("retrain.start_retrain", 202, "JobBody", client, body=retrain, idempotency_key="generated")
    if started.parsed.id != again.parsed.id:
        sys.exit("the same Idempotency-Key started two retrains")
    call("retrain.get_retrain", 200, "JobBody", client, started.parsed.id)
    call("retrain.cancel_retrain", 202, "JobBody", client, started.parsed.id)
    call("health.readyz", 200, "Readiness", client)


if __name__ == "__main__":
    main(*sys.argv[1:])
