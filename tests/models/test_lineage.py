"""The lineage of a model, shortened."""

from datetime import UTC, datetime

from models.lineage import WHOLE_STEPS, LineageStep, Passage, shortened


def test_shortened_lineage_retains_births_and_retirements() -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    carried_on, born = Passage(persona_id="a", name="", fate="KEPT"), Passage(persona_id="b", name="", fate="BORN")
    step = LineageStep(version="v", created_at=at, passages=(carried_on, born))
    steps = shortened((step,) * (WHOLE_STEPS + 2))
    assert [step.passages for step in steps[:3]] == [(born,), (born,), (carried_on, born)]
