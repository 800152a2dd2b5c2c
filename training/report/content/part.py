"""What all parts of a report have in common."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A frozen value in `report.json`."""

    model_config = ConfigDict(frozen=True)


class Table(Part):
    """A table of texts; the first column names the rows."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
