"""Labels of values."""

import pytest

from models.profile.field_kinds import Categorical, FieldSpec, Kind, Ordinal
from training.report.analysis.counts.roles import value_label


@pytest.mark.parametrize(
    ("kind", "said"), [(Ordinal(), "graduation"), (Categorical(), "graduations")], ids=["level", "occasion"]
)
def test_level_keeps_the_name_that_its_class_gives_it(kind: Kind, said: str) -> None:
    assert (
        value_label(FieldSpec(name="education", kind=kind, levels=("basic", "graduation")), "graduation") == said
    )
