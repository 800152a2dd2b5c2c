"""Folders of files that are one table, as Spark and other cluster tools write them: part-00000.parquet,
_SUCCESS.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from training.data.files.chunks import Chunk, Source
from training.errors import UnusableInput


@dataclass(frozen=True)
class FolderSource:
    """The files of a folder in the order of their names, one below the other; lines are counted through them."""

    path: Path
    files: tuple[Source, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns of the first file. Raises `UnusableInput` where another file lacks one of them."""
        names = self.files[0].names
        for file in self.files[1:]:
            missing = [name for name in names if name not in file.names]
            if missing:
                raise UnusableInput(
                    f"A file of {self.path} does not have column '{missing[0]}', which others have."
                )
        return names

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on how the files are read."""
        count = f"{len(self.files)} files of {self.path.name} are read, in the order of their names."
        return (count, *dict.fromkeys(note for file in self.files for note in file.notes))

    def chunks(self, wanted: Sequence[str], rows: int | None = None) -> Iterator[Chunk]:
        """See `Source`."""
        before = 0
        for number, file in enumerate(self.files):
            last = before
            for chunk in file.chunks(wanted, rows):
                broken = [refusal._replace(line=refusal.line + before) for refusal in chunk.broken]
                lines, read = chunk.lines + before, (number + chunk.read) / len(self.files)
                last = max([last, *(refusal.line for refusal in broken), *lines[-1:].tolist()])
                yield dataclasses.replace(chunk, lines=lines, broken=broken, read=read)
            before = last


def table_files(folder: Path) -> list[Path]:
    """The files of a folder without hidden ones and markers (".crc", "_SUCCESS"), in the order of their names.

    Raises `UnusableInput` where there are none, or of several kinds.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] not in "._")
    if not files:
        raise UnusableInput(f"{folder} is a folder without files of profiles; name a file, or a folder with some.")
    suffixes = {path.suffix.lower() for path in files}
    if len(suffixes) > 1:
        raise UnusableInput(
            f"{folder} holds files of several kinds ({', '.join(sorted(suffixes))}); name one file."
        )
    return files
