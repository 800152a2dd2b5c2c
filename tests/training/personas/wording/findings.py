"""Findings of our profile class, made up."""

import numpy as np

from models.profile import Profile
from models.profile.field_kinds import FieldSpec, declared_fields
from models.profile.vocabulary import normalise
from training.data.written_forms import written_forms
from training.personas.traits import Finding, NumberFinding, ValueFinding

FIELDS: dict[str, FieldSpec] = {spec.name: spec for spec in declared_fields(Profile)}


def value(field: str, name: str, share: float = 0.6, everyone: float = 0.2, strength: float = 0.3) -> Finding:
    """A finding of a value, given as people write it."""
    return ValueFinding(
        spec=FIELDS[field],
        value=normalise(name),
        written_forms=written_forms([name], np.ones(1, np.int64)),
        share=share,
        share_everyone=everyone,
        lift=share / everyone,
        strength=strength,
    )


def mean(field: str, of_members: float, of_everyone: float, strength: float = 0.2) -> Finding:
    return NumberFinding(
        spec=FIELDS[field],
        mean=of_members,
        mean_everyone=of_everyone,
        low=of_members - 5,
        high=of_members + 5,
        strength=strength,
    )
