"""A data set in the vocabulary of a fitted encoder. A run makes it once for each encoder and passes it on."""

from collections.abc import Iterator
from dataclasses import dataclass

from models.profile.vocabulary import Vocabulary
from models.scoring.columns import BLOCK_ROWS, Column, Columns, FloatArray, IntArray, take
from models.scoring.encoder import Encoder, unanswered
from training.data.codes import recode, recode_table
from training.data.dataset import Dataset


@dataclass(frozen=True, eq=False, repr=False)
class EncodedDataset:
    """`columns`: the profiles of `dataset` as `encoder.code` gives them, one for each field of the encoder."""

    dataset: Dataset
    encoder: Encoder
    columns: Columns

    @classmethod
    def of(cls, dataset: Dataset, encoder: Encoder) -> "EncodedDataset":
        """Code a data set for an encoder. A value that the encoder does not know becomes −1, or leaves its list;
        a field that the profile class lacks is not answered.
        """
        columns = {
            encoding.name: coded_column(dataset, encoding.name, encoding.vocabulary)
            if encoding.name in dataset.columns
            else unanswered(encoding.spec, len(dataset))
            for encoding in encoder.fields
        }
        return cls(dataset, encoder, columns)

    def __len__(self) -> int:
        return len(self.dataset)

    def vectors(self) -> FloatArray:
        """The encoded profiles, (n, width). For blocks and samples: those of a whole data set may be large."""
        return self.encoder.encode(self.columns)

    def take(self, rows: IntArray) -> "EncodedDataset":
        """The rows of these positions, in that order."""
        return EncodedDataset(self.dataset.take(rows), self.encoder, take(self.columns, rows))

    def blocks(self) -> Iterator["EncodedDataset"]:
        """All rows in order, `BLOCK_ROWS` at a time, not copied."""
        for start in range(0, len(self), BLOCK_ROWS):
            stop = start + BLOCK_ROWS
            columns = {name: column.slice(start, stop) for name, column in self.columns.items()}
            yield EncodedDataset(self.dataset.slice(start, stop), self.encoder, columns)


def coded_column(dataset: Dataset, name: str, vocabulary: Vocabulary) -> Column:
    """One field of a data set in the codes of a vocabulary; a field without a vocabulary stays as it is."""
    if name not in dataset.vocabularies:
        return dataset.columns[name]
    codes = [vocabulary.code(value) for value in dataset.vocabularies[name].values]
    return recode(dataset.columns[name], recode_table(codes))
