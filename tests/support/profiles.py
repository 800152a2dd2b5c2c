"""Hypothesis strategies for profiles."""

from hypothesis import strategies as st

from models.profile import Profile
from models.profile.field_kinds import FieldSpec, declared_fields
from testkit.small_scorer import KNOWN

words = st.sampled_from([*KNOWN, "Value 1", "VALUE-2", " value_3 ", "never seen", "", "  "])
word_lists = (st.lists(words, max_size=12) | st.lists(st.sampled_from(KNOWN), min_size=12, max_size=40)).map(tuple)


def profiles() -> st.SearchStrategy[Profile]:
    """Any profile: known, unnormalised, unknown, blank and missing answers."""
    answers: dict[str, st.SearchStrategy[object]] = {
        spec.name: st.none() | _answers(spec) for spec in declared_fields(Profile)
    }
    return st.fixed_dictionaries({}, optional=answers).map(Profile.model_validate)


def _answers(spec: FieldSpec) -> st.SearchStrategy[object]:
    match spec.kind.name:
        case "numeric":
            return st.integers(13, 120)
        case "ordinal":
            return st.sampled_from(spec.levels)
        case "categorical":
            return words
        case _:
            return word_lists
