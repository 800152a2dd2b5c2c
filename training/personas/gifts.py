"""The gift categories of a profile, in whichever fields they stand."""

import numpy as np

from models.profile.field_kinds import FieldSpec
from models.scoring.columns import CodeColumn, CodeListColumn, as_lists
from training.data.dataset import Dataset
from training.personas.wording.phrases import is_gift


def gift_fields(dataset: Dataset) -> list[FieldSpec]:
    """The fields whose values are gift categories."""
    return [spec for spec in dataset.specs if is_gift(spec)]


def gift_categories(dataset: Dataset) -> list[str]:
    """The categories in any of them, in alphabetical order."""
    return sorted({v for spec in gift_fields(dataset) for v in dataset.vocabularies[spec.name].values})


def all_gifts(dataset: Dataset, categories: list[str]) -> CodeListColumn:
    """The categories in any gift field of a profile, each once; answered where any of the fields is."""
    position = {category: code for code, category in enumerate(categories)}
    rows, codes, is_answered = [], [], np.zeros(len(dataset), np.bool_)
    for spec in gift_fields(dataset):
        column = dataset.columns[spec.name]
        merged = np.array([position[v] for v in dataset.vocabularies[spec.name].values], np.int64)
        if isinstance(column, CodeColumn):
            rows_with_answer = np.flatnonzero(column.codes >= 0)
            is_answered[rows_with_answer] = True
            rows.append(rows_with_answer)
            codes.append(merged[column.codes[rows_with_answer]])
        elif isinstance(column, CodeListColumn):
            is_answered |= column.answered
            rows.append(column.rows)
            codes.append(merged[column.codes])
    return as_lists(np.concatenate(rows), np.concatenate(codes), is_answered)
