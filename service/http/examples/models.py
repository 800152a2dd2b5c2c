"""Examples of `/models`."""

from service.http.examples.common import PERSONA_REF, PREVIOUS_VERSION, TIME, VERSION
from service.http.examples.personas import PASSAGE, RETIRED

_VERDICT = {
    "name": "changed_personas",
    "outcome": "passed",
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
    "version": VERSION,
    "active": False,
    "created_at": TIME,
    "previous": PREVIOUS_VERSION,
    "origin": _ORIGIN,
    "personas": 5,
    "choice_of_k": "With 5 personas the gap statistic is 1.211 ± 0.005, which is 93% of its rise.",
    "outcome": "passed",
    "passed": True,
    "verdicts": [_VERDICT],
    "metrics": {"silhouette": 0.11, "rows": 12_000},
    "problem": None,
}

MODELS = {
    "items": [_MODEL],
    "next_cursor": None,
    "active": PREVIOUS_VERSION,
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
    "personas": [{**PERSONA_REF, "share": 0.21}],
    "passages": [PASSAGE],
    "retired": [RETIRED],
    "configuration": {"k": "auto", "seed": 0},
}

_SHARE = {**PERSONA_REF, "share": 0.21}

_PERSONA_CHANGES = {
    "before": [_SHARE],
    "after": [_SHARE],
    "minimum_overlap": 0.0,
    "matches": [{"before": _SHARE, "after": _SHARE, "overlap": 0.91}],
    "retired": [],
    "born": [],
    "transitions": [[5_000]],
    "changed_share": 0.0,
    "adjusted_rand": 1.0,
}

COMPARISON = {
    "model_version": VERSION,
    "against": PREVIOUS_VERSION,
    "users": {"users": 12_400, "compared": 5_000, "moving": 0, "personas": _PERSONA_CHANGES},
    "training": None,
}

ACTIVATION_REQUEST = {"reason": "The candidate keeps every persona and moves 5 % of the users.", "by": "ops"}

ACTIVATION = {
    "version": VERSION,
    "previous": PREVIOUS_VERSION,
    "activated_at": TIME,
    "by": "key 3f9c2a71 (deploy)",
    "reason": "The candidate keeps every persona and moves 5 % of the users.",
    "on_behalf_of": "ops",
}

ACTIVATIONS = {"items": [ACTIVATION], "next_cursor": None}
