"""How a file is written, for all of its columns."""

import codecs
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from training.data.formats.number_format import Decimal
from training.data.mapping.field_rule import ColumnName, Word


class FileOptions(BaseModel):
    """How a file is written, for all of its columns. `ignore`: columns that are left out on purpose."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    missing: tuple[Word, ...] = Field(default=(), strict=False)
    not_missing: tuple[Word, ...] = Field(default=(), strict=False)
    decimal: Decimal | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    encoding: str | None = None
    ignore: tuple[ColumnName, ...] = Field(default=(), strict=False)

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, name: str | None) -> str | None:
        try:
            return None if name is None else codecs.lookup(name).name
        except LookupError:
            raise ValueError("not the name of an encoding, such as utf-8, utf-16, cp1252 or latin-1") from None
