"""Descriptors: answers that no model learns, and that are compared between its personas afterwards.

A field of a profile class is one where its annotation says so (`models.profile.field_kinds.Descriptor`); a
mapping may name columns of a file that are no fields. Either way a descriptor holds one answer, and no model
learns it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model

from models.profile.field_kinds import Categorical, Descriptor, FieldSpec, Kind, Numeric, declared_fields
from models.profile.vocabulary import Vocabulary
from models.scoring.columns import Columns, IntArray, take
from training.data.column_builder import Settled
from training.data.written_forms import WrittenForms


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Descriptors:
    """The descriptors of n profiles: their declarations, and a column for each.

    `vocabularies`, `written_forms`: the values of those that hold categories, and how people write them.
    """

    specs: tuple[FieldSpec, ...] = ()
    columns: Columns = field(default_factory=dict)
    vocabularies: Mapping[str, Vocabulary] = field(default_factory=dict)
    written_forms: Mapping[str, WrittenForms] = field(default_factory=dict)

    def take(self, rows: IntArray) -> "Descriptors":
        """The rows of these positions, in that order."""
        return replace(self, columns=take(self.columns, rows))

    def slice(self, start: int, stop: int) -> "Descriptors":
        """The rows from `start` to before `stop`, not copied."""
        return replace(self, columns={name: column.slice(start, stop) for name, column in self.columns.items()})


def descriptors_of(profile_class: type[BaseModel], settled: Mapping[str, Settled]) -> Descriptors:
    """The descriptors of a class among all of its settled columns."""
    specs = tuple(spec for spec in declared_fields(profile_class) if spec.descriptor)
    ours = {spec.name: settled[spec.name] for spec in specs}
    return Descriptors(
        specs=specs,
        columns={name: one.column for name, one in ours.items()},
        vocabularies={name: one.vocabulary for name, one in ours.items() if one.vocabulary is not None},
        written_forms={name: one.written_forms for name, one in ours.items() if one.written_forms is not None},
    )


def with_descriptors(profile_class: type[BaseModel], kinds: Mapping[str, tuple[str, Kind]]) -> type[BaseModel]:
    """The class with further fields that are descriptors. `kinds`: title and kind by the field's name."""
    fields: dict[str, Any] = {name: (_annotation(title, kind), None) for name, (title, kind) in kinds.items()}
    return create_model(profile_class.__name__, __base__=profile_class, **fields)


def _annotation(title: str, kind: Kind) -> object:
    answer = float | None if isinstance(kind, Numeric) else str | None
    return Annotated[answer, kind, Descriptor(), Field(title=title)]


CATEGORY, NUMBER = Categorical(), Numeric()
