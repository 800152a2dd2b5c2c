"""The declared field for each role in the analysis (None where a class has none), and the labels of its values."""

from collections.abc import Iterable

from models.profile.field_kinds import Categorical, FieldSpec, MultiLabel, Numeric, Ordinal
from models.profile.vocabulary import label
from training.data.dataset import Dataset
from training.data.written_forms import WrittenForms
from training.personas.wording.phrases import is_gift, value_text
from training.personas.wording.terms import term_of


def gift_field(dataset: Dataset) -> FieldSpec | None:
    """The first answered list of gifts, or else the first answered gift field."""
    gifts = [spec for spec in dataset.specs if is_gift(spec) and dataset.vocabularies[spec.name].values]
    return _first(spec for spec in gifts if isinstance(spec.kind, MultiLabel)) or _first(gifts)


def hobby_field(dataset: Dataset) -> FieldSpec | None:
    """The first list that is not about gifts."""
    return _first(spec for spec in dataset.specs if isinstance(spec.kind, MultiLabel) and not is_gift(spec))


def age_field(dataset: Dataset) -> FieldSpec | None:
    """The first number that is not a count or a duration."""
    return _first(spec for spec in dataset.specs if isinstance(spec.kind, Numeric) and not spec.kind.log)


def season_field(dataset: Dataset) -> FieldSpec | None:
    """The occasion: `occasion`, or the first choice whose values make "… shoppers"."""
    choices = [spec for spec in dataset.specs if isinstance(spec.kind, Categorical) and not is_gift(spec)]
    shopped = [spec for spec in choices if _makes_shoppers(spec)]
    return _first(spec for spec in choices if spec.name == "occasion") or _first(shopped)


def value_label(spec: FieldSpec, value: str, written_forms: WrittenForms | None = None) -> str:
    """A value of a field on its own, as people write it: "DIY", "practical gifts", "Wandern"; cut if long.."""
    if isinstance(spec.kind, Ordinal):
        # The class has named its levels: "graduation" is one of education, and no occasion.
        return label(value)
    return value_text(term_of(value, written_forms), is_gift(spec))


def _makes_shoppers(spec: FieldSpec) -> bool:
    return isinstance(spec.kind, Categorical) and "shoppers" in spec.kind.wording.noun


def _first(specs: Iterable[FieldSpec]) -> FieldSpec | None:
    return next(iter(specs), None)
