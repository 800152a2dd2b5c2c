"""Values that the examples of several resources share."""

VERSION = "20261123-101500-3f2a9c1e"
PREVIOUS_VERSION = "20261101-090000-77aa01bc"
TIME = "2026-11-23T10:20:00Z"
PERSONA_ID = "p_7Kx2"
PERSONA_REF = {"id": PERSONA_ID, "name": "Tech-loving gadget givers"}
RUNNER_UP = {"id": "p_Q9ma", "name": "Yoga-loving wellness givers"}
CONFIDENCE = {
    "confidence": 0.94,
    "runner_up": RUNNER_UP,
    "margin": 0.88,
    "settled": 0.91,
    "typicality": 0.62,
    "is_outlier": False,
}
PROBABILITIES = {PERSONA_ID: 0.94, "p_Q9ma": 0.06}
